/* The rules of features M176-M179, line by line, and the evaluator against a naive one that walks up the tree. */
#include "codec/right.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"
#include "base/rng.h"
#include "codec/api.h"

#define A RIGHT_ALLOW
#define D RIGHT_DENY
#define U RIGHT_UNSET

/* M177: most restrictive wins; a role's unset leaves it to the other assignments. */
static void the_most_restrictive_wins(void **state)
{
	static const struct {
		enum right_effect by_role, direct;
		bool may;
	} rows[] = {
		{U, U, false}, {U, A, true},  {U, D, false}, {A, U, true},  {A, A, true},
		{A, D, false}, {D, U, false}, {D, A, false}, {D, D, false},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct rights s = RIGHTS_INIT;
		rights_add(&s, RIGHT_DEVICE_VIEW, rows[i].by_role, RIGHT_TREE_ZONE, "/");
		rights_add(&s, RIGHT_DEVICE_VIEW, rows[i].direct, RIGHT_TREE_DEVICE, "/Workstations/");
		assert_int_equal(rights_may(&s, RIGHT_DEVICE_VIEW, "/Workstations/"), rows[i].may);
		assert_int_equal(rights_may(&s, RIGHT_DEVICE_VIEW, "/Workstations/lab/"), rows[i].may);
		rights_release(&s);
	}
}

/* M176: a right works in its folder and below, and nowhere else. */
static void a_folder_covers_those_below_it_and_no_other(void **state)
{
	static const struct {
		const char *path;
		bool may;
	} rows[] = {
		{"/Workstations/lab/", true},
		{"/Workstations/lab/a/", true},
		{"/Workstations/lab/a/b/", true},
		{"/Workstations/", false},
		{"/", false},
		{"/Workstations/lab2/", false},
		{"/Workstations/other/", false},
		{"/Servers/lab/", false},
	};
	struct rights s = RIGHTS_INIT;
	rights_add(&s, RIGHT_DEVICE_MODIFY, RIGHT_ALLOW, RIGHT_TREE_DEVICE, "/Workstations/lab/");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(rights_may(&s, RIGHT_DEVICE_MODIFY, rows[i].path), rows[i].may);
	assert_false(rights_may(&s, RIGHT_DEVICE_VIEW, "/Workstations/lab/"));
	assert_true(rights_may_somewhere(&s, RIGHT_DEVICE_MODIFY));
	assert_false(rights_may_somewhere(&s, RIGHT_DEVICE_VIEW));
	rights_release(&s);
}

/* M176, M181: administrator, zone, discovery and deployment are rights of the zone; no folder gives them. */
static void a_folder_gives_nothing_of_the_zone_or_of_the_other_tree(void **state)
{
	struct rights s = RIGHTS_INIT;
	rights_add_role(&s, RIGHT_ROLE_ADMINISTRATOR, RIGHT_TREE_DEVICE, "/Workstations/");
	for (size_t i = 0; i < RIGHT_COUNT; i++) {
		enum right_id r = (enum right_id)i;
		assert_int_equal(rights_may(&s, r, "/Workstations/"), right_tree(r) == RIGHT_TREE_DEVICE);
	}
	rights_release(&s);
	rights_add_role(&s, RIGHT_ROLE_ADMINISTRATOR, RIGHT_TREE_VAULT, "/amt/");
	for (size_t i = 0; i < RIGHT_COUNT; i++) {
		enum right_id r = (enum right_id)i;
		assert_int_equal(rights_may(&s, r, "/amt/"), right_tree(r) == RIGHT_TREE_VAULT);
	}
	rights_release(&s);
	rights_add_role(&s, RIGHT_ROLE_ADMINISTRATOR, RIGHT_TREE_ZONE, "/");
	for (size_t i = 0; i < RIGHT_COUNT; i++)
		assert_true(rights_may_below(&s, (enum right_id)i, "/"));
	rights_release(&s);
}

