#include "wire/logins.h"

#include "base/err.h"
#include "base/vault.h"
#include "codec/password.h"
#include "wire/kit.h"

/* A letter of each kind that firmware asks for, then as many of all: 24 of 64 signs are 144 bits. */
#define DRAWN_LEN 24
#define LOWER     "abcdefghijkmnopqrstuvwxyz"
#define UPPER     "ABCDEFGHJKLMNPQRSTUVWXYZ"
#define DIGIT     "23456789"
#define SPECIAL   "!#$%*+-"
#define SIGNS     LOWER UPPER DIGIT SPECIAL
_Static_assert(sizeof(SIGNS) - 1 == 64, "each random byte gives one sign, all alike often");

bool logins_next(struct act_start *order, uint8_t *at)
{
	const struct act_setup *s = order->setup;
	const struct act_login *l = NULL;
	while (s && !l && *at < LOGIN_NEXT) {
		const struct act_login *other = ++*at == LOGIN_BEFORE ? &s->before : &s->next;
		if (other->sealed_len && other->credential != order->at.credential)
			l = other;
	}
	if (l)
		logins_take(&order->at, l);
	return l != NULL;
}

void logins_take(struct act_interface *at, const struct act_login *l)
{
	memcpy(at->login, l->login, sizeof(at->login));
	at->credential = l->credential;
	at->credential_version = l->credential_version;
	at->sealed_len = l->sealed_len;
	memcpy(at->sealed, l->sealed, l->sealed_len);
	at->factory = false;
	at->digest.nonce[0] = 0;
}

static struct vault_place place_of(const struct act_login *l)
{
	return (struct vault_place){"credential", l->credential, "secret", l->credential_version};
}

/* Drawn anew until each kind is there: nine of ten are. */
static void draw(struct wire_kit *kit, char to[DRAWN_LEN])
{
	uint8_t random[DRAWN_LEN];
	do {
		kit_random(kit, random, sizeof(random));
		for (size_t i = 0; i < DRAWN_LEN; i++)
			to[i] = SIGNS[random[i] % 64];
	} while (password_check(BYTES((const uint8_t *)to, DRAWN_LEN), NULL));
	secret_wipe(random, sizeof(random));
}

int logins_draw(struct wire_kit *kit, struct act_login *l, struct err *e)
{
	char password[DRAWN_LEN];
	struct buf sealed;
	buf_init(&sealed, sizeof(l->sealed));
	draw(kit, password);
	int rc = vault_seal(kit->vault, place_of(l), BYTES((const uint8_t *)password, sizeof(password)), &sealed, e);
	secret_wipe(password, sizeof(password));
	if (!rc) {
		l->sealed_len = (uint16_t)sealed.len;
		memcpy(l->sealed, sealed.p, sealed.len);
	}
	buf_release(&sealed);
	return rc;
}

int logins_open(const struct wire_kit *kit, const struct act_login *l, struct secret *ret, struct err *e)
{
	return vault_unseal(kit->vault, place_of(l), BYTES(l->sealed, l->sealed_len), ret, e);
}
