#include "directory/person.h"

#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/text.h"

struct person *person_new(int64_t source)
{
	struct person *p = mem_alloc(sizeof(*p));
	p->source = source;
	return p;
}

void person_free(struct person *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->group_count; i++)
		free(p->groups[i]);
	free(p->groups);
	free(p->subject);
	free(p->login);
	free(p->name);
	free(p);
}

int person_set(char **to, const char *what, struct bytes text, struct err *e)
{
	if (text.len > PERSON_TEXT_MAX)
		return err_set(e, ERR_TOO_BIG, "%s has more than %d bytes", what, PERSON_TEXT_MAX);
	if (!text.len || !text_is_printable(text))
		return err_set(e, ERR_MALFORMED, "%s is empty or holds characters that cannot be shown", what);
	free(*to);
	*to = bytes_dup_str(text);
	return 0;
}

int person_add_group(struct person *p, struct bytes name, struct err *e)
{
	char *copy = NULL;
	if (p->group_count == PERSON_GROUPS_MAX)
		return err_set(e, ERR_TOO_BIG, "more than %d groups", PERSON_GROUPS_MAX);
	int rc = person_set(&copy, "the name of a group", name, e);
	if (rc)
		return rc;
	if (person_is_in(p, copy)) {
		free(copy);
		return 0;
	}
	if (!p->groups)
		p->groups = mem_array(PERSON_GROUPS_MAX, sizeof(p->groups[0]));
	p->groups[p->group_count++] = copy;
	return 0;
}

static bool is_joint(char c)
{
	return c == ',' || c == '=' || c == '+';
}

/* The next character that counts, in lower case; 0 at the end. A blank counts that is not next to a joint or an end. */
static char next(const char **at, char before)
{
	const char *p = *at;
	size_t blanks = strspn(p, " ");
	char after = p[blanks];
	if (blanks && (!before || is_joint(before) || !after || is_joint(after)))
		p += blanks;
	char c = *p;
	*at = c ? p + 1 : p;
	return c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
}

bool person_same_group(const char *a, const char *b)
{
	char of_a = 0, of_b = 0;
	do {
		of_a = next(&a, of_a);
		of_b = next(&b, of_b);
	} while (of_a && of_a == of_b);
	return of_a == of_b;
}

bool person_is_in(const struct person *p, const char *group)
{
	for (size_t i = 0; i < p->group_count; i++)
		if (p->is_exact ? strcmp(p->groups[i], group) == 0 : person_same_group(p->groups[i], group))
			return true;
	return false;
}
