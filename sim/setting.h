/* setting.h - the rows of setting.tbl.h as a struct of numbers, by name for people. */
#ifndef SIM_SETTING_H
#define SIM_SETTING_H

#include <stddef.h>
#include <stdint.h>

struct err;

struct settings {
#define SETTING(name, id, def, least, most, unit, sentence) int64_t id;
#include "setting.tbl.h"
#undef SETTING
};

struct setting_row {
	const char *name;
	int64_t def, least, most;
	const char *unit, *sentence;
	size_t offset; /* in struct settings */
};

extern const struct setting_row setting_rows[];
extern const size_t setting_count;

void settings_init(struct settings *s); /* defaults */
int64_t setting_get(const struct settings *s, const struct setting_row *row);
/* "name=value". ERR_INVALID says what is wrong and leaves s as it was. */
int settings_set(struct settings *s, const char *assignment, struct err *e);

#endif
