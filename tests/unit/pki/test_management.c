/* The management certificate: made here and read by others, requested here and signed by others, and refused where AMT
 * would refuse it. The authority outside is the openssl command line; certtool reads too. */
#include "base/clock.h"
#include "kit.h"
#include "pki/management.h"

#define NOW t.today
#define DAY ((int64_t)86400000)
#define ID  "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"

static const struct vault_place root_place = {"certificate", 1, "key", 1};
static const struct vault_place place = {"certificate", 2, "key", 1};
static const struct vault_place request_place = {"certificate_request", 3, "key", 1};

static struct {
	struct pki_stored root;
	struct pki_ca *ca;
	struct pki_stored request;
	int64_t today; /* the openssl command line dates by the real clock */
} t;

/* An authority outside with a root, one between, and leaves with one thing wrong each. %s: the folder. */
static const char authority[] =
	"cd %s && exec 2>openssl.log\n"
	"key() { openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:$2 -out $1.key; }\n"
	"key root 2048; key sub 2048; key good 2048; key weak 1024\n"
	"openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ec.key\n"
	"OU='Intel(R) Client Setup Certificate'; OID=2.16.840.1.113741.1.2.3\n"
	"openssl req -x509 -new -key root.key -sha256 -days 900 -subj '/O=Outside/CN=Outside Root' -out root.pem\n"
	"sign() {\n" /* name key subject extensions issuer more... */
	"  n=$1 k=$2 s=$3 x=$4 i=$5; shift 5\n"
	"  openssl req -new -key $k.key -subj \"$s\" -out $n.csr\n"
	"  printf \"$x\" > $n.ext\n"
	"  openssl x509 -req -in $n.csr -CA $i.pem -CAkey $i.key -CAcreateserial -extfile $n.ext -out $n.pem \"$@\"\n"
	"}\n"
	"sign sub sub '/O=Outside/CN=Outside Sub' 'basicConstraints=critical,CA:TRUE\\nkeyUsage=critical,keyCertSign' "
	"root -sha256 -days 800\n"
	"U=\"/C=DE/ST=Bayern/O=Corp/OU=$OU/CN=lamp.corp.example\"\n"
	"P=/C=DE/ST=Bayern/O=Corp/OU=IT/CN=lamp.corp.example\n"
	"E=extendedKeyUsage=serverAuth,$OID\n"
	"L='-sha256 -days 30'\n"
	"sign good good \"$U\" $E sub $L\n"
	"sign onlyou good \"$U\" extendedKeyUsage=serverAuth sub $L\n"
	"sign onlyoid good $P $E sub $L\n"
	"sign seedou good '/O=Corp/OU=Intel Client Setup Certificate/CN=lamp.corp.example' $E sub $L\n"
	"sign seed good '/O=Corp/OU=Intel Client Setup Certificate/CN=lamp.corp.example' "
	"extendedKeyUsage=serverAuth,2.16.840.1.113741.1.2.1 sub $L\n"
	"sign neither good $P extendedKeyUsage=serverAuth sub $L\n"
	"sign noserver good \"$U\" extendedKeyUsage=clientAuth,$OID sub $L\n"
	"sign nousage good \"$U\" basicConstraints=CA:FALSE sub $L\n"
	"sign sha1 good \"$U\" $E sub -sha1 -days 30\n"
	"sign weak weak \"$U\" $E sub $L\n"
	"sign ec ec \"$U\" $E sub $L\n"
	"sign other good '/O=Corp/CN=lamp.elsewhere.example' $E sub $L\n"
	"sign ca good \"$U\" \"$E\\nbasicConstraints=critical,CA:TRUE,pathlen:0\\nkeyUsage=critical,"
	"digitalSignature,keyEncipherment,keyCertSign\" sub $L\n"
	"sign rootsha1 root '/O=Outside/CN=Outside Root' basicConstraints=critical,CA:TRUE root -sha1 -days 900\n"
	"cp ec.key mid.key; sign mid mid '/O=Outside/CN=No Authority' basicConstraints=critical,CA:FALSE sub $L\n"
	"sign leafissued good \"$U\" $E mid $L\n"
	"openssl pkcs12 -export -inkey good.key -in good.pem -certfile sub.pem -out good.p12 -passout pass:secret\n"
	"openssl pkcs12 -export -inkey good.key -in good.pem -certfile sub.pem -out old.p12 -passout pass:secret "
	"-keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -macalg sha1\n"
	"openssl rsa -in good.key -aes256 -passout pass:secret -traditional -out good.locked1\n"
	"openssl pkcs8 -topk8 -in good.key -passout pass:secret -out good.locked8\n"
	"openssl pkcs8 -topk8 -in good.key -outform DER -nocrypt -out good.key.der\n"
	"openssl crl2pkcs7 -nocrl -certfile good.pem -certfile sub.pem -certfile root.pem -out all.p7\n"
	"for n in good sub root; do openssl x509 -in $n.pem -outform DER -out $n.der; done\n"
	"cat openssl.log\n";

