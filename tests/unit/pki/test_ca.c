/* The zone's root and a server's certificate, as the openssl command line reads them. */
#include "base/clock.h"
#include "kit.h"
#include "pki/ca.h"

#define NOW   ((int64_t)1800000000000) /* 2027-01-15T08:00:00Z */
#define DAY   ((int64_t)86400000)
#define QUICK ((struct pki_ca_choice){PKI_KEY_RSA_2048, PKI_HASH_SHA256}) /* to make */
#define ID    "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"

static const struct vault_place root_place = {"certificate", 1, "key", 1};
static const struct vault_place server_place = {"certificate", 2, "key", 1};
static const struct pki_names names = {"lamp.corp.example", "10.1.2.3, fd00::7"};

/* Keys are slow to make: one root and one server certificate for all tests. */
static struct {
	struct pki_stored root, server;
	struct pki_ca *ca;
} t;

static void write_pem(const char *name, struct bytes cert)
{
	struct buf pem;
	buf_init(&pem, 2 * PKI_CERT_MAX);
	OK(pki_cert_pem(cert, &pem, &kit.e));
	OK(file_write(path_of(name), 0600, buf_bytes(&pem), &kit.e));
	buf_release(&pem);
}

static int set_up(void **state)
{
	kit_open();
	OK(pki_ca_make(kit.vault, root_place, "N\xc3\xb6rd", ID, PKI_CA_CHOICE, NOW, &t.root, &kit.e));
	OK(pki_ca_load(kit.vault, root_place, buf_bytes(&t.root.cert), buf_bytes(&t.root.key), &t.ca, &kit.e));
	OK(pki_ca_issue_server(t.ca, kit.vault, server_place, &names, NOW, &t.server, &kit.e));
	write_pem("ca.pem", buf_bytes(&t.root.cert));
	write_pem("server.pem", buf_bytes(&t.server.cert));
	return 0;
}

static int tear_down(void **state)
{
	pki_ca_free(t.ca);
	pki_stored_release(&t.root);
	pki_stored_release(&t.server);
	return kit_close();
}

static void the_root_is_what_openssl_calls_a_certificate_authority(void **state)
{
	const char *text =
		output("openssl x509 -in %s -noout -text -nameopt utf8,sep_comma_plus 2>&1", path_of("ca.pem"));
	says(text, "Version: 3 (0x2)");
	says(text, "Signature Algorithm: sha256WithRSAEncryption");
	says(text, "Public-Key: (3072 bit)");
	says(text, "Issuer: O=Lamplighter,OU=" ID ",CN=Lamplighter zone N\xc3\xb6rd\n");
	says(text, "Subject: O=Lamplighter,OU=" ID ",CN=Lamplighter zone N\xc3\xb6rd\n");
	says(text, "Not Before: Jan 14 08:00:00 2027 GMT");
	says(text, "Not After : Jan 14 08:00:00 2037 GMT");
	says(text, "X509v3 Basic Constraints: critical\n                CA:TRUE, pathlen:1");
	says(text, "X509v3 Key Usage: critical\n                Certificate Sign, CRL Sign\n");
	says(text, "X509v3 Subject Key Identifier:");
	says(output("openssl verify -x509_strict -check_ss_sig -attime 1800000000 -CAfile %s %s 2>&1",
		    path_of("ca.pem"), path_of("ca.pem")),
	     "ca.pem: OK");
}

