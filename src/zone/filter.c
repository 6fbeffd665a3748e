#include "zone/filter.h"

#include "amt/act.h"
#include "base/base.h"
#include "base/err.h"

static bool is_power(const char *word)
{
	static const int states[] = {
#define POWER_STATE(name, number, word, is_on, is_off) number,
#include "amt/power.tbl.h"
#undef POWER_STATE
	};
	for (size_t i = 0; i < ARRAY_LEN(states); i++)
		if (strcmp(power_state_name(states[i]), word) == 0)
			return true;
	return false;
}

static bool is_known(enum devfilter_key k, const char *word)
{
	static const char *const sources[] = {"rmcp", "tcp", "hello", "add", "import"};
	enum store_amt_mode mode;
	bool found = false;
	if (k == DEVFILTER_MODE)
		return store_amt_mode_from_name(word, &mode);
	if (k == DEVFILTER_POWER)
		return is_power(word);
	for (size_t i = 0; i < ARRAY_LEN(sources); i++)
		found = found || strcmp(sources[i], word) == 0;
	return found;
}

static int check_use(const struct devfilter *f, enum filter_use use, struct err *e)
{
	static const bool not_for[][DEVFILTER_KEY_COUNT] = {
		[FILTER_DEVICES] = {[DEVFILTER_SOURCE] = true},
		[FILTER_NEW] = {[DEVFILTER_FOLDER] = true,
				[DEVFILTER_MODE] = true,
				[DEVFILTER_POWER] = true,
				[DEVFILTER_NOT_SEEN] = true},
	};
	for (int k = 0; k < DEVFILTER_KEY_COUNT; k++)
		if (not_for[use][k] && devfilter_uses(f, (enum devfilter_key)k))
			return err_set(e, ERR_INVALID, "filter: %s: is known only of a device that is %s",
				       devfilter_key_name((enum devfilter_key)k),
				       use == FILTER_NEW ? "there already" : "being made");
	return 0;
}

int filter_parse(const char *text, enum filter_use use, struct devfilter **ret, struct err *e)
{
	struct devfilter *f;
	int rc = devfilter_parse(text, is_known, &f, e);
	if (rc)
		return rc;
	rc = check_use(f, use, e);
	if (rc)
		devfilter_free(f);
	else
		*ret = f;
	return rc;
}

int64_t filter_unseen(const struct store_device_view *v, int64_t now)
{
	int64_t since = v->state.seen_at > v->device.created_at ? v->state.seen_at : v->device.created_at;
	return now > since ? now - since : 0;
}

void filter_facts(const struct store_device_view *v, int64_t now, struct devfilter_facts *ret)
{
	*ret = (struct devfilter_facts){
		.folder = v->folder_path,
		.name = v->device.name,
		.tags = v->tags,
		.amt = v->state.version,
		.mode = store_amt_mode_name(v->amt.mode),
		.power = v->state.power_at ? power_state_name(v->state.power) : NULL,
		.unseen_ms = filter_unseen(v, now),
	};
	ret->has_address = range_addr_parse(bytes_str(v->amt.host), &ret->address, NULL) == 0;
}