static int set_up(void **state)
{
	kit_open();
	t.today = clock_wall_ms(clock_real()) / 1000 * 1000 + 60000;
	OK(pki_ca_make(kit.vault, root_place, "zone", ID, ((struct pki_ca_choice){PKI_KEY_RSA_2048, PKI_HASH_SHA256}),
		       NOW, &t.root, &kit.e));
	OK(pki_ca_load(kit.vault, root_place, buf_bytes(&t.root.cert), buf_bytes(&t.root.key), &t.ca, &kit.e));
	struct buf script;
	buf_init(&script, 16384);
	(void)buf_addf(&script, authority, kit.folder);
	OK(file_write(path_of("authority.sh"), 0600, buf_bytes(&script), &kit.e));
	buf_release(&script);
	(void)output("bash %s", path_of("authority.sh"));
	const struct pki_request_wish wish = {.country = "de",
					      .state = "Bayern",
					      .organization = "Corp",
					      .common_name = "lamp.corp.example",
					      .key = PKI_KEY_RSA_2048};
	OK(pki_request_make(kit.vault, request_place, &wish, &t.request, &kit.e));
	return 0;
}

static int tear_down(void **state)
{
	pki_ca_free(t.ca);
	pki_stored_release(&t.root);
	pki_stored_release(&t.request);
	return kit_close();
}

static void write_chain(const char *name, const struct pki_stored *s)
{
	struct buf pem;
	buf_init(&pem, 4 * PKI_CERT_MAX);
	OK(pki_chain_pem(buf_bytes(&s->cert), buf_bytes(&s->chain), &pem, &kit.e));
	OK(file_write(path_of(name), 0600, buf_bytes(&pem), &kit.e));
	buf_release(&pem);
}