/* M179: denying View Leaf denies all others of credentials; unset does not. */
static void denying_view_leaf_denies_all_rights_of_credentials(void **state)
{
	static const enum right_id others[] = {RIGHT_CREDENTIAL_MODIFY, RIGHT_CREDENTIAL_CREATE,
					       RIGHT_CREDENTIAL_FOLDER_MODIFY, RIGHT_CREDENTIAL_FOLDER_CREATE};
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		struct rights s = RIGHTS_INIT;
		rights_add(&s, others[i], RIGHT_ALLOW, RIGHT_TREE_VAULT, "/amt/");
		assert_true(rights_may(&s, others[i], "/amt/lab/"));
		assert_true(rights_may_below(&s, others[i], "/amt/"));
		rights_add(&s, RIGHT_CREDENTIAL_VIEW, RIGHT_DENY, RIGHT_TREE_VAULT, "/amt/lab/");
		assert_false(rights_may(&s, others[i], "/amt/lab/"));
		assert_false(rights_may(&s, others[i], "/amt/lab/deeper/"));
		assert_true(rights_may(&s, others[i], "/amt/"));
		assert_false(rights_may_below(&s, others[i], "/amt/"));
		rights_release(&s);
	}
	struct rights s = RIGHTS_INIT;
	rights_add(&s, RIGHT_DEVICE_MODIFY, RIGHT_ALLOW, RIGHT_TREE_ZONE, "/");
	rights_add(&s, RIGHT_DEVICE_VIEW, RIGHT_DENY, RIGHT_TREE_ZONE, "/");
	assert_true(rights_may(&s, RIGHT_DEVICE_MODIFY, "/a/")); /* said of credentials only */
	rights_release(&s);
}

/* M178: what the roles were promised to be. */
static void roles_are_what_their_sentence_says(void **state)
{
	for (size_t i = 0; i < RIGHT_COUNT; i++) {
		enum right_id r = (enum right_id)i;
		const char *name = right_name(r), *dot = strchr(name, '.');
		bool view = strcmp(dot, ".view") == 0;
		bool of_administrators = strcmp(name, "administrator.view") == 0 || strcmp(name, "audit.view") == 0;
		bool power = strcmp(name, "power.switch") == 0;
		bool operates = power || strcmp(name, "power.test") == 0 || strcmp(name, "console.open") == 0 ||
				strcmp(name, "message.acknowledge") == 0;
		assert_true(right_role_allows(RIGHT_ROLE_ADMINISTRATOR, r));
		assert_int_equal(right_role_allows(RIGHT_ROLE_POWER, r), power);
		assert_int_equal(right_role_allows(RIGHT_ROLE_VIEWER, r), view && !of_administrators);
		assert_int_equal(right_role_allows(RIGHT_ROLE_OPERATOR, r), operates || (view && !of_administrators));
		assert_int_equal(right_role_allows(RIGHT_ROLE_AUDITOR, r), view);
	}
}

static void rights_and_roles_have_names(void **state)
{
	for (size_t i = 0; i < RIGHT_COUNT; i++) {
		enum right_id r;
		assert_true(right_from_name(right_name((enum right_id)i), &r));
		assert_int_equal(r, i);
		assert_true(*right_sentence(r));
	}
	for (size_t i = 0; i < RIGHT_ROLE_COUNT; i++) {
		enum right_role r;
		assert_true(right_role_from_name(right_role_name((enum right_role)i), &r));
		assert_int_equal(r, i);
		assert_true(*right_role_sentence(r));
	}
	enum right_id r;
	enum right_role role;
	assert_false(right_from_name("login", &r));
	assert_false(right_from_name("", &r));
	assert_false(right_role_from_name("admin", &role));
	assert_string_equal(right_name(RIGHT_OPEN), "open");
}

static void what_limits_a_set_denies_with_it(void **state)
{
	struct rights owner = RIGHTS_INIT, token = RIGHTS_ALL;
	rights_add(&owner, RIGHT_DEVICE_VIEW, RIGHT_ALLOW, RIGHT_TREE_DEVICE, "/a/");
	token.within = &owner;
	assert_true(rights_may(&token, RIGHT_DEVICE_VIEW, "/a/b/"));
	assert_false(rights_may(&token, RIGHT_DEVICE_VIEW, "/b/"));
	assert_false(rights_may_below(&token, RIGHT_DEVICE_VIEW, "/"));
	assert_true(rights_may_somewhere(&token, RIGHT_DEVICE_VIEW));
	assert_false(rights_may_somewhere(&token, RIGHT_DEVICE_MODIFY));
	rights_add(&owner, RIGHT_DEVICE_VIEW, RIGHT_DENY, RIGHT_TREE_DEVICE, "/a/b/");
	assert_false(rights_may(&token, RIGHT_DEVICE_VIEW, "/a/b/"));
	assert_false(rights_may_below(&token, RIGHT_DEVICE_VIEW, "/a/"));
	rights_release(&owner);
}

