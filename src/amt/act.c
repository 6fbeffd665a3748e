#include "amt/act.h"

#include <ctype.h>
#include <string.h>

#include "base/base.h"

static const struct verb_row {
	enum verb verb;
	const char *name, *sentence;
	bool changes, harmful;
	int order;
} verbs[] = {
#define VERB(name, number, order, changes, harmful, sentence) {VERB_##name, #name, sentence, changes, harmful, order},
#include "amt/verb.tbl.h"
#undef VERB
};

static const struct state_row {
	int state;
	const char *word;
	bool is_on, is_off;
} states[] = {
#define POWER_STATE(name, number, word, is_on, is_off) {POWER_STATE_##name, word, is_on, is_off},
#include "amt/power.tbl.h"
#undef POWER_STATE
};

/* "STATUS" is spelled once, in the table; people see the lower-case form. */
static char names[ARRAY_LEN(verbs)][16];

__attribute__((constructor)) static void fill_names(void)
{
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		for (size_t j = 0; verbs[i].name[j] && j + 1 < sizeof(names[i]); j++)
			names[i][j] = (char)tolower((unsigned char)verbs[i].name[j]);
}

/* NULL for a number that is no verb: it may come from a database. */
static const struct verb_row *verb_row(enum verb v)
{
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		if (verbs[i].verb == v)
			return &verbs[i];
	return NULL;
}

const char *verb_name(enum verb v)
{
	const struct verb_row *row = verb_row(v);
	return row ? names[row - verbs] : "?";
}

bool verb_from_name(const char *name, enum verb *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		if (strcmp(names[i], name) == 0) {
			*ret = verbs[i].verb;
			return true;
		}
	return false;
}

bool verb_changes_power(enum verb v)
{
	const struct verb_row *row = verb_row(v);
	return row && row->changes;
}

bool verb_is_harmful(enum verb v)
{
	const struct verb_row *row = verb_row(v);
	return row && row->harmful;
}

bool verb_boots(enum verb v)
{
	return v == VERB_ON || v == VERB_RESET || v == VERB_CYCLE;
}

bool verb_sets_up(enum verb v)
{
	return v == VERB_ADOPT || v == VERB_PROVISION || v == VERB_UNPROVISION;
}

int verb_order(enum verb v)
{
	const struct verb_row *row = verb_row(v);
	return row ? row->order : 0;
}

const char *verb_sentence(enum verb v)
{
	const struct verb_row *row = verb_row(v);
	return row ? row->sentence : "";
}

static const struct state_row *state_row(int state)
{
	for (size_t i = 0; i < ARRAY_LEN(states); i++)
		if (states[i].state == state)
			return &states[i];
	return NULL;
}

const char *power_state_name(int state)
{
	const struct state_row *row = state_row(state);
	return row ? row->word : "other";
}

bool power_state_is_on(int state)
{
	const struct state_row *row = state_row(state);
	return row && row->is_on;
}

bool power_state_is_off(int state)
{
	const struct state_row *row = state_row(state);
	return row && row->is_off;
}

/* The longest part of text that fits into room and ends with a whole character. */
static size_t fitting(struct bytes text, size_t room)
{
	if (text.len <= room)
		return text.len;
	while (room && (text.p[room] & 0xc0) == 0x80)
		room--;
	return room;
}

void act_outcome_set_detail(struct act_outcome *o, const char *text)
{
	struct bytes all = bytes_str(text);
	struct buf escaped;
	buf_init(&escaped, 4096);
	if (!text_is_printable(all)) {
		text_escape(&escaped, all);
		all = buf_bytes(&escaped);
	}
	size_t len = fitting(all, sizeof(o->detail) - 1);
	if (len)
		memcpy(o->detail, all.p, len);
	o->detail[len] = 0;
	buf_release(&escaped);
}