static void the_certificate_that_is_made_is_what_amt_asks_for(void **state)
{
	const struct pki_management_wish wish = {"lamp.corp.example", PKI_KEY_RSA_2048, PKI_HASH_SHA256};
	struct pki_stored s;
	OK(pki_management_make(t.ca, kit.vault, place, &wish, NOW, &s, &kit.e));
	assert_true(bytes_equal(buf_bytes(&s.chain), buf_bytes(&t.root.cert)));
	assert_true(s.not_before == NOW - DAY && s.not_after == NOW + 397 * DAY);
	write_chain("made.pem", &s);
	const char *text =
		output("openssl x509 -in %s -noout -text -nameopt utf8,sep_comma_plus 2>&1", path_of("made.pem"));
	says(text, "Subject: O=Lamplighter,OU=Intel(R) Client Setup Certificate,CN=lamp.corp.example\n");
	says(text, "TLS Web Server Authentication, TLS Web Client Authentication, 2.16.840.1.113741.1.2.3, "
		   "2.16.840.1.113741.1.2.1\n");
	says(text, "X509v3 Key Usage: critical\n                Digital Signature, Key Encipherment\n");
	says(text, "Public-Key: (2048 bit)");
	says(text, "DNS:lamp.corp.example\n");
	says(text, "CA:FALSE");
	says(text, "sha256WithRSAEncryption");
	text = output("certtool --certificate-info --infile %s 2>&1", path_of("made.pem"));
	says(text, "OU=Intel(R) Client Setup Certificate");
	says(text, "2.16.840.1.113741.1.2.3");
	says(text, "2.16.840.1.113741.1.2.1");
	says(text, "DNSname: lamp.corp.example");
	says(output("certtool --verify-chain --infile %s 2>&1", path_of("made.pem")),
	     "Verified. The certificate is trusted");
	says(output("openssl storeutl -certs %s 2>&1", path_of("made.pem")), "Total found: 2");
	struct pki_view v;
	OK(pki_view_read(buf_bytes(&s.cert), &v, &kit.e));
	assert_true(v.setup_oid && v.console_oid && v.server_auth && v.client_auth && v.setup_ou && v.is_rsa);
	assert_false(v.is_ca || v.seed_ou || v.is_sha1 || v.is_self_issued);
	assert_string_equal(v.key, "RSA 2048");
	assert_string_equal(v.common_name, "lamp.corp.example");
	assert_string_equal(v.dns_name, "lamp.corp.example");
	pki_stored_release(&s);
}

static void what_amt_would_not_take_is_not_made(void **state)
{
	static const struct pki_management_wish bad[] = {
		{"lamp", PKI_KEY_RSA_2048, PKI_HASH_SHA256},
		{"*.corp.example", PKI_KEY_RSA_2048, PKI_HASH_SHA256},
		{"lamp corp.example", PKI_KEY_RSA_2048, PKI_HASH_SHA256},
		{"lamp.corp.example", PKI_KEY_P256, PKI_HASH_SHA256},
		{"lamp.corp.example", PKI_KEY_RSA_2048, PKI_HASH_SHA1},
		{"a123456789.b123456789.c123456789.d123456789.e123456789.f123456789.example", PKI_KEY_RSA_2048,
		 PKI_HASH_SHA256},
	};
	struct pki_stored s;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(pki_management_make(t.ca, kit.vault, place, &bad[i], NOW, &s, &kit.e), ERR_INVALID);
}

static void write_request(const char *name, const struct pki_stored *s)
{
	struct buf pem;
	buf_init(&pem, 2 * PKI_CERT_MAX);
	OK(pki_request_pem(buf_bytes(&s->cert), &pem, &kit.e));
	OK(file_write(path_of(name), 0600, buf_bytes(&pem), &kit.e));
	buf_release(&pem);
}

