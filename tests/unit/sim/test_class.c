#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/base.h"
#include "class.h"
#include "fixture.h"

typedef void (*visit)(const struct class *c, const struct get *g);

/* Calls visit for every instance of every class of every profile. */
static void for_all(visit v)
{
	for (size_t i = 0; i < profile_count; i++) {
		struct sim *s = fixture_new(profiles[i].name, 1);
		struct get g = {.s = s, .d = &s->devices[0], .p = &profiles[i]};

		for (size_t f = 0; f < class_file_count; f++)
			for (const struct class *const *c = class_files[f]; *c; c++)
				for (uint32_t k = 0; class_is_there(*c, &g) && class_instance_at(*c, &g, k); k++)
					v(*c, &g);
		sim_free(s);
	}
}

/* Wire order: ASCII order of names; a name may come twice for different firmware. */
static void properties_stand_in_ascii_order(void **state)
{
	for (size_t f = 0; f < class_file_count; f++)
		for (const struct class *const *c = class_files[f]; *c; c++)
			for (size_t i = 1; i < (*c)->prop_count; i++) {
				const struct prop *a = &(*c)->props[i - 1], *b = &(*c)->props[i];
				int order = strcmp(a->name, b->name);

				if (order > 0 || (order == 0 && (a->until == 0 || a->until > b->since)))
					fail_msg("%s: %s before %s", (*c)->name, a->name, b->name);
			}
}

static void class_names_are_known_to_the_codec_and_unique(void **state)
{
	for (size_t f = 0; f < class_file_count; f++)
		for (const struct class *const *c = class_files[f]; *c; c++) {
			assert_non_null(wsman_class_prefix(bytes_str((*c)->name)));
			assert_ptr_equal(class_find(bytes_str((*c)->name)), *c);
		}
	assert_null(class_find(BYTES_LIT("CIM_Nothing")));
}

static bool is_number(struct bytes t)
{
	uint64_t u;
	int64_t i;

	return text_to_u64(t, &u) || text_to_i64(t, &i);
}

static void check_value(const struct class *c, const struct prop *p, struct bytes v)
{
	int64_t ms;
	struct buf b;

	buf_init(&b, MORE_VALUE_MAX);
	if ((p->type == PROP_INT && !is_number(v)) ||
	    (p->type == PROP_BOOL && !bytes_equal_str(v, "true") && !bytes_equal_str(v, "false")) ||
	    (p->type == PROP_DATETIME && !clock_parse((const char *)v.p, &ms)) ||
	    (p->type == PROP_BASE64 && base64_decode(v, &b) != 0))
		fail_msg("%s.%s is not of its type: \"%.*s\"", c->name, p->name, (int)v.len, v.p);
	buf_release(&b);
}

static void check_values(const struct class *c, const struct get *g)
{
	struct values v;

	for (size_t i = 0; i < c->prop_count; i++) {
		const struct prop *p = &c->props[i];

		if (!prop_is_there(p, g->p))
			continue;
		prop_values(c, p, g, &v);
		if (!(p->flags & PROP_ARRAY) && v.count > 1)
			fail_msg("%s.%s has %u values", c->name, p->name, v.count);
		if ((p->flags & PROP_KEY) && v.count != 1)
			fail_msg("%s.%s is a key without a value", c->name, p->name);
		for (unsigned k = 0; k < v.count; k++)
			check_value(c, p, v.v[k]);
	}
}

static void check_references(const struct class *c, const struct get *g)
{
	struct values v;

	for (size_t i = 0; i < c->prop_count; i++) {
		struct wsman_epr epr;
		struct get to = *g;
		const struct class *target;

		if (c->props[i].type != PROP_EPR || !prop_is_there(&c->props[i], g->p))
			continue;
		prop_values(c, &c->props[i], g, &v);
		for (unsigned k = 0; k < v.count; k++) {
			assert_true(epr_from_text(v.v[k], &epr));
			target = class_find(epr.class_name);
			if (!target || !class_is_there(target, g) ||
			    !class_select(target, &to, epr.selectors, epr.selector_count))
				fail_msg("%s (%s): %s leads nowhere: %.*s", c->name, g->p->name, c->props[i].name,
					 (int)v.v[k].len, v.v[k].p);
		}
	}
}

static void check_keys(const struct class *c, const struct get *g)
{
	struct wsman_selector sel[WSMAN_MAX_SELECTORS];
	struct values v[4];
	struct get found = *g;
	size_t n = 0;

	for (size_t i = 0; i < c->prop_count && n < ARRAY_LEN(v); i++) {
		const struct prop *p = &c->props[i];

		if (!(p->flags & PROP_KEY) || p->type == PROP_EPR)
			continue;
		prop_values(c, p, g, &v[n]);
		sel[n] = (struct wsman_selector){.name = bytes_str(p->name), .value = v[n].v[0]};
		n++;
	}
	if (n == 0)
		return;
	assert_true(class_select(c, &found, sel, n));
	if (found.instance != g->instance)
		fail_msg("%s: keys of instance %u name instance %u", c->name, g->instance, found.instance);
}

static void check_instance(const struct class *c, const struct get *g)
{
	check_values(c, g);
	check_references(c, g);
	check_keys(c, g);
}

static void values_have_their_type_references_lead_somewhere_and_keys_tell_apart(void **state)
{
	for_all(check_instance);
}

static void each_processor_has_its_chip_and_each_disk_its_package(void **state)
{
	struct sim *s = fixture_new("12", 1);
	struct get g = {.s = s, .d = &s->devices[0], .p = device_profile(&s->devices[0])};

	assert_int_equal(class_static_count(class_find(BYTES_LIT("CIM_Chip")), &g),
			 class_static_count(class_find(BYTES_LIT("CIM_Processor")), &g));
	assert_int_equal(class_static_count(class_find(BYTES_LIT("CIM_PhysicalPackage")), &g),
			 class_static_count(class_find(BYTES_LIT("CIM_MediaAccessDevice")), &g));
	sim_free(s);
}

static void classes_are_there_by_generation_and_model(void **state)
{
	static const struct {
		const char *profile, *class_name;
		bool there;
	} rows[] = {
		{"5.2", "IPS_OptInService", false},
		{"7.1", "IPS_OptInService", true},
		{"5.2", "CIM_KVMRedirectionSAP", false},
		{"8.1", "CIM_KVMRedirectionSAP", true},
		{"11.8", "CIM_Battery", false},
		{"11.8-notebook", "CIM_Battery", true},
		{"9.5", "IPS_PowerManagementService", false},
		{"11.8", "IPS_PowerManagementService", true},
		{"5.2", "IPS_HostBasedSetupService", false},
		{"7.1", "IPS_HostBasedSetupService", true},
		{"15", "AMT_WiFiPortConfigurationService", false},
		{"15-notebook", "AMT_WiFiPortConfigurationService", true},
		{"7.1", "IPS_AlarmClockOccurrence", false},
		{"8.1", "IPS_AlarmClockOccurrence", true},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct get g = {.p = profile_find(rows[i].profile)};

		assert_int_equal(class_is_there(class_find(bytes_str(rows[i].class_name)), &g), rows[i].there);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(properties_stand_in_ascii_order),
		cmocka_unit_test(class_names_are_known_to_the_codec_and_unique),
		cmocka_unit_test(values_have_their_type_references_lead_somewhere_and_keys_tell_apart),
		cmocka_unit_test(each_processor_has_its_chip_and_each_disk_its_package),
		cmocka_unit_test(classes_are_there_by_generation_and_model),
	};

	return cmocka_run_group_tests_name("sim/class", tests, NULL, NULL);
}
