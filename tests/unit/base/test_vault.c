/* Sealing and opening; every byte that is changed, every place that is swapped, every key file that is not one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/err.h"
#include "base/file.h"
#include "base/vault.h"

static char path[64];
static struct vault *vault;

static const struct vault_place place = {"credential", 7, "secret", 3};

static int set_up(void **state)
{
	(void)snprintf(path, sizeof(path), "/tmp/test_base_vault.%d", (int)getpid());
	vault = NULL;
	return vault_open(path, true, &vault, NULL);
}

static int tear_down(void **state)
{
	vault_close(vault);
	return unlink(path);
}

static void seal(struct buf *out, struct bytes plain)
{
	buf_init(out, VAULT_SEALED_MAX);
	assert_int_equal(vault_seal(vault, place, plain, out, NULL), 0);
}

static void what_is_sealed_opens_at_every_length(void **state)
{
	static uint8_t plain[VAULT_PLAIN_MAX];
	for (size_t len = 0; len <= VAULT_PLAIN_MAX; len = len < 70                 ? len + 1
							   : len == VAULT_PLAIN_MAX ? len + 1
										    : VAULT_PLAIN_MAX) {
		struct buf sealed;
		struct secret s = SECRET_INIT;
		memset(plain, (int)len, len);
		seal(&sealed, BYTES(plain, len));
		assert_int_equal(sealed.len, len + 45);
		assert_int_equal(vault_unseal(vault, place, buf_bytes(&sealed), &s, NULL), 0);
		assert_true(secret_equal_bytes(&s, BYTES(plain, len)));
		secret_release(&s);
		buf_release(&sealed);
	}
	struct buf out;
	struct err e = ERR_INIT;
	buf_init(&out, 2 * VAULT_SEALED_MAX);
	static uint8_t over[VAULT_PLAIN_MAX + 1];
	assert_int_equal(vault_seal(vault, place, BYTES(over, sizeof(over)), &out, &e), ERR_TOO_BIG);
	assert_int_equal(out.len, 0);
	buf_release(&out);
	buf_init(&out, 48);
	assert_int_equal(vault_seal(vault, place, BYTES_LIT("four"), &out, &e), ERR_TOO_BIG);
	assert_int_equal(out.len, 0);
	buf_release(&out);
}

static void the_same_secret_looks_different_each_time(void **state)
{
	struct buf a, b;
	seal(&a, BYTES_LIT("P@ssw0rd"));
	seal(&b, BYTES_LIT("P@ssw0rd"));
	assert_memory_equal(a.p, b.p, 5); /* format and key id */
	assert_false(bytes_equal(BYTES(a.p + 5, a.len - 5), BYTES(b.p + 5, b.len - 5)));
	assert_null(memmem(a.p, a.len, "P@ss", 4));
	buf_release(&a);
	buf_release(&b);
}

static void refused(struct vault_place at, struct bytes sealed)
{
	struct secret s = SECRET_INIT;
	struct err e = ERR_INIT;
	assert_int_equal(vault_unseal(vault, at, sealed, &s, &e), ERR_TAMPERED);
	assert_int_equal(e.code, ERR_TAMPERED);
	assert_null(s.p);
}