static void a_request_says_what_was_asked_for(void **state)
{
	static const struct {
		struct pki_request_wish wish;
		const char *subject, *basic, *usage, *extended;
	} rows[] = {
		{{false, false, "de", "Bayern", "Corp", NULL, "lamp.corp.example", PKI_KEY_RSA_2048},
		 "C = DE, ST = Bayern, O = Corp, OU = Intel(R) Client Setup Certificate, CN = lamp.corp.example",
		 "CA:FALSE",
		 "Digital Signature, Key Encipherment\n",
		 "2.16.840.1.113741.1.2.3"},
		{{false, true, "US", "N\xc3\xb6", "Corp", "IT", "lamp.corp.example", PKI_KEY_RSA_3072},
		 "C = US, ST = N\xc3\xb6, O = Corp, OU = IT, CN = lamp.corp.example",
		 "CA:TRUE, pathlen:0",
		 "Digital Signature, Key Encipherment, Certificate Sign\n",
		 "2.16.840.1.113741.1.2.1"},
		{{true, false, "DE", "x", "Corp", NULL, "desk-1.corp.example", PKI_KEY_RSA_2048},
		 "C = DE, ST = x, O = Corp, CN = desk-1.corp.example",
		 "CA:FALSE",
		 "Digital Signature, Key Encipherment\n",
		 "TLS Web Server Authentication, TLS Web Client Authentication\n"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct pki_stored s;
		OK(pki_request_make(kit.vault, request_place, &rows[i].wish, &s, &kit.e));
		write_request("row.csr", &s);
		const char *text = output("openssl req -in %s -noout -text -verify -nameopt utf8,sep_comma_plus_space,"
					  "space_eq 2>&1",
					  path_of("row.csr"));
		says(text, "self-signature verify OK");
		says(text, rows[i].subject);
		says(text, rows[i].basic);
		says(text, rows[i].usage);
		says(text, rows[i].extended);
		says(text, "DNS:");
		text = output("certtool --crq-info --infile %s 2>&1", path_of("row.csr"));
		says(text, "Self signature: verified");
		says(text,
		     rows[i].wish.is_ca ? "Certificate Authority (CA): TRUE" : "Certificate Authority (CA): FALSE");
		pki_stored_release(&s);
	}
}

static void a_request_with_a_wrong_part_is_refused_and_the_part_named(void **state)
{
	static const struct {
		struct pki_request_wish wish;
		const char *says;
	} rows[] = {
		{{false, false, "Germany", "x", "y", NULL, "a.b", PKI_KEY_RSA_2048}, "country \"Germany\""},
		{{false, false, "D1", "x", "y", NULL, "a.b", PKI_KEY_RSA_2048}, "country"},
		{{false, false, "DE", "", "y", NULL, "a.b", PKI_KEY_RSA_2048}, "state"},
		{{false, false, "DE", "x", "", NULL, "a.b", PKI_KEY_RSA_2048}, "organization"},
		{{false, false, "DE", "x", "y", "", "a.b", PKI_KEY_RSA_2048}, "orgunit"},
		{{false, false, "DE", "x", "y", NULL, "a", PKI_KEY_RSA_2048}, "DNS name"},
		{{false, false, "DE", "x", "y", NULL, "a.b,DNS:evil.example", PKI_KEY_RSA_2048}, "DNS name"},
		{{true, true, "DE", "x", "y", NULL, "a.b", PKI_KEY_RSA_2048}, "never an authority"},
		{{false, false, "DE", "x", "y", NULL, "a.b", PKI_KEY_P384}, "RSA"},
	};
	struct pki_stored s;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(pki_request_make(kit.vault, request_place, &rows[i].wish, &s, &kit.e), ERR_INVALID);
		says(kit.e.msg, rows[i].says);
	}
}

/* Files one behind the other. */
static void read_files(const char *names, struct buf *out)
{
	char list[256];
	(void)snprintf(list, sizeof(list), "%s", names);
	for (char *save, *name = strtok_r(list, " ", &save); name; name = strtok_r(NULL, " ", &save)) {
		struct buf one;
		buf_init(&one, PKI_BAG_FILE);
		OK(file_read(path_of(name), &one, &kit.e));
		(void)buf_add_bytes(out, buf_bytes(&one));
		buf_release(&one);
	}
}

static int import(const char *names, const char *password, const char *suffix, int64_t now, struct pki_imported *ret)
{
	struct buf files;
	struct secret p = SECRET_INIT;
	buf_init(&files, PKI_BAG_FILE);
	read_files(names, &files);
	if (password)
		secret_set(&p, password, strlen(password));
	const struct pki_pending pending = {77, request_place, buf_bytes(&t.request.cert), buf_bytes(&t.request.key)};
	const struct pki_import in = {
		.files = buf_bytes(&files),
		.password = password ? &p : NULL,
		.pending = &pending,
		.pending_count = 1,
		.suffix = suffix,
		.now_ms = now,
	};
	int rc = pki_management_import(kit.vault, place, &in, ret, &kit.e);
	secret_release(&p);
	buf_release(&files);
	return rc;
}

