#include "api/read.h"
#include "base/base.h"
#include "base/err.h"
#include "store/rule.h"
#include "zone/rule.h"

/* Names of the groups of a rule, in the arena. */
struct names {
	struct read *r;
	const char *v[RULE_GROUPS_MAX];
	size_t count;
};

static int see_group(void *arg, int64_t group, const char *name)
{
	struct names *n = arg;
	if (n->count < RULE_GROUPS_MAX)
		n->v[n->count++] = arena_str(n->r->arena, bytes_str(name));
	return 0;
}

static int read_names(struct read *r, int64_t rule, struct names *ret, struct err *e)
{
	*ret = (struct names){.r = r};
	return store_rule_group_list(r->db, rule, see_group, ret, e);
}

static int put_rule(void *arg, const struct store_rule *row)
{
	struct read *r = arg;
	struct api_writer w;
	struct names groups;
	if (row->place <= read_after_id(r))
		return 0;
	if (!read_take(r))
		return 1;
	int code = read_names(r, row->id, &groups, NULL);
	if (code)
		return code;
	api_begin(&w, &r->json, NULL, API_OBJECT_rule);
	api_put_int(&w, "id", row->id);
	api_put_int(&w, "place", row->place);
	api_put_str(&w, "name", row->name);
	api_put_str(&w, "filter", row->filter);
	api_put_str(&w, "folder", read_scope_name(r, STORE_SCOPE_FOLDER, row->folder));
	api_put_list(&w, "tags", row->tags, ',');
	api_put_strs(&w, "groups", groups.v, groups.count);
	api_end(&w);
	read_key_id(r, row->place);
	return 0;
}

int read_RULE_LIST(struct read *r, struct err *e)
{
	int code = store_rule_list(r->db, put_rule, r, e);
	return code < 0 ? code : 0;
}

static int put_test(struct read *r, const struct rule *rule, struct err *e)
{
	struct api_writer w;
	struct names groups = {.count = 0};
	const char *folder = "/Workstations/";
	int code = rule ? read_names(r, rule->id, &groups, e) : 0;
	if (code)
		return code;
	if (rule)
		folder = read_scope_name(r, STORE_SCOPE_FOLDER, rule->folder);
	api_begin(&w, &r->json, NULL, API_OBJECT_rule_test);
	api_put_str(&w, "rule", rule ? rule->name : NULL);
	api_put_str(&w, "folder", folder);
	api_put_list(&w, "tags", rule ? rule->tags : "", ',');
	api_put_strs(&w, "groups", groups.v, groups.count);
	api_put_str(&w, "sentence",
		    rule ? arena_printf(r->arena, "rule '%s' fits first and puts it into %s", rule->name, folder)
			 : "no rule fits, so it goes into /Workstations/");
	api_end(&w);
	return 0;
}

int read_RULE_TEST(struct read *r, struct err *e)
{
	struct rules *rules;
	const char *address = api_str(r->call, "address");
	struct devfilter_facts d = {
		.name = api_str(r->call, "name"),
		.amt = api_str(r->call, "amt-version"),
		.tags = api_str(r->call, "tag"),
		.source = api_str(r->call, "source"),
		.has_address = address != NULL,
		.unseen_ms = -1,
	};
	int code = address ? range_addr_parse(bytes_str(address), &d.address, e) : 0;
	code = code ? code : rules_load(r->db, &rules, e);
	if (code)
		return code;
	code = put_test(r, rules_find(rules, &d), e);
	rules_free(rules);
	return code;
}
