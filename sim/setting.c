#include "setting.h"

#include "base/base.h"
#include "base/err.h"
#include "base/text.h"

const struct setting_row setting_rows[] = {
#define SETTING(name, id, def, least, most, unit, sentence)                                                            \
	{name, def, least, most, unit, sentence, offsetof(struct settings, id)},
#include "setting.tbl.h"
#undef SETTING
};
const size_t setting_count = ARRAY_LEN(setting_rows);

static int64_t *setting_at(struct settings *s, const struct setting_row *row)
{
	return (int64_t *)(void *)((char *)s + row->offset);
}

void settings_init(struct settings *s)
{
	for (size_t i = 0; i < setting_count; i++)
		*setting_at(s, &setting_rows[i]) = setting_rows[i].def;
}

int64_t setting_get(const struct settings *s, const struct setting_row *row)
{
	return *(const int64_t *)(const void *)((const char *)s + row->offset);
}

int settings_set(struct settings *s, const char *assignment, struct err *e)
{
	const char *eq = strchr(assignment, '=');
	size_t len = eq ? (size_t)(eq - assignment) : strlen(assignment);
	const struct setting_row *row = NULL;
	int64_t v;

	for (size_t i = 0; i < setting_count && !row; i++)
		if (bytes_equal_str(BYTES(assignment, len), setting_rows[i].name))
			row = &setting_rows[i];
	if (!row)
		return err_set(e, ERR_INVALID, "no setting \"%.*s\" (amtsim --help lists them)", (int)len, assignment);
	if (!eq || !text_to_i64(bytes_str(eq + 1), &v) || v < row->least || v > row->most)
		return err_set(e, ERR_INVALID, "setting \"%s\" takes a whole number from %lld to %lld (%s)", row->name,
			       (long long)row->least, (long long)row->most, row->unit);
	*setting_at(s, row) = v;
	return 0;
}