static void what_others_signed_for_our_request_is_taken_with_its_chain(void **state)
{
	struct pki_imported got;
	write_request("ours.csr", &t.request);
	(void)output("cd %s && openssl x509 -req -in ours.csr -CA sub.pem -CAkey sub.key -CAcreateserial "
		     "-copy_extensions copy -sha256 -days 30 -out ours.pem 2>&1 && openssl x509 -in ours.pem -outform "
		     "DER -out ours.der",
		     kit.folder);
	static const struct {
		const char *files;
		unsigned notices;
	} rows[] = {
		{"ours.pem sub.pem root.pem", 0},
		{"ours.der sub.pem root.pem", 0},
		{"root.pem sub.pem ours.pem", PKI_NOTICE_REORDERED},
		{"root.der ours.der sub.der", PKI_NOTICE_REORDERED},
		{"ours.pem sub.pem root.pem good.pem", PKI_NOTICE_UNUSED},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OK(import(rows[i].files, NULL, "corp.example", t.today, &got));
		assert_int_equal(got.notices, rows[i].notices);
		assert_true(got.request == 77);
		assert_false(got.is_ca);
		write_chain("taken.pem", &got.stored);
		says(output("cd %s && for n in ours sub root; do openssl x509 -in $n.pem; done | cmp - taken.pem && "
			    "echo "
			    "same",
			    kit.folder),
		     "same");
		struct bytes rest = buf_bytes(&got.stored.chain), one;
		assert_true(pki_chain_take(&rest, &one));
		struct pki_view v;
		OK(pki_view_read(one, &v, &kit.e));
		assert_string_equal(v.common_name, "Outside Sub");
		OK(pki_view_read(pki_chain_root(buf_bytes(&got.stored.cert), buf_bytes(&got.stored.chain)), &v,
				 &kit.e));
		assert_string_equal(v.common_name, "Outside Root");
		struct secret pem = SECRET_INIT;
		OK(pki_key_pem(kit.vault, place, buf_bytes(&got.stored.key), &pem, &kit.e));
		OK(file_write(path_of("taken.key"), 0600, BYTES(pem.p, pem.len), &kit.e));
		secret_release(&pem);
		says(output("cd %s && openssl pkey -in taken.key -pubout >a 2>&1; openssl x509 -in ours.pem -noout "
			    "-pubkey >b; cmp a b && echo same",
			    kit.folder),
		     "same");
		pki_stored_release(&got.stored);
	}
}

static void certificates_come_with_their_key_in_every_usual_form(void **state)
{
	static const struct {
		const char *files, *password;
		unsigned notices;
	} rows[] = {
		{"good.pem good.key sub.pem root.pem", NULL, 0},
		{"good.key good.pem sub.pem root.pem", NULL, 0},
		{"good.der good.key.der sub.der root.der", NULL, 0},
		{"good.p12 root.pem", "secret", 0},
		{"old.p12 root.der", "secret", 0},
		{"all.p7 good.key", NULL, 0},
		{"good.pem good.locked1 sub.pem root.pem", "secret", 0},
		{"good.pem good.locked8 sub.pem root.pem", "secret", 0},
		{"onlyou.pem good.key sub.pem root.pem", NULL, PKI_NOTICE_NO_OID},
		{"onlyoid.pem good.key sub.pem root.pem", NULL, PKI_NOTICE_NO_OU},
		{"seedou.pem good.key sub.pem root.pem", NULL, PKI_NOTICE_SEED_OU},
		{"good.pem good.key sub.pem rootsha1.pem", NULL, PKI_NOTICE_SHA1_ROOT},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct pki_imported got;
		int rc = import(rows[i].files, rows[i].password, "corp.example", t.today, &got);
		if (rc)
			print_error("%s: %s\n", rows[i].files, kit.e.msg);
		assert_int_equal(rc, 0);
		assert_int_equal(got.notices & ~(unsigned)PKI_NOTICE_REORDERED, rows[i].notices);
		assert_true(got.request == 0);
		pki_stored_release(&got.stored);
	}
}

static void a_certificate_that_may_issue_others_is_known_as_such(void **state)
{
	struct pki_imported got;
	OK(import("ca.pem good.key sub.pem root.pem", NULL, "corp.example", t.today, &got));
	assert_true(got.is_ca);
	pki_stored_release(&got.stored);
}

