#include "lampd/setup.h"

#include <sodium.h>
#include <stdio.h>
#include <unistd.h>

#include "base/base.h"
#include "base/err.h"
#include "base/file.h"
#include "base/log.h"
#include "base/rng.h"
#include "base/secret.h"
#include "store/store.h"
#include "zone/entitle.h"

void setup_make(struct setup *ret)
{
	uint8_t random[24];
	rng_secret(random, sizeof(random));
	(void)snprintf(ret->token, sizeof(ret->token), "setup_");
	(void)sodium_bin2hex(ret->token + strlen("setup_"), 2 * sizeof(random) + 1, random, sizeof(random));
	(void)crypto_hash_sha256(ret->hash, (const uint8_t *)ret->token, strlen(ret->token)); /* cannot fail */
	secret_wipe(random, sizeof(random));
}

static int count(const char *database, int64_t *ret, struct err *e)
{
	struct db *db = NULL;
	int code = store_open(database, DB_READ_ONLY, 0, &db, e);
	code = code ? code : entitle_count_administrators(db, ret, e);
	db_close(db);
	return code;
}

static int write_token(const struct setup *s, const char *path, struct err *e)
{
	struct buf text;
	buf_init(&text, sizeof(s->token) + 1);
	(void)buf_addf(&text, "%s\n", s->token); /* fits */
	int code = file_write(path, 0600, buf_bytes(&text), e);
	secret_wipe(text.p, text.cap);
	buf_release(&text);
	return code ? err_wrap(e, code, "setup token") : 0;
}

static void say(const struct setup *s, const char *path)
{
	log_event(LOG_NOTICE,
		  "no administrator yet; the server's own user and root can make one, or whoever has the setup token",
		  LOG_S("file", path));
	if (isatty(STDOUT_FILENO))
		(void)printf("lampd: there is no administrator yet. Make one with:\n"
			     "lampd:   lamp setup NAME --setup-token %s\n",
			     s->token);
}

int setup_offer(struct setup *s, const char *database, const char *path, struct err *e)
{
	int64_t administrators = 0;
	int code = count(database, &administrators, e);
	if (!code && administrators)
		(void)unlink(path); /* mostly there is none */
	else if (!code)
		code = write_token(s, path, e);
	if (!code && !administrators)
		say(s, path);
	secret_wipe(s->token, sizeof(s->token));
	return code;
}