static void nobody_gives_what_he_has_not(void **state)
{
	struct rights giver = RIGHTS_INIT, before = RIGHTS_INIT, after = RIGHTS_INIT;
	enum right_id r = RIGHT_COUNT;
	const char *path = NULL;
	rights_add(&giver, RIGHT_POWER_SWITCH, RIGHT_ALLOW, RIGHT_TREE_DEVICE, "/a/");
	rights_add(&after, RIGHT_POWER_SWITCH, RIGHT_ALLOW, RIGHT_TREE_DEVICE, "/a/b/");
	assert_true(rights_may_give(&giver, &before, &after, &r, &path));
	rights_add(&giver, RIGHT_POWER_SWITCH, RIGHT_DENY, RIGHT_TREE_DEVICE, "/a/b/c/"); /* below what is given */
	assert_false(rights_may_give(&giver, &before, &after, &r, &path));
	assert_int_equal(r, RIGHT_POWER_SWITCH);
	assert_string_equal(path, "/a/b/c/");
	assert_true(rights_may_give(&giver, &after, &before, &r, &path)); /* to take is not to give */
	assert_true(rights_may_give(&giver, &after, &after, &r, &path));
	rights_release(&after);
	rights_add(&before, RIGHT_DEVICE_VIEW, RIGHT_ALLOW, RIGHT_TREE_ZONE, "/");
	rights_add(&after, RIGHT_DEVICE_VIEW, RIGHT_ALLOW, RIGHT_TREE_ZONE, "/");
	rights_add(&before, RIGHT_DEVICE_VIEW, RIGHT_DENY, RIGHT_TREE_DEVICE, "/a/");
	assert_false(rights_may_give(&giver, &before, &after, &r, &path)); /* to lift a denial is */
	assert_int_equal(r, RIGHT_DEVICE_VIEW);
	assert_string_equal(path, "/a/");
	rights_release(&giver);
	rights_release(&before);
	rights_release(&after);
}

/* Folders of a small tree, with names that are prefixes of each other; the last two levels are named by no set. */
static const char *const folders[] = {
	"/",     "/a/",     "/ab/",    "/b/",     "/a/a/",     "/a/ab/", "/a/b/",
	"/b/a/", "/a/a/a/", "/a/a/b/", "/a/b/a/", "/a/a/a/x/", "/ab/y/", "/b/a/z/w/",
};
#define NAMED 11

struct said {
	enum right_id right;
	enum right_effect effect;
	enum right_tree at;
	size_t folder;
};

static const enum right_id asked[] = {RIGHT_DEVICE_VIEW,       RIGHT_POWER_SWITCH,      RIGHT_CREDENTIAL_VIEW,
				      RIGHT_CREDENTIAL_MODIFY, RIGHT_CREDENTIAL_CREATE, RIGHT_ZONE_MODIFY,
				      RIGHT_DISCOVERY_SCAN};

static size_t make(struct rng *rng, struct said *said, size_t most, struct rights *s)
{
	size_t n = rng_below(rng, most + 1);
	*s = RIGHTS_INIT;
	for (size_t i = 0; i < n; i++) {
		struct said *w = &said[i];
		w->right = asked[rng_below(rng, ARRAY_LEN(asked))];
		w->effect = rng_below(rng, 4) ? RIGHT_ALLOW : RIGHT_DENY;
		w->at = (enum right_tree)rng_below(rng, 3);
		w->folder = w->at == RIGHT_TREE_ZONE ? 0 : rng_below(rng, NAMED);
		rights_add(s, w->right, w->effect, w->at, folders[w->folder]);
	}
	return n;
}

/* Where a right is looked for: up the tree, folder by folder; those of the zone only at the zone. */
static bool up(char *path)
{
	size_t len = strlen(path);
	if (len == 1)
		return false;
	path[len - 1] = 0;
	strrchr(path, '/')[1] = 0;
	return true;
}

static bool naive(const struct said *said, size_t n, enum right_id r, const char *folder)
{
	static const enum right_id of_vault[] = {RIGHT_CREDENTIAL_MODIFY, RIGHT_CREDENTIAL_CREATE};
	bool allowed = false, denied = false, has_leaf = false;
	char path[64];
	for (size_t i = 0; i < ARRAY_LEN(of_vault); i++)
		has_leaf = has_leaf || r == of_vault[i];
	(void)snprintf(path, sizeof(path), "%s", right_tree(r) == RIGHT_TREE_ZONE ? "/" : folder);
	do {
		for (size_t i = 0; i < n; i++) {
			const struct said *w = &said[i];
			if (strcmp(folders[w->folder], path) != 0)
				continue;
			if (w->at != RIGHT_TREE_ZONE && w->at != right_tree(w->right))
				continue; /* said at a place that the right knows nothing of */
			bool same = w->right == r;
			bool leaf = has_leaf && w->right == RIGHT_CREDENTIAL_VIEW;
			allowed = allowed || (same && w->effect == RIGHT_ALLOW);
			denied = denied || ((same || leaf) && w->effect == RIGHT_DENY);
		}
	} while (up(path));
	return allowed && !denied;
}