static void what_amt_would_refuse_is_refused_with_its_own_reason(void **state)
{
	static const struct {
		const char *files, *password, *suffix;
		int days;
		int code;
		const char *says;
	} rows[] = {
		{"openssl.log", NULL, NULL, 0, ERR_CERT_UNREADABLE, "neither PEM nor DER"},
		{"good.csr", NULL, NULL, 0, ERR_CERT_UNREADABLE, "certificate request"},
		{"good.key", NULL, NULL, 0, ERR_CERT_UNREADABLE, "a key but no certificate"},
		{"good.p12 root.pem", NULL, NULL, 0, ERR_CERT_PASSPHRASE, "locked with a password"},
		{"good.p12 root.pem", "wrong", NULL, 0, ERR_CERT_PASSPHRASE, "does not open"},
		{"good.pem good.locked1 sub.pem root.pem", "wrong", NULL, 0, ERR_CERT_PASSPHRASE, "does not open"},
		{"good.pem good.locked8 sub.pem root.pem", NULL, NULL, 0, ERR_CERT_PASSPHRASE, "locked"},
		{"good.pem weak.key sub.pem root.pem", NULL, NULL, 0, ERR_CERT_KEY, "CN=lamp.corp.example"},
		{"good.pem sub.pem root.pem", NULL, NULL, 0, ERR_CERT_KEY, "was not signed for a certificate request"},
		{"good.pem good.key sub.pem root.pem", NULL, NULL, 31, ERR_CERT_EXPIRED, "expired on"},
		{"good.pem good.key sub.pem root.pem", NULL, NULL, -2, ERR_CERT_NOT_YET, "is valid from"},
		{"ec.pem ec.key sub.pem root.pem", NULL, NULL, 0, ERR_CERT_KEY_KIND, "EC P-256"},
		{"weak.pem weak.key sub.pem root.pem", NULL, NULL, 0, ERR_CERT_WEAK_KEY, "1024 bits"},
		{"sha1.pem good.key sub.pem root.pem", NULL, NULL, 0, ERR_CERT_WEAK_SIGNATURE, "sha1WithRSA"},
		{"noserver.pem good.key sub.pem root.pem", NULL, NULL, 0, ERR_CERT_PURPOSE, "server authentication"},
		{"nousage.pem good.key sub.pem root.pem", NULL, NULL, 0, ERR_CERT_PURPOSE, "server authentication"},
		{"neither.pem good.key sub.pem root.pem", NULL, NULL, 0, ERR_CERT_USAGE, "neither the OID"},
		{"seed.pem good.key sub.pem root.pem", NULL, NULL, 0, ERR_CERT_USAGE, "lacks the \"(R)\""},
		{"other.pem good.key sub.pem root.pem", NULL, "corp.example", 0, ERR_CERT_SUFFIX,
		 "\"lamp.elsewhere.example\" does not lie under the suffix \"corp.example\""},
		{"good.pem good.key sub.pem", NULL, NULL, 0, ERR_CERT_CHAIN, "CN=Outside Root,O=Outside\" is missing"},
		{"good.pem good.key root.pem", NULL, NULL, 0, ERR_CERT_CHAIN, "CN=Outside Sub,O=Outside\" is missing"},
		{"leafissued.pem good.key mid.pem sub.pem root.pem", NULL, NULL, 0, ERR_CERT_CHAIN, "does not hold"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct pki_imported got;
		int rc = import(rows[i].files, rows[i].password, rows[i].suffix, t.today + rows[i].days * DAY, &got);
		if (rc != rows[i].code)
			print_error("%s: %d %s\n", rows[i].files, rc, rc ? kit.e.msg : "");
		assert_int_equal(rc, rows[i].code);
		says(kit.e.msg, rows[i].says);
		assert_true(*err_next(rc));
	}
}

static void a_certificate_without_any_key_is_told_apart_from_one_with_a_wrong_key(void **state)
{
	struct buf files;
	struct pki_imported got;
	buf_init(&files, PKI_BAG_FILE);
	read_files("good.pem sub.pem root.pem", &files);
	const struct pki_import in = {.files = buf_bytes(&files), .now_ms = t.today};
	assert_int_equal(pki_management_import(kit.vault, place, &in, &got, &kit.e), ERR_CERT_NO_KEY);
	buf_release(&files);
}

static void a_root_that_is_known_anyway_need_not_be_given(void **state)
{
	struct buf files, root;
	struct pki_imported got;
	buf_init(&files, PKI_BAG_FILE);
	buf_init(&root, PKI_BAG_FILE);
	read_files("good.pem good.key sub.pem", &files);
	read_files("root.der", &root);
	const struct pki_import in = {.files = buf_bytes(&files), .more = buf_bytes(&root), .now_ms = t.today};
	OK(pki_management_import(kit.vault, place, &in, &got, &kit.e));
	assert_true(bytes_equal(pki_chain_root(buf_bytes(&got.stored.cert), buf_bytes(&got.stored.chain)),
				buf_bytes(&root)));
	pki_stored_release(&got.stored);
	buf_release(&files);
	buf_release(&root);
}

static void a_file_that_ends_early_is_refused_at_every_byte(void **state)
{
	static const char *const names[] = {"good.der", "good.p12", "good.key.der"};
	struct secret p = SECRET_INIT;
	secret_set(&p, "secret", 6);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct buf file;
		buf_init(&file, PKI_BAG_FILE);
		read_files(names[i], &file);
		for (size_t len = 1; len < file.len; len++) {
			struct pki_bag *bag;
			uint8_t *exact = malloc(len);
			assert_non_null(exact);
			memcpy(exact, file.p, len);
			assert_int_equal(pki_bag_read(BYTES(exact, len), &p, &bag, &kit.e), ERR_CERT_UNREADABLE);
			free(exact);
		}
		buf_release(&file);
	}
	secret_release(&p);
}

