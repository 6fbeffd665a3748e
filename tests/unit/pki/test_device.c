/* Certificates of devices: issued for keys that the openssl command line made in the device's place, and read by it and
 * by certtool; brought along in files, and found by UUID or name. */
#include "base/clock.h"
#include "kit.h"
#include "pki/device.h"

#define NOW t.today
#define DAY ((int64_t)86400000)
#define ID  "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"

static const struct vault_place root_place = {"certificate", 1, "key", 1};
static const struct vault_place place = {"certificate", 2, "key", 1};

static struct {
	struct pki_stored root;
	struct pki_ca *ca;
	int64_t today; /* the openssl command line dates by the real clock */
} t;

/* Keys of devices, a request, and what a company brings along: a root of its own, three devices, one that has expired.
 * %s: the folder. */
static const char files[] =
	"cd %s && exec 2>openssl.log\n"
	"key() { openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:$2 -out $1.key; }\n"
	"key pc 2048; key other 2048; key small 512; key corp 2048\n"
	"openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ec.key\n"
	"for k in pc small ec; do openssl pkey -in $k.key -pubout -outform DER -out $k.spki; done\n"
	"openssl rsa -in pc.key -RSAPublicKey_out -outform DER -out pc.pkcs1\n"
	"openssl req -new -key pc.key -subj '/CN=what the device says' -outform DER -out pc.csr\n"
	"openssl req -x509 -new -key corp.key -sha256 -days 900 -subj '/CN=Corp Root' -out corp.pem\n"
	"sign() {\n" /* name key subject extension days */
	"  openssl req -new -key $2.key -subj \"$3\" -out $1.req; printf \"$4\" > $1.ext\n"
	"  openssl x509 -req -in $1.req -CA corp.pem -CAkey corp.key -CAcreateserial -extfile $1.ext -days $5 -out "
	"$1.pem\n"
	"}\n"
	"sign byuuid pc '/CN=first/serialNumber=" ID "' basicConstraints=CA:FALSE 30\n"
	"sign byname other '/CN=second' subjectAltName=DNS:pc-2.corp.example 30\n"
	"sign gone pc '/CN=pc-3.corp.example' basicConstraints=CA:FALSE -1\n"
	"cat gone.pem byname.pem corp.pem byuuid.pem other.key pc.key > all.pem\n"
	"cat byuuid.pem byname.pem pc.key > lonely.pem\n"
	"cat byuuid.pem other.key > foreign.pem\n";

static int set_up(void **state)
{
	struct buf script;
	kit_open();
	t.today = clock_wall_ms(clock_real()) / 1000 * 1000 + 60000;
	OK(pki_ca_make(kit.vault, root_place, "zone", ID, ((struct pki_ca_choice){PKI_KEY_RSA_2048, PKI_HASH_SHA256}),
		       NOW, &t.root, &kit.e));
	OK(pki_ca_load(kit.vault, root_place, buf_bytes(&t.root.cert), buf_bytes(&t.root.key), &t.ca, &kit.e));
	buf_init(&script, 16384);
	(void)buf_addf(&script, files, kit.folder); /* there is room */
	OK(file_write(path_of("files.sh"), 0600, buf_bytes(&script), &kit.e));
	buf_release(&script);
	(void)output("bash %s", path_of("files.sh"));
	return 0;
}

static int tear_down(void **state)
{
	pki_ca_free(t.ca);
	pki_stored_release(&t.root);
	return kit_close();
}

static void read_file(const char *name, struct buf *ret)
{
	buf_init(ret, PKI_BAG_FILE);
	OK(file_read(path_of(name), ret, &kit.e));
}

static struct pki_device_name named(const char *fqdn, const char *uuid)
{
	struct pki_device_name n = {.fqdn = fqdn};
	assert_true(!uuid || uuid_parse(bytes_str(uuid), &n.uuid));
	return n;
}

