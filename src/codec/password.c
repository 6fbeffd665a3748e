#include "codec/password.h"

#include "base/base.h"
#include "base/err.h"

#define TEXT_SIZE 320

static void add_words(char *to, const char *words)
{
	size_t n = strlen(to);
	(void)snprintf(to + n, TEXT_SIZE - n, "%s%s", n ? ", " : "", words);
}

struct classes {
	bool upper, lower, digit, special, colon, comma, quote, strange;
};

static void classify(struct bytes password, struct classes *c)
{
	for (size_t i = 0; i < password.len; i++) {
		uint8_t ch = password.p[i];
		c->upper |= ch >= 'A' && ch <= 'Z';
		c->lower |= ch >= 'a' && ch <= 'z';
		c->digit |= ch >= '0' && ch <= '9';
		c->colon |= ch == ':';
		c->comma |= ch == ',';
		c->quote |= ch == '"';
		c->strange |= ch < 0x20 || ch > 0x7e;
		c->special |= ch && strchr("!#$%&'()*+-./;<=>?@[\\]^`{|}~", ch);
	}
}

int password_check(struct bytes password, struct err *e)
{
	struct classes c = {false};
	char wrong[TEXT_SIZE] = "";
	classify(password, &c);
	const struct {
		bool is_so;
		const char *words;
	} rules[] = {
		{password.len < PASSWORD_LEN_MIN, "is shorter than 8 characters"},
		{password.len > PASSWORD_LEN_MAX, "is longer than 32 characters"},
		{!c.upper, "lacks an upper case letter"},
		{!c.lower, "lacks a lower case letter"},
		{!c.digit, "lacks a digit"},
		{!c.special, "lacks a special character (underscore does not count)"},
		{c.colon, "holds a colon"},
		{c.comma, "holds a comma"},
		{c.quote, "holds a double quote"},
		{c.strange, "holds a character that is not printable ASCII"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		if (rules[i].is_so)
			add_words(wrong, rules[i].words);
	return *wrong ? err_set(e, ERR_PASSWORD_RULE, "the password %s", wrong) : 0;
}

/* One byte a character, those that would favour some characters drawn again. */
static char draw(void (*random)(void *to, size_t len))
{
	static const char letters[] = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789!#$%*+-=?@";
	const size_t count = sizeof(letters) - 1;
	uint8_t b;
	do
		random(&b, 1);
	while (b >= 256 / count * count);
	return letters[b % count];
}

void password_make(void (*random)(void *to, size_t len), struct secret *ret)
{
	char text[PASSWORD_MADE_LEN];
	do
		for (size_t i = 0; i < sizeof(text); i++)
			text[i] = draw(random);
	while (password_check(BYTES(text, sizeof(text)), NULL));
	secret_set(ret, text, sizeof(text));
	secret_wipe(text, sizeof(text));
}