static void a_server_certificate_names_the_server_and_is_for_servers_only(void **state)
{
	const char *text =
		output("openssl x509 -in %s -noout -text -nameopt utf8,sep_comma_plus 2>&1", path_of("server.pem"));
	says(text, "Signature Algorithm: sha256WithRSAEncryption");
	says(text, "NIST CURVE: P-256");
	says(text, "Issuer: O=Lamplighter,OU=" ID ",CN=Lamplighter zone N\xc3\xb6rd\n");
	says(text, "Subject: O=Lamplighter,CN=lamp.corp.example\n");
	says(text, "Not Before: Jan 14 08:00:00 2027 GMT");
	says(text, "Not After : Feb 16 08:00:00 2028 GMT"); /* 398 days */
	says(text, "CA:FALSE");
	says(text, "X509v3 Key Usage: critical\n                Digital Signature\n");
	says(text, "X509v3 Extended Key Usage: \n                TLS Web Server Authentication\n");
	says(text, "DNS:lamp.corp.example, DNS:localhost, IP Address:127.0.0.1, "
		   "IP Address:0:0:0:0:0:0:0:1, IP Address:10.1.2.3, IP Address:FD00:0:0:0:0:0:0:7\n");
	says(text, "X509v3 Authority Key Identifier:");
	static const char *const good[] = {"-verify_hostname lamp.corp.example", "-verify_hostname localhost",
					   "-verify_ip 127.0.0.1", "-verify_ip ::1"};
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		says(output("openssl verify -x509_strict -purpose sslserver -attime 1800000000 %s -CAfile %s %s 2>&1",
			    good[i], path_of("ca.pem"), path_of("server.pem")),
		     "server.pem: OK");
	says(output("openssl verify -purpose sslserver -attime 1800000000 -verify_hostname evil.example -CAfile %s %s "
		    "2>&1",
		    path_of("ca.pem"), path_of("server.pem")),
	     "hostname mismatch");
	says(output("openssl verify -purpose sslclient -attime 1800000000 -CAfile %s %s 2>&1", path_of("ca.pem"),
		    path_of("server.pem")),
	     "unsuitable certificate purpose");
}

static void the_stored_times_are_those_of_the_certificate(void **state)
{
	assert_true(t.root.not_before == NOW - DAY);
	assert_true(t.root.not_after == NOW + 3652 * DAY);
	assert_true(t.server.not_before == NOW - DAY);
	assert_true(t.server.not_after == NOW + 397 * DAY);
}

static void fingerprints_are_those_of_openssl(void **state)
{
	static const struct {
		enum pki_hash hash;
		const char *name;
	} rows[] = {{PKI_HASH_MD5, "md5"},
		    {PKI_HASH_SHA1, "sha1"},
		    {PKI_HASH_SHA256, "sha256"},
		    {PKI_HASH_SHA384, "sha384"}};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char hex[PKI_FINGERPRINT_SIZE], wanted[PKI_FINGERPRINT_SIZE + 2];
		OK(pki_fingerprint(buf_bytes(&t.root.cert), rows[i].hash, hex, &kit.e));
		(void)snprintf(wanted, sizeof(wanted), "=%s\n", hex);
		says(output("openssl x509 -in %s -noout -fingerprint -%s 2>&1", path_of("ca.pem"), rows[i].name),
		     wanted);
	}
}

static void the_key_of_the_server_belongs_to_its_certificate(void **state)
{
	struct secret pem = SECRET_INIT;
	OK(pki_key_pem(kit.vault, server_place, buf_bytes(&t.server.key), &pem, &kit.e));
	OK(file_write(path_of("server.key"), 0600, BYTES(pem.p, pem.len), &kit.e));
	secret_release(&pem);
	char from_key[1024];
	(void)snprintf(from_key, sizeof(from_key), "%s",
		       output("openssl pkey -in %s -pubout 2>&1", path_of("server.key")));
	says(from_key, "BEGIN PUBLIC KEY");
	assert_string_equal(output("openssl x509 -in %s -noout -pubkey 2>&1", path_of("server.pem")), from_key);
}

static void sealed_keys_hold_no_key_and_do_not_open_elsewhere(void **state)
{
	struct pki_ca *ca = NULL;
	struct vault_place other = root_place;
	other.row = 2;
	assert_int_equal(pki_ca_load(kit.vault, other, buf_bytes(&t.root.cert), buf_bytes(&t.root.key), &ca, &kit.e),
			 ERR_TAMPERED);
	other = root_place;
	other.version = 2;
	assert_int_equal(pki_ca_load(kit.vault, other, buf_bytes(&t.root.cert), buf_bytes(&t.root.key), &ca, &kit.e),
			 ERR_TAMPERED);
	struct buf key;
	buf_init(&key, VAULT_SEALED_MAX);
	(void)buf_add_bytes(&key, buf_bytes(&t.root.key));
	for (size_t i = 0; i < key.len; i += 97) {
		key.p[i] ^= 1;
		assert_true(pki_ca_load(kit.vault, root_place, buf_bytes(&t.root.cert), buf_bytes(&key), &ca, &kit.e) <
			    0);
		key.p[i] ^= 1;
	}
	buf_release(&key);
	assert_null(ca);
	/* rsaEncryption's OID stands in every PKCS#8 of an RSA key. */
	static const char oid[] = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";
	assert_null(memmem(t.root.key.p, t.root.key.len, oid, sizeof(oid) - 1));
}

