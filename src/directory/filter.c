#include "directory/filter.h"

#include <string.h>

#include "base/err.h"

#define HOLE "{login}"

void filter_escape(struct buf *out, struct bytes value)
{
	for (size_t i = 0; i < value.len; i++) {
		uint8_t c = value.p[i];
		if (c > ' ' && c < 0x7f && !strchr("*()\\", c))
			(void)buf_addc(out, (char)c); /* the buf remembers */
		else
			(void)buf_addf(out, "\\%02x", c);
	}
}

int filter_check(const char *template, struct err *e)
{
	int depth = 0;
	bool ended = false;
	if (template[0] != '(')
		return err_set(e, ERR_INVALID, "filter \"%s\" does not begin with a parenthesis", template);
	for (const char *p = template; *p; p++) {
		if (ended)
			return err_set(e, ERR_INVALID, "filter \"%s\" goes on behind its end", template);
		depth += *p == '(' ? 1 : *p == ')' ? -1 : 0;
		ended = depth == 0;
	}
	if (depth)
		return err_set(e, ERR_INVALID, "filter \"%s\" has a parenthesis that nothing closes", template);
	if (!strstr(template, HOLE))
		return err_set(e, ERR_INVALID, "filter \"%s\" does not say where the login goes: " HOLE, template);
	return 0;
}

int filter_fill(const char *template, struct bytes login, struct buf *out, struct err *e)
{
	for (const char *p = template; *p;) {
		if (strncmp(p, HOLE, strlen(HOLE)) == 0) {
			filter_escape(out, login);
			p += strlen(HOLE);
		} else {
			(void)buf_addc(out, *p++); /* checked below */
		}
	}
	return buf_check(out, e, "search filter");
}
