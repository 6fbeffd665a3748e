#include "base/vault.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"
#include "base/err.h"
#include "base/file.h"
#include "base/rng.h"
#include "base/text.h"

#define KEY_LEN    crypto_aead_xchacha20poly1305_ietf_KEYBYTES
#define NONCE_LEN  crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_LEN    crypto_aead_xchacha20poly1305_ietf_ABYTES
#define KEY_ID_LEN 4
#define FORMAT     1
#define HEAD_LEN   (1 + KEY_ID_LEN + NONCE_LEN)
#define PLACE_MAX  256

/* A key file is this line, the key in hex, and a newline. */
static const char file_head[] = "lamplighter vault key 1\n";
#define FILE_LEN (sizeof(file_head) - 1 + 2 * KEY_LEN + 1)

struct vault {
	uint8_t *key; /* on guarded pages, read-only after vault_open */
	uint8_t key_id[KEY_ID_LEN];
};

static void start_sodium(void)
{
	ASSERT(sodium_init() >= 0);
}

/* systemd guards the files of its credentials folder itself; their mode may show a group through an access list. */
static bool is_systemd_credential(const char *path)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	size_t len = folder ? strlen(folder) : 0;
	return len && strncmp(path, folder, len) == 0 && path[len] == '/' && !strstr(path, "/../");
}

static int check_rights(int fd, const char *path, struct err *e)
{
	struct stat st;
	if (fstat(fd, &st) != 0)
		return err_set_sys(e, ERR_SYSTEM, errno, "look at key file \"%s\"", path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_INVALID, "key file \"%s\" is not a file", path);
	if ((st.st_mode & 07) || ((st.st_mode & 070) && !is_systemd_credential(path)))
		return err_set(e, ERR_INVALID, "key file \"%s\" is open to others (mode %04o): change it to 0600", path,
			       (unsigned)st.st_mode & 07777);
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return err_set(e, ERR_INVALID, "key file \"%s\" belongs to another user (%u)", path,
			       (unsigned)st.st_uid);
	return 0;
}

static int parse_key(struct bytes content, uint8_t key[KEY_LEN])
{
	struct buf plain = {.p = key, .cap = KEY_LEN + 1, .max = KEY_LEN};
	if (content.len != FILE_LEN || !bytes_starts_with(content, file_head) || content.p[FILE_LEN - 1] != '\n')
		return ERR_INVALID;
	return hex_decode(BYTES(content.p + sizeof(file_head) - 1, 2 * KEY_LEN), &plain);
}

/* key has room for KEY_LEN + 1 bytes. */
static int read_key(const char *path, uint8_t *key, struct err *e)
{
	uint8_t content[FILE_LEN + 1];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return err_set_sys(e, errno == ENOENT ? ERR_NOT_FOUND : ERR_SYSTEM, errno, "open key file \"%s\"",
				   path);
	int rc = check_rights(fd, path, e);
	ssize_t n = rc ? 0 : read(fd, content, sizeof(content));
	if (n < 0)
		rc = err_set_sys(e, ERR_SYSTEM, errno, "read key file \"%s\"", path);
	if (rc == 0 && parse_key(BYTES(content, (size_t)n), key) != 0)
		rc = err_set(e, ERR_INVALID, "\"%s\" is not a key file", path);
	(void)close(fd); /* only read */
	secret_wipe(content, sizeof(content));
	return rc;
}

static int make_key_file(const char *path, struct err *e)
{
	uint8_t key[KEY_LEN], content[FILE_LEN + 1];
	struct buf b = {.p = content, .cap = sizeof(content), .max = FILE_LEN};
	rng_secret(key, sizeof(key));
	buf_adds(&b, file_head);
	hex_encode(&b, BYTES(key, sizeof(key)));
	buf_addc(&b, '\n');
	int rc = file_write(path, 0600, buf_bytes(&b), e);
	secret_wipe(key, sizeof(key));
	secret_wipe(content, sizeof(content));
	return rc ? err_wrap(e, rc, "make the vault's key file") : 0;
}

/* Tells keys apart without saying anything about them. */
static void set_key_id(struct vault *v)
{
	uint8_t hash[crypto_generichash_BYTES];
	static const uint8_t purpose[] = "lamplighter vault key id";
	crypto_generichash(hash, sizeof(hash), purpose, sizeof(purpose) - 1, v->key, KEY_LEN);
	memcpy(v->key_id, hash, KEY_ID_LEN);
}