static void a_root_with_the_key_of_another_is_refused(void **state)
{
	struct pki_ca *ca = NULL;
	assert_int_equal(
		pki_ca_load(kit.vault, root_place, buf_bytes(&t.server.cert), buf_bytes(&t.root.key), &ca, &kit.e),
		ERR_MALFORMED);
	assert_int_equal(pki_ca_load(kit.vault, root_place, BYTES_LIT("rubbish"), buf_bytes(&t.root.key), &ca, &kit.e),
			 ERR_MALFORMED);
	struct buf longer;
	buf_init(&longer, PKI_CERT_MAX);
	(void)buf_add_bytes(&longer, buf_bytes(&t.root.cert));
	(void)buf_addc(&longer, 0);
	assert_int_equal(pki_ca_load(kit.vault, root_place, buf_bytes(&longer), buf_bytes(&t.root.key), &ca, &kit.e),
			 ERR_MALFORMED);
	buf_release(&longer);
	int64_t before, after;
	assert_int_equal(pki_cert_validity(BYTES_LIT("x"), &before, &after, &kit.e), ERR_MALFORMED);
	struct buf pem;
	buf_init(&pem, PKI_CERT_MAX);
	assert_int_equal(pki_cert_pem(BYTES_LIT("x"), &pem, &kit.e), ERR_MALFORMED);
	buf_release(&pem);
}

static void names_that_are_none_are_refused(void **state)
{
	static const struct pki_names bad[] = {
		{"", NULL},
		{"a b", NULL},
		{"lamp.example,DNS:evil.example", NULL},
		{".example", NULL},
		{"a..b", NULL},
		{"lamp.example", "10.0.0.256"},
		{"lamp.example", "10.0.0.1,,10.0.0.2"},
		{"lamp.example", "lamp2.example"},
	};
	struct pki_stored s;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(pki_ca_issue_server(t.ca, kit.vault, server_place, &bad[i], NOW, &s, &kit.e),
				 ERR_INVALID);
		says(kit.e.msg, "is no name or address");
	}
}