static void the_evaluator_agrees_with_a_naive_one(void **state)
{
	struct rng rng;
	rng_init(&rng, 20261122);
	for (int round = 0; round < 3000; round++) {
		struct said said[12];
		struct rights s;
		size_t n = make(&rng, said, ARRAY_LEN(said), &s);
		for (size_t k = 0; k < ARRAY_LEN(asked); k++) {
			bool somewhere = false;
			for (size_t f = 0; f < ARRAY_LEN(folders); f++) {
				bool may = naive(said, n, asked[k], folders[f]), below = true;
				for (size_t g = 0; g < ARRAY_LEN(folders); g++)
					if (strncmp(folders[g], folders[f], strlen(folders[f])) == 0)
						below = below && naive(said, n, asked[k], folders[g]);
				assert_int_equal(rights_may(&s, asked[k], folders[f]), may);
				assert_int_equal(rights_may_below(&s, asked[k], folders[f]), below);
				somewhere = somewhere || may;
			}
			assert_int_equal(rights_may_somewhere(&s, asked[k]), somewhere);
		}
		rights_release(&s);
	}
}

static void giving_agrees_with_a_naive_look_at_every_folder(void **state)
{
	struct rng rng;
	rng_init(&rng, 177);
	int refused = 0;
	for (int round = 0; round < 3000; round++) {
		struct said said[3][8];
		struct rights s[3];
		size_t n[3];
		enum right_id r;
		const char *path;
		bool fine = true;
		for (size_t i = 0; i < 3; i++)
			n[i] = make(&rng, said[i], ARRAY_LEN(said[i]), &s[i]);
		for (size_t k = 0; k < ARRAY_LEN(asked); k++)
			for (size_t f = 0; f < ARRAY_LEN(folders); f++)
				fine = fine && (!naive(said[2], n[2], asked[k], folders[f]) ||
						naive(said[1], n[1], asked[k], folders[f]) ||
						naive(said[0], n[0], asked[k], folders[f]));
		assert_int_equal(rights_may_give(&s[0], &s[1], &s[2], &r, &path), fine);
		refused += !fine;
		for (size_t i = 0; i < 3; i++)
			rights_release(&s[i]);
	}
	assert_in_range(refused, 300, 2900); /* both answers were asked for */
}

static void every_right_says_whether_its_commands_are_always_audited(void **state)
{
	for (size_t i = 0; i < RIGHT_COUNT; i++)
		if (right_audit((enum right_id)i) == RIGHT_AUDIT_UNSAID)
			fail_msg("the category of right %s has no row in codec/right.tbl.h",
				 right_name((enum right_id)i));
	assert_int_equal(right_audit(RIGHT_LOGIN), RIGHT_AUDIT_ALWAYS);
	assert_int_equal(right_audit(RIGHT_OPEN), RIGHT_AUDIT_ALWAYS);
	assert_int_equal(right_audit(RIGHT_DEVICE_MODIFY), RIGHT_AUDIT_SWITCHED);
}

/* Threat "rogue administrator": nothing that decides who may do what, or what secrets there are, can be done unseen. */
static void no_setting_hides_changes_of_rights_accounts_and_secrets(void **state)
{
	static const char *const nouns[] = {
		"admin",
		"admin-group",
		"role",
		"right",
		"token",
		"session",
		"login",
		"logout",
		"setup",
		"credential",
		"credential-folder",
		"target",
		"setting",
		"audit",
		"zone",
		"certificate",
		"directory",
		"provider",
	};
	size_t seen = 0;
	for (size_t i = 0; i < API_CMD_COUNT; i++) {
		const struct api_command *c = api_command((enum api_command_id)i);
		for (size_t k = 0; k < ARRAY_LEN(nouns) && c->kind == API_WRITE; k++) {
			if (strcmp(c->noun, nouns[k]) != 0)
				continue;
			seen++;
			if (right_audit(c->right) != RIGHT_AUDIT_ALWAYS)
				fail_msg("%s %s needs %s, which audit-changes hides", c->noun, c->verb,
					 right_name(c->right));
		}
	}
	assert_true(seen >= 35);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_most_restrictive_wins),
		cmocka_unit_test(a_folder_covers_those_below_it_and_no_other),
		cmocka_unit_test(a_folder_gives_nothing_of_the_zone_or_of_the_other_tree),
		cmocka_unit_test(denying_view_leaf_denies_all_rights_of_credentials),
		cmocka_unit_test(roles_are_what_their_sentence_says),
		cmocka_unit_test(rights_and_roles_have_names),
		cmocka_unit_test(what_limits_a_set_denies_with_it),
		cmocka_unit_test(nobody_gives_what_he_has_not),
		cmocka_unit_test(the_evaluator_agrees_with_a_naive_one),
		cmocka_unit_test(every_right_says_whether_its_commands_are_always_audited),
		cmocka_unit_test(no_setting_hides_changes_of_rights_accounts_and_secrets),
		cmocka_unit_test(giving_agrees_with_a_naive_look_at_every_folder),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
