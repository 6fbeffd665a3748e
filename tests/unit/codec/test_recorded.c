/* Replies that real firmware gave, if there are any at hand: LAMPLIGHTER_RECORDED names a folder of *.xml. A public
 * set is in the test suite of device-management-toolkit/go-wsman-messages. Skipped when the variable is not set; with
 * LAMPLIGHTER_NO_SKIP=1 that is a failure. */
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/base.h"
#include "base/err.h"
#include "codec/auditlog.h"
#include "codec/cim.h"
#include "codec/eventlog.h"

static struct xml_parser *parser;
static int files_read, instances_read, outputs_read;

/* A reader for each class of the table, and how many instances of it were seen. */
#define CIM_CLASS(S, class)                                                                                            \
	static int read_##S(const struct xml_node *n, struct err *e)                                                   \
	{                                                                                                              \
		struct cim_##S v;                                                                                      \
		return cim_##S##_read(n, &v, e);                                                                       \
	}
#define CIM_CLASS_END(S)
#define CIM_STR(S, property, field, room, flags)
#define CIM_BOOL(S, property, field, flags)
#define CIM_U64(S, property, field, flags)
#define CIM_U64S(S, property, field, room, flags)
#define CIM_UUID(S, property, field, flags)
#define CIM_MAC(S, property, field, flags)
#define CIM_DATA(S, property, field, room, flags)
#define CIM_TIME(S, property, field, flags)
#include "codec/cim.tbl.h"
#undef CIM_CLASS

static struct {
	const char *class_name;
	int (*read)(const struct xml_node *n, struct err *e);
	int seen;
} readers[] = {
#define CIM_CLASS(S, class) {class, read_##S, 0},
#include "codec/cim.tbl.h"
#include "codec/cim_undef.h"
};

/* Of these the public set holds instances. */
static const char *const expected[] = {
	"CIM_AssociatedPowerManagementService",
	"IPS_PowerManagementService",
	"AMT_GeneralSettings",
	"CIM_SoftwareIdentity",
	"AMT_SetupAndConfigurationService",
	"IPS_HostBasedSetupService",
	"CIM_ComputerSystemPackage",
	"AMT_EthernetPortSettings",
	"AMT_BootSettingData",
	"AMT_BootCapabilities",
	"AMT_RedirectionService",
	"IPS_OptInService",
	"CIM_KVMRedirectionSAP",
};

static int is_xml(const char *path)
{
	size_t len = strlen(path);
	return len > 4 && strcmp(path + len - 4, ".xml") == 0;
}

static void read_whole(const char *path, struct buf *out)
{
	char part[4096];
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	size_t n;
	while ((n = fread(part, 1, sizeof(part), f)) > 0)
		assert_int_equal(buf_add(out, part, n), 0);
	assert_int_equal(fclose(f), 0);
}

static void read_instance(const char *path, const struct xml_node *n)
{
	struct err e = ERR_INIT;
	for (size_t i = 0; i < ARRAY_LEN(readers); i++) {
		if (!wsman_is_of_class(n, readers[i].class_name))
			continue;
		if (readers[i].read(n, &e))
			fail_msg("%s: %s", path, e.msg);
		readers[i].seen++;
		instances_read++;
	}
}

static void read_output(const char *path, const struct wsman_reply *r)
{
	static const char end[] = "_OUTPUT";
	char method[64];
	struct err e = ERR_INIT;
	const struct xml_node *output;
	uint32_t value;
	struct bytes name = r->body->name;
	if (name.len <= sizeof(end) - 1 || strcmp((const char *)name.p + name.len - (sizeof(end) - 1), end) != 0)
		return;
	assert_true(bytes_to_str(BYTES(name.p, name.len - (sizeof(end) - 1)), method, sizeof(method)));
	if (strcmp(method, "GetUuid") == 0)
		return; /* written by hand, without a ReturnValue */
	if (wsman_method_read(r, method, &output, &value, &e))
		fail_msg("%s: %s", path, e.msg);
	outputs_read++;
}

static void read_file(const char *path)
{
	struct buf text;
	struct wsman_reply r;
	struct wsman_context context;
	const struct xml_node *items = NULL;
	struct err e = ERR_INIT;
	buf_init(&text, XML_MAX_LEN);
	read_whole(path, &text);
	if (wsman_reply_parse(parser, buf_bytes(&text), &r, &e))
		fail_msg("%s: %s", path, e.msg);
	assert_true(r.action.len > 0);
	bool may_be_empty = strstr((const char *)r.action.p, "/DeleteResponse");
	if (!r.body && !may_be_empty)
		fail_msg("%s: no body", path);
	if (r.body) {
		read_instance(path, r.body);
		read_output(path, &r);
		if (wsman_pull_read(&r, &context, &items, NULL) == 0)
			for (const struct xml_node *n = items ? items->child : NULL; n; n = n->next)
				read_instance(path, n);
	}
	buf_release(&text);
	files_read++;
}

static int on_path(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	if (type == FTW_F && is_xml(path))
		read_file(path);
	return 0;
}

static void every_recorded_reply_is_read(void **state)
{
	const char *folder = getenv("LAMPLIGHTER_RECORDED");
	if (!folder)
		fail_msg("LAMPLIGHTER_RECORDED is not set");
	parser = xml_parser_new();
	assert_int_equal(nftw(folder, on_path, 16, FTW_PHYS), 0);
	xml_parser_free(parser);
	print_message("# %d recorded files read, %d instances, %d method outputs\n", files_read, instances_read,
		      outputs_read);
	assert_true(files_read > 0);
	for (size_t i = 0; i < ARRAY_LEN(expected); i++)
		for (size_t j = 0; j < ARRAY_LEN(readers); j++)
			if (strcmp(expected[i], readers[j].class_name) == 0 && readers[j].seen == 0)
				fail_msg("no instance of %s among them", expected[i]);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(every_recorded_reply_is_read)};
	const char *no_skip = getenv("LAMPLIGHTER_NO_SKIP");
	if (!getenv("LAMPLIGHTER_RECORDED") && (!no_skip || strcmp(no_skip, "1") != 0)) {
		printf("1..0 # SKIP no folder of recorded replies is named\n");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