static void suffixes_fit_as_firmware_compares_them(void **state)
{
	static const struct {
		const char *name, *suffix;
		bool fits;
	} rows[] = {
		{"lamp.corp.example", "corp.example", true},
		{"lamp.corp.example", "CORP.EXAMPLE", true},
		{"corp.example", "corp.example", true},
		{"*.corp.example", "corp.example", true},
		{"lamp.corp.example", ".corp.example", true},
		{"lamp.corp.com", "lab.corp.com", true},
		{"lamp.corp.co.uk", "lab.corp.co.uk", true},
		{"lamp.corp.com", "other.com", false},
		{"lamp.corp.example", "lab.corp.example", false},
		{"lamp.corp.example", "orp.example", false},
		{"lampcorp.example", "corp.example", false},
		{"lamp.corp.example", "", false},
		{"", "corp.example", false},
		{"lamp.corp.co.uk", "other.co.uk", false},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(pki_suffix_fits(rows[i].name, rows[i].suffix), rows[i].fits);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_certificate_that_is_made_is_what_amt_asks_for),
		cmocka_unit_test(what_amt_would_not_take_is_not_made),
		cmocka_unit_test(a_request_says_what_was_asked_for),
		cmocka_unit_test(a_request_with_a_wrong_part_is_refused_and_the_part_named),
		cmocka_unit_test(what_others_signed_for_our_request_is_taken_with_its_chain),
		cmocka_unit_test(certificates_come_with_their_key_in_every_usual_form),
		cmocka_unit_test(a_certificate_that_may_issue_others_is_known_as_such),
		cmocka_unit_test(what_amt_would_refuse_is_refused_with_its_own_reason),
		cmocka_unit_test(a_certificate_without_any_key_is_told_apart_from_one_with_a_wrong_key),
		cmocka_unit_test(a_root_that_is_known_anyway_need_not_be_given),
		cmocka_unit_test(a_file_that_ends_early_is_refused_at_every_byte),
		cmocka_unit_test(suffixes_fit_as_firmware_compares_them),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