int vault_open(const char *key_path, bool create, struct vault **ret, struct err *e)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, start_sodium);
	struct vault *v = mem_alloc(sizeof(*v));
	v->key = sodium_malloc(KEY_LEN + 1);
	ASSERT(v->key);
	struct err why = ERR_INIT;
	int rc = read_key(key_path, v->key, &why);
	if (rc == ERR_NOT_FOUND && create) {
		rc = make_key_file(key_path, &why);
		if (rc == 0)
			rc = read_key(key_path, v->key, &why);
	}
	if (rc) {
		if (e)
			*e = why;
		goto out;
	}
	set_key_id(v);
	sodium_mprotect_readonly(v->key);
	*ret = v;
	v = NULL;
out:
	vault_close(v);
	return rc;
}

void vault_close(struct vault *v)
{
	if (!v)
		return;
	sodium_free(v->key);
	free(v);
}

/* What is authenticated beside the plain text. Texts carry their length, so that no two places read alike. */
static void write_place(const struct vault *v, struct vault_place place, struct buf *out)
{
	buf_addc(out, FORMAT);
	buf_add(out, v->key_id, KEY_ID_LEN);
	const char *const texts[] = {place.table, place.field};
	const uint64_t numbers[] = {place.row, place.version};
	for (size_t i = 0; i < 2; i++) {
		buf_add_be32(out, (uint32_t)strlen(texts[i]));
		buf_adds(out, texts[i]);
		buf_add_be32(out, (uint32_t)(numbers[i] >> 32));
		buf_add_be32(out, (uint32_t)numbers[i]);
	}
	ASSERT(!out->failed); /* the names of tables and fields are ours */
}

int vault_seal(const struct vault *v, struct vault_place place, struct bytes plain, struct buf *out, struct err *e)
{
	uint8_t memory[PLACE_MAX + 1];
	struct buf ad = {.p = memory, .cap = sizeof(memory), .max = PLACE_MAX};
	write_place(v, place, &ad);
	if (plain.len > VAULT_PLAIN_MAX)
		return err_set(e, ERR_TOO_BIG, "a secret of %zu bytes is longer than %d", plain.len, VAULT_PLAIN_MAX);
	size_t len = HEAD_LEN + plain.len + TAG_LEN;
	uint8_t *to = buf_reserve(out, len);
	if (!to)
		return err_set(e, ERR_TOO_BIG, "no room for a sealed value of %zu bytes", len);
	to[0] = FORMAT;
	memcpy(to + 1, v->key_id, KEY_ID_LEN);
	uint8_t *nonce = to + 1 + KEY_ID_LEN;
	rng_secret(nonce, NONCE_LEN);
	crypto_aead_xchacha20poly1305_ietf_encrypt(to + HEAD_LEN, NULL, plain.p, plain.len, ad.p, ad.len, NULL, nonce,
						   v->key);
	buf_commit(out, len);
	return 0;
}

static int check_head(const struct vault *v, struct bytes sealed, struct err *e)
{
	if (sealed.len < HEAD_LEN + TAG_LEN || sealed.len > VAULT_SEALED_MAX)
		return err_set(e, ERR_TAMPERED, "a sealed value has %zu bytes", sealed.len);
	if (sealed.p[0] != FORMAT)
		return err_set(e, ERR_TAMPERED, "a sealed value has the unknown format %u", (unsigned)sealed.p[0]);
	if (memcmp(sealed.p + 1, v->key_id, KEY_ID_LEN) != 0)
		return err_set(e, ERR_TAMPERED, "a sealed value belongs to another key file");
	return 0;
}

int vault_unseal(const struct vault *v, struct vault_place place, struct bytes sealed, struct secret *ret,
		 struct err *e)
{
	int rc = check_head(v, sealed, e);
	if (rc)
		return err_wrap(e, rc, "open %s of %s %llu", place.field, place.table, (unsigned long long)place.row);
	uint8_t memory[PLACE_MAX + 1], plain[VAULT_PLAIN_MAX];
	struct buf ad = {.p = memory, .cap = sizeof(memory), .max = PLACE_MAX};
	write_place(v, place, &ad);
	unsigned long long len = 0;
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(plain, &len, NULL, sealed.p + HEAD_LEN, sealed.len - HEAD_LEN,
						       ad.p, ad.len, sealed.p + 1 + KEY_ID_LEN, v->key) != 0)
		return err_set(e, ERR_TAMPERED, "open %s of %s %llu: it was changed or moved", place.field, place.table,
			       (unsigned long long)place.row);
	secret_set(ret, plain, (size_t)len);
	secret_wipe(plain, sizeof(plain));
	return 0;
}