static void an_address_and_a_long_name_can_be_a_servers_name(void **state)
{
	static const struct {
		const char *name, *san, *not ;
	} rows[] = {
		{"10.9.8.7", "IP Address:10.9.8.7, DNS:localhost", "DNS:10.9.8.7"},
		{"a123456789.b123456789.c123456789.d123456789.e123456789.f123456789.example",
		 "DNS:a123456789.b123456789.c123456789.d123456789.e123456789.f123456789.example", "CN = a"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct pki_stored s;
		const struct pki_names n = {rows[i].name, NULL};
		OK(pki_ca_issue_server(t.ca, kit.vault, server_place, &n, NOW, &s, &kit.e));
		write_pem("other.pem", buf_bytes(&s.cert));
		const char *text = output("openssl x509 -in %s -noout -text 2>&1", path_of("other.pem"));
		says(text, rows[i].san);
		assert_null(strstr(text, rows[i].not ));
		pki_stored_release(&s);
	}
}

static void a_certificate_is_renewed_before_it_ends_or_when_it_no_longer_fits(void **state)
{
	static const struct {
		struct pki_names names;
		int64_t now;
		bool wanted;
	} rows[] = {
		{{"lamp.corp.example", "10.1.2.3, fd00::7"}, NOW, false},
		{{"LAMP.corp.example", NULL}, NOW, false},
		{{"lamp.corp.example", "10.1.2.3"}, NOW + 367 * DAY - 1, false},
		{{"lamp.corp.example", "10.1.2.3"}, NOW + 367 * DAY, true},
		{{"lamp.corp.example", NULL}, NOW + 500 * DAY, true},
		{{"lamp.corp.example", NULL}, NOW - 2 * DAY, true},
		{{"other.corp.example", NULL}, NOW, true},
		{{"lamp.corp.example", "10.1.2.4"}, NOW, true},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(pki_server_needs_renewal(t.ca, buf_bytes(&t.server.cert), &rows[i].names, rows[i].now),
				 rows[i].wanted);
	assert_true(pki_server_needs_renewal(t.ca, BYTES_LIT("x"), &names, NOW));
	struct pki_stored root;
	struct pki_ca *ca;
	OK(pki_ca_make(kit.vault, root_place, "other", ID, QUICK, NOW, &root, &kit.e));
	OK(pki_ca_load(kit.vault, root_place, buf_bytes(&root.cert), buf_bytes(&root.key), &ca, &kit.e));
	assert_true(pki_server_needs_renewal(ca, buf_bytes(&t.server.cert), &names, NOW));
	pki_ca_free(ca);
	pki_stored_release(&root);
}

static void no_certificate_outlives_its_root(void **state)
{
	struct pki_stored s;
	OK(pki_ca_issue_server(t.ca, kit.vault, server_place, &names, NOW + 3600 * DAY, &s, &kit.e));
	assert_true(s.not_after == t.root.not_after);
	pki_stored_release(&s);
}

static void a_long_zone_name_is_cut_between_characters(void **state)
{
	struct pki_stored root;
	OK(pki_ca_make(kit.vault, root_place, "123456789012345678901234567890123456789\xc3\xb6rd", ID, QUICK, NOW,
		       &root, &kit.e));
	write_pem("long.pem", buf_bytes(&root.cert));
	says(output("openssl x509 -in %s -noout -subject -nameopt utf8,sep_comma_plus 2>&1", path_of("long.pem")),
	     "CN=Lamplighter zone 123456789012345678901234567890123456789\n");
	pki_stored_release(&root);
}

static void a_root_is_made_of_what_was_chosen(void **state)
{
	static const struct {
		struct pki_ca_choice choice;
		const char *key, *signature;
	} rows[] = {
		{{PKI_KEY_RSA_2048, PKI_HASH_SHA256}, "Public-Key: (2048 bit)", "sha256WithRSAEncryption"},
		{{PKI_KEY_RSA_3072, PKI_HASH_SHA384}, "Public-Key: (3072 bit)", "sha384WithRSAEncryption"},
		{{PKI_KEY_P384, PKI_HASH_SHA384}, "NIST CURVE: P-384", "ecdsa-with-SHA384"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct pki_stored root, leaf;
		struct pki_ca *ca;
		int64_t now = clock_wall_ms(clock_real()); /* certtool goes by its own */
		OK(pki_ca_make(kit.vault, root_place, "x", ID, rows[i].choice, now, &root, &kit.e));
		OK(pki_ca_load(kit.vault, root_place, buf_bytes(&root.cert), buf_bytes(&root.key), &ca, &kit.e));
		OK(pki_ca_issue_server(ca, kit.vault, server_place, &names, now, &leaf, &kit.e));
		write_pem("chosen.pem", buf_bytes(&root.cert));
		write_pem("leaf.pem", buf_bytes(&leaf.cert));
		says(output("openssl x509 -in %s -noout -text 2>&1", path_of("chosen.pem")), rows[i].key);
		says(output("openssl x509 -in %s -noout -text 2>&1", path_of("chosen.pem")), rows[i].signature);
		says(output("openssl x509 -in %s -noout -text 2>&1", path_of("leaf.pem")), rows[i].signature);
		says(output("certtool --verify --load-ca-certificate %s --infile %s 2>&1", path_of("chosen.pem"),
			    path_of("leaf.pem")),
		     "The certificate is trusted");
		pki_ca_free(ca);
		pki_stored_release(&root);
		pki_stored_release(&leaf);
	}
}

static void what_no_root_is_made_of_is_refused(void **state)
{
	static const struct pki_ca_choice bad[] = {
		{PKI_KEY_P256, PKI_HASH_SHA256}, {PKI_KEY_RSA_3072, PKI_HASH_SHA1}, {PKI_KEY_RSA_3072, PKI_HASH_MD5}};
	struct pki_stored s;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(pki_ca_make(kit.vault, root_place, "x", ID, bad[i], NOW, &s, &kit.e), ERR_INVALID);
}

static struct secret secret_of(const char *text)
{
	struct secret s = SECRET_INIT;
	secret_set(&s, text, strlen(text));
	return s;
}

static void backup_to(const char *name, const char *password)
{
	struct buf file;
	struct secret p = secret_of(password);
	buf_init(&file, PKI_BACKUP_MAX);
	OK(pki_ca_backup(t.ca, &p, &file, &kit.e));
	OK(file_write(path_of(name), 0600, buf_bytes(&file), &kit.e));
	buf_release(&file);
	secret_release(&p);
}

static int restore_from(const char *name, const char *password, int64_t now, struct pki_stored *ret)
{
	struct buf file;
	struct secret p = secret_of(password);
	const struct vault_place place = {"certificate", 9, "key", 1};
	buf_init(&file, 2 * PKI_BACKUP_MAX);
	OK(file_read(path_of(name), &file, &kit.e));
	int rc = pki_ca_restore(kit.vault, place, buf_bytes(&file), &p, now, ret, &kit.e);
	buf_release(&file);
	secret_release(&p);
	return rc;
}

static void a_backup_is_a_locked_file_that_others_open(void **state)
{
	backup_to("root.p12", "correct horse");
	const char *text =
		output("openssl pkcs12 -in %s -info -noenc -passin 'pass:correct horse' 2>&1", path_of("root.p12"));
	says(text, "MAC: sha256, Iteration 600000");
	says(text, "PBES2, PBKDF2, AES-256-CBC, Iteration 600000, PRF hmacWithSHA256");
	says(text, "BEGIN CERTIFICATE");
	says(text, "BEGIN PRIVATE KEY");
	says(output("certtool --p12-info --inder --infile %s --password 'correct horse' 2>&1", path_of("root.p12")),
	     "BEGIN CERTIFICATE");
	says(output("openssl pkcs12 -in %s -noenc -passin pass:wrong 2>&1", path_of("root.p12")), "invalid password");
	says(output("grep -c 'Lamplighter zone N' %s 2>&1", path_of("root.p12")), "0");
}

static void a_restored_root_is_the_one_that_was_backed_up(void **state)
{
	struct pki_stored s;
	struct pki_ca *ca;
	const struct vault_place place = {"certificate", 9, "key", 1};
	backup_to("root.p12", "correct horse");
	OK(restore_from("root.p12", "correct horse", NOW, &s));
	assert_true(bytes_equal(buf_bytes(&s.cert), buf_bytes(&t.root.cert)));
	assert_true(s.not_after == t.root.not_after);
	OK(pki_ca_load(kit.vault, place, buf_bytes(&s.cert), buf_bytes(&s.key), &ca, &kit.e));
	assert_false(pki_server_needs_renewal(ca, buf_bytes(&t.server.cert), &names, NOW));
	pki_ca_free(ca);
	pki_stored_release(&s);
}

static void what_is_no_backup_of_a_root_is_refused(void **state)
{
	struct pki_stored s;
	backup_to("root.p12", "correct horse");
	assert_int_equal(restore_from("root.p12", "wrong", NOW, &s), ERR_CERT_PASSPHRASE);
	assert_int_equal(restore_from("root.p12", "", NOW, &s), ERR_CERT_PASSPHRASE);
	assert_int_equal(restore_from("root.p12", "correct horse", NOW + 4000 * DAY, &s), ERR_CERT_EXPIRED);
	assert_int_equal(restore_from("root.p12", "correct horse", NOW - 4000 * DAY, &s), ERR_CERT_NOT_YET);
	assert_int_equal(restore_from("ca.pem", "x", NOW, &s), ERR_CERT_UNREADABLE);
	(void)output(
		"cd %s && openssl req -x509 -newkey rsa:2048 -nodes -keyout leaf.key -out leaf.crt -subj /CN=leaf "
		"-addext basicConstraints=critical,CA:FALSE && openssl pkcs12 -export -inkey leaf.key -in leaf.crt "
		"-out leaf.p12 -passout pass:x && openssl pkcs12 -export -nokeys -in leaf.crt -out bare.p12 -passout "
		"pass:x",
		kit.folder);
	assert_int_equal(restore_from("leaf.p12", "x", NOW, &s), ERR_INVALID);
	assert_int_equal(restore_from("bare.p12", "x", NOW, &s), ERR_CERT_UNREADABLE);
	struct buf file;
	struct secret none = SECRET_INIT;
	buf_init(&file, PKI_BACKUP_MAX);
	assert_int_equal(pki_ca_backup(t.ca, &none, &file, &kit.e), ERR_MISSING);
	buf_release(&file);
}

static void a_hash_is_read_in_every_form_in_which_it_is_written(void **state)
{
	for (enum pki_hash h = PKI_HASH_MD5; h < PKI_HASH_COUNT; h++) {
		char colons[PKI_FINGERPRINT_SIZE], hyphens[PKI_FINGERPRINT_SIZE];
		uint8_t wanted[PKI_HASH_MAX], got[PKI_HASH_MAX];
		enum pki_hash found;
		OK(pki_hash(buf_bytes(&t.root.cert), h, wanted, &kit.e));
		OK(pki_fingerprint(buf_bytes(&t.root.cert), h, colons, &kit.e));
		OK(pki_fingerprint_mebx(buf_bytes(&t.root.cert), h, hyphens, &kit.e));
		assert_int_equal(strlen(colons), pki_hash_size(h) * 3 - 1);
		assert_int_equal(strlen(hyphens), pki_hash_size(h) * 2 + pki_hash_size(h) / 2 - 1);
		const char *forms[] = {colons, hyphens};
		for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
			assert_true(pki_hash_parse(forms[i], &found, got));
			assert_int_equal(found, h);
			assert_memory_equal(got, wanted, pki_hash_size(h));
		}
	}
	enum pki_hash h;
	uint8_t to[PKI_HASH_MAX];
	assert_true(pki_hash_parse("1f0e1c88a088b56ae8826d2801d42fb46f8d1677", &h, to));
	assert_false(pki_hash_parse("1F:0E", &h, to));
	assert_false(pki_hash_parse("", &h, to));
	assert_false(pki_hash_parse("xF0E1C88A088B56AE8826D2801D42FB46F8D1677", &h, to));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_root_is_what_openssl_calls_a_certificate_authority),
		cmocka_unit_test(a_server_certificate_names_the_server_and_is_for_servers_only),
		cmocka_unit_test(the_stored_times_are_those_of_the_certificate),
		cmocka_unit_test(fingerprints_are_those_of_openssl),
		cmocka_unit_test(the_key_of_the_server_belongs_to_its_certificate),
		cmocka_unit_test(sealed_keys_hold_no_key_and_do_not_open_elsewhere),
		cmocka_unit_test(a_root_with_the_key_of_another_is_refused),
		cmocka_unit_test(names_that_are_none_are_refused),
		cmocka_unit_test(an_address_and_a_long_name_can_be_a_servers_name),
		cmocka_unit_test(a_certificate_is_renewed_before_it_ends_or_when_it_no_longer_fits),
		cmocka_unit_test(no_certificate_outlives_its_root),
		cmocka_unit_test(a_long_zone_name_is_cut_between_characters),
		cmocka_unit_test(a_root_is_made_of_what_was_chosen),
		cmocka_unit_test(what_no_root_is_made_of_is_refused),
		cmocka_unit_test(a_backup_is_a_locked_file_that_others_open),
		cmocka_unit_test(a_restored_root_is_the_one_that_was_backed_up),
		cmocka_unit_test(what_is_no_backup_of_a_root_is_refused),
		cmocka_unit_test(a_hash_is_read_in_every_form_in_which_it_is_written),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