static void any_changed_bit_and_any_cut_is_noticed(void **state)
{
	struct buf sealed;
	seal(&sealed, BYTES_LIT("P@ssw0rd"));
	for (size_t i = 0; i < sealed.len * 8; i++) {
		sealed.p[i / 8] ^= (uint8_t)(1 << i % 8);
		refused(place, buf_bytes(&sealed));
		sealed.p[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	for (size_t len = 0; len < sealed.len; len++) {
		uint8_t *exact = malloc(len + 1);
		memcpy(exact, sealed.p, len);
		refused(place, BYTES(exact, len));
		free(exact);
	}
	assert_int_equal(buf_addc(&sealed, 0), 0);
	refused(place, buf_bytes(&sealed));
	static uint8_t huge[VAULT_SEALED_MAX + 1];
	memcpy(huge, sealed.p, 5);
	refused(place, BYTES(huge, sizeof(huge)));
	buf_release(&sealed);
}

static void a_value_opens_only_in_its_own_place(void **state)
{
	static const struct vault_place others[] = {
		{"credential", 8, "secret", 3},
		{"credential", 7, "secret", 2},
		{"credential", 7, "secret", 4},
		{"credential", 7, "pending", 3},
		{"device", 7, "secret", 3},
		{"credentialsecret", 7, "", 3},
		{"", 7, "credentialsecret", 3},
		{"credential", 3, "secret", 7},
		{"secret", 7, "credential", 3},
		{"credentials", 7, "ecret", 3},
		{"credential", UINT64_C(7) << 32, "secret", 3},
	};
	struct buf sealed;
	seal(&sealed, BYTES_LIT("P@ssw0rd"));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		refused(others[i], buf_bytes(&sealed));
	buf_release(&sealed);
}

static void another_key_does_not_open_it(void **state)
{
	struct buf sealed;
	seal(&sealed, BYTES_LIT("P@ssw0rd"));
	struct vault *was = vault;
	vault = NULL;
	assert_int_equal(unlink(path), 0);
	assert_int_equal(vault_open(path, true, &vault, NULL), 0);
	refused(place, buf_bytes(&sealed));
	vault_close(was);
	buf_release(&sealed);
}

static void the_same_key_file_opens_it_later(void **state)
{
	struct buf sealed;
	struct secret s = SECRET_INIT;
	struct stat st;
	seal(&sealed, BYTES_LIT("P@ssw0rd"));
	vault_close(vault);
	vault = NULL;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(vault_open(path, true, &vault, NULL), 0);
	assert_int_equal(vault_unseal(vault, place, buf_bytes(&sealed), &s, NULL), 0);
	secret_release(&s);
	buf_release(&sealed);
}

static int open_code(struct err *e)
{
	struct vault *v = NULL;
	int rc = vault_open(path, true, &v, e);
	assert_int_equal(v != NULL, rc == 0);
	vault_close(v);
	return rc;
}

static void a_key_file_that_others_may_read_is_refused(void **state)
{
	static const int bad[] = {0604, 0640, 0644, 0660, 0666, 0601, 0610, 0620};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err e = ERR_INIT;
		assert_int_equal(chmod(path, (mode_t)bad[i]), 0);
		assert_int_equal(open_code(&e), ERR_INVALID);
		assert_non_null(strstr(e.msg, "open to others"));
	}
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(setenv("CREDENTIALS_DIRECTORY", "/tmp", 1), 0);
	assert_int_equal(open_code(NULL), 0);
	assert_int_equal(setenv("CREDENTIALS_DIRECTORY", "/tm", 1), 0);
	assert_int_equal(open_code(NULL), ERR_INVALID);
	assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
	assert_int_equal(chmod(path, 0400), 0);
	assert_int_equal(open_code(NULL), 0);
}

/* Each byte of a key file changed: refused, or a key that opens nothing of the old one. Each cut is refused. */
static void a_damaged_key_file_opens_nothing(void **state)
{
	struct buf good, sealed;
	buf_init(&good, 1000);
	assert_int_equal(file_read(path, &good, NULL), 0);
	seal(&sealed, BYTES_LIT("P@ssw0rd"));
	for (size_t i = 0; i < good.len; i++) {
		good.p[i] ^= 1;
		assert_int_equal(file_write(path, 0600, buf_bytes(&good), NULL), 0);
		good.p[i] ^= 1;
		vault_close(vault);
		vault = NULL;
		if (vault_open(path, true, &vault, NULL) == 0)
			refused(place, buf_bytes(&sealed));
		assert_int_equal(file_write(path, 0600, BYTES(good.p, i), NULL), 0);
		assert_int_equal(open_code(NULL), ERR_INVALID);
	}
	buf_addc(&good, '\n');
	assert_int_equal(file_write(path, 0600, buf_bytes(&good), NULL), 0);
	assert_int_equal(open_code(NULL), ERR_INVALID);
	buf_release(&good);
	buf_release(&sealed);
}

static void a_missing_key_file_is_made_only_when_asked(void **state)
{
	struct vault *v = NULL;
	struct err e = ERR_INIT;
	assert_int_equal(vault_open("/tmp/no-such-folder/key", true, &v, &e), ERR_NOT_FOUND);
	assert_int_equal(rename(path, "/tmp/test_base_vault.away"), 0);
	assert_int_equal(vault_open(path, false, &v, &e), ERR_NOT_FOUND);
	assert_null(v);
	assert_int_not_equal(access(path, F_OK), 0);
	assert_int_equal(rename("/tmp/test_base_vault.away", path), 0);
	assert_int_equal(vault_open("/tmp", false, &v, &e), ERR_INVALID);
	vault_close(NULL);
}

#define WITH_VAULT(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_VAULT(what_is_sealed_opens_at_every_length),
		WITH_VAULT(the_same_secret_looks_different_each_time),
		WITH_VAULT(any_changed_bit_and_any_cut_is_noticed),
		WITH_VAULT(a_value_opens_only_in_its_own_place),
		WITH_VAULT(another_key_does_not_open_it),
		WITH_VAULT(the_same_key_file_opens_it_later),
		WITH_VAULT(a_key_file_that_others_may_read_is_refused),
		WITH_VAULT(a_damaged_key_file_opens_nothing),
		WITH_VAULT(a_missing_key_file_is_made_only_when_asked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