/* What others read in it, and that it is signed by our root. */
static void check_issued(const struct pki_stored *s, const char *subject)
{
	struct buf pem;
	buf_init(&pem, 4 * PKI_CERT_MAX);
	OK(pki_chain_pem(buf_bytes(&s->cert), buf_bytes(&s->chain), &pem, &kit.e));
	OK(file_write(path_of("issued.pem"), 0600, buf_bytes(&pem), &kit.e));
	buf_release(&pem);
	const char *text =
		output("openssl x509 -in %s -noout -text -nameopt utf8,sep_comma_plus 2>&1", path_of("issued.pem"));
	says(text, subject);
	says(text, "TLS Web Server Authentication, TLS Web Client Authentication\n");
	says(text, "Digital Signature, Key Encipherment\n");
	says(text, "CA:FALSE");
	says(output("certtool --verify-chain --infile %s 2>&1", path_of("issued.pem")),
	     "Verified. The certificate is trusted");
	(void)output("openssl x509 -in %s -noout -pubkey | openssl pkey -pubin -outform DER -out %s 2>&1",
		     path_of("issued.pem"), path_of("issued.spki"));
}

static void a_key_of_the_device_gets_a_certificate(void **state)
{
	static const char *const keys[] = {"pc.spki", "pc.pkcs1"};
	const struct pki_device_name n = named("pc-1.corp.example", ID);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		struct buf key;
		struct pki_stored s;
		read_file(keys[i], &key);
		OK(pki_device_issue(t.ca, buf_bytes(&key), &n, NOW, &s, &kit.e));
		assert_int_equal(s.key.len, 0);
		assert_true(bytes_equal(buf_bytes(&s.chain), buf_bytes(&t.root.cert)));
		assert_true(s.not_after == NOW + 5 * 365 * DAY);
		check_issued(&s, "Subject: O=Lamplighter,serialNumber=" ID ",CN=pc-1.corp.example\n");
		says(output("openssl x509 -in %s -noout -ext subjectAltName 2>&1", path_of("issued.pem")),
		     "DNS:pc-1.corp.example\n");
		says(output("cmp %s %s && echo same key", path_of("issued.spki"), path_of("pc.spki")), "same key");
		pki_stored_release(&s);
		buf_release(&key);
	}
}

static void a_device_without_a_name_is_called_by_its_uuid_or_address(void **state)
{
	struct buf key;
	struct pki_stored s;
	const struct pki_device_name by_uuid = named(NULL, ID), by_address = named("10.1.0.17", NULL);
	read_file("pc.spki", &key);
	OK(pki_device_issue(t.ca, buf_bytes(&key), &by_uuid, NOW, &s, &kit.e));
	check_issued(&s, "Subject: O=Lamplighter,serialNumber=" ID ",CN=" ID "\n");
	pki_stored_release(&s);
	OK(pki_device_issue(t.ca, buf_bytes(&key), &by_address, NOW, &s, &kit.e));
	check_issued(&s, "Subject: O=Lamplighter,CN=10.1.0.17\n");
	says(output("openssl x509 -in %s -noout -ext subjectAltName 2>&1", path_of("issued.pem")),
	     "IP Address:10.1.0.17\n");
	pki_stored_release(&s);
	buf_release(&key);
}

static void a_request_that_the_device_signed_is_answered_under_our_names(void **state)
{
	struct buf csr;
	struct pki_stored s;
	const struct pki_device_name n = named("pc-1.corp.example", NULL);
	read_file("pc.csr", &csr);
	OK(pki_device_issue_request(t.ca, buf_bytes(&csr), &n, NOW, &s, &kit.e));
	check_issued(&s, "Subject: O=Lamplighter,CN=pc-1.corp.example\n");
	says(output("cmp %s %s && echo same key", path_of("issued.spki"), path_of("pc.spki")), "same key");
	pki_stored_release(&s);
	csr.p[csr.len - 1] ^= 1; /* its signature */
	assert_int_equal(pki_device_issue_request(t.ca, buf_bytes(&csr), &n, NOW, &s, &kit.e), ERR_CERT_UNREADABLE);
	says(kit.e.msg, "is not signed with its key");
	for (size_t len = 0; len < csr.len; len++) {
		AUTO_FREE uint8_t *part = mem_alloc(len + 1);
		memcpy(part, csr.p, len);
		assert_int_equal(pki_device_issue_request(t.ca, BYTES(part, len), &n, NOW, &s, NULL),
				 ERR_CERT_UNREADABLE);
	}
	buf_release(&csr);
}

static void a_key_made_here_is_sealed_and_fits_its_certificate(void **state)
{
	struct pki_stored s;
	struct secret pem = SECRET_INIT;
	const struct pki_device_name n = named("pc-1.corp.example", NULL);
	OK(pki_device_make(t.ca, kit.vault, place, &n, NOW, &s, &kit.e));
	check_issued(&s, "Subject: O=Lamplighter,CN=pc-1.corp.example\n");
	OK(pki_key_pem(kit.vault, place, buf_bytes(&s.key), &pem, &kit.e));
	OK(file_write(path_of("made.key"), 0600, BYTES(pem.p, pem.len), &kit.e));
	says(output("openssl pkey -in %s -pubout -outform DER | cmp - %s && echo same key", path_of("made.key"),
		    path_of("issued.spki")),
	     "same key");
	secret_release(&pem);
	pki_stored_release(&s);
}

static void a_request_for_the_device_to_sign_says_its_key_and_has_no_signature(void **state)
{
	struct buf key, out;
	const struct pki_device_name n = named("pc-1.corp.example", ID);
	read_file("pc.spki", &key);
	buf_init(&out, PKI_CERT_MAX);
	OK(pki_device_request_null(buf_bytes(&key), &n, &out, &kit.e));
	OK(file_write(path_of("null.csr"), 0600, buf_bytes(&out), &kit.e));
	const char *text = output("openssl asn1parse -inform DER -in %s 2>&1 | tail -n 1",
				  path_of("null.csr")); /* an empty string */
	says(text, "prim: BIT STRING");
	says(text, "l=   1 ");
	text = output("openssl req -inform DER -in %s -noout -text -nameopt utf8,sep_comma_plus 2>&1",
		      path_of("null.csr"));
	says(text, "Subject: O=Lamplighter,serialNumber=" ID ",CN=pc-1.corp.example\n");
	says(text, "Signature Algorithm: sha256WithRSAEncryption");
	says(output("openssl req -inform DER -in %s -noout -pubkey | openssl pkey -pubin -outform DER | cmp - %s && "
		    "echo same key",
		    path_of("null.csr"), path_of("pc.spki")),
	     "same key");
	buf_release(&out);
	buf_release(&key);
}

static void what_no_certificate_can_be_made_of_is_refused(void **state)
{
	static const struct {
		const char *key, *fqdn;
		int code;
		const char *part;
	} rows[] = {
		{"ec.spki", "pc-1.corp.example", ERR_CERT_KEY_KIND, "is no RSA key"},
		{"small.spki", "pc-1.corp.example", ERR_CERT_WEAK_KEY, "has 512 bits"},
		{"pc.key", "pc-1.corp.example", ERR_CERT_UNREADABLE, "public key cannot be read"},
		{"pc.spki", "no name", ERR_INVALID, "\"no name\" is no name or address"},
		{"pc.spki", NULL, ERR_INVALID, "needs a name or a UUID"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf key, out;
		struct pki_stored s;
		const struct pki_device_name n = named(rows[i].fqdn, NULL);
		read_file(rows[i].key, &key);
		buf_init(&out, PKI_CERT_MAX);
		assert_int_equal(pki_device_issue(t.ca, buf_bytes(&key), &n, NOW, &s, &kit.e), rows[i].code);
		says(kit.e.msg, rows[i].part);
		assert_int_equal(pki_device_request_null(buf_bytes(&key), &n, &out, &kit.e), rows[i].code);
		assert_int_equal(out.len, 0);
		buf_release(&out);
		buf_release(&key);
	}
}

static int open_set(const char *name, struct pki_device_set **ret)
{
	struct buf file;
	struct pki_bag *bag = NULL;
	read_file(name, &file);
	OK(pki_bag_read(buf_bytes(&file), NULL, &bag, &kit.e));
	buf_release(&file);
	return pki_device_set_new(bag, ret, &kit.e);
}

static void brought_along_certificates_are_found_by_uuid_or_name(void **state)
{
	static const struct {
		const char *fqdn, *uuid, *file; /* NULL: refused */
		int code;
		const char *part;
	} rows[] = {
		{NULL, ID, "byuuid.pem", 0, NULL},
		{"pc-2.corp.example", ID, "byuuid.pem", 0, NULL}, /* the UUID counts more */
		{"pc-2.corp.example", NULL, "byname.pem", 0, NULL},
		{"PC-2", NULL, "byname.pem", 0, NULL},
		{"second.corp.example", NULL, "byname.pem", 0, NULL},
		{"pc-9.corp.example", NULL, NULL, ERR_CERT_NAME, "no certificate is made out to the device"},
		{"pc-3.corp.example", NULL, NULL, ERR_CERT_EXPIRED, "has expired"},
	};
	struct pki_device_set *set = NULL;
	struct buf root;
	OK(open_set("all.pem", &set));
	assert_int_equal(pki_device_set_count(set), 3);
	(void)output("openssl x509 -in %s -outform DER -out %s", path_of("corp.pem"), path_of("corp.der"));
	read_file("corp.der", &root);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct pki_stored s;
		const struct pki_device_name n = named(rows[i].fqdn, rows[i].uuid);
		int code = pki_device_set_find(set, &n, kit.vault, place, NOW, &s, &kit.e);
		assert_int_equal(code, rows[i].code);
		if (code) {
			says(kit.e.msg, rows[i].part);
			continue;
		}
		assert_true(bytes_equal(buf_bytes(&s.chain), buf_bytes(&root)));
		OK(file_write(path_of("found.der"), 0600, buf_bytes(&s.cert), &kit.e));
		says(output("openssl x509 -in %s -outform DER | cmp - %s && echo the one", path_of(rows[i].file),
			    path_of("found.der")),
		     "the one");
		pki_stored_release(&s);
	}
	pki_device_set_free(set);
	buf_release(&root);
}

static void certificates_without_their_keys_are_no_set(void **state)
{
	struct pki_device_set *set = NULL;
	assert_int_equal(open_set("lonely.pem", &set), ERR_CERT_NO_KEY);
	says(kit.e.msg, "there is no key for \"CN=second\"");
	assert_int_equal(open_set("foreign.pem", &set), ERR_CERT_KEY);
	assert_int_equal(open_set("corp.pem", &set), ERR_CERT_UNREADABLE);
	says(kit.e.msg, "no device's certificate");
	assert_null(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_of_the_device_gets_a_certificate),
		cmocka_unit_test(a_device_without_a_name_is_called_by_its_uuid_or_address),
		cmocka_unit_test(a_request_that_the_device_signed_is_answered_under_our_names),
		cmocka_unit_test(a_key_made_here_is_sealed_and_fits_its_certificate),
		cmocka_unit_test(a_request_for_the_device_to_sign_says_its_key_and_has_no_signature),
		cmocka_unit_test(what_no_certificate_can_be_made_of_is_refused),
		cmocka_unit_test(brought_along_certificates_are_found_by_uuid_or_name),
		cmocka_unit_test(certificates_without_their_keys_are_no_set),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
