/* Compares our requests with those of another library, which requests.js prints to our standard input: one a line,
 * name, tab, XML. Both trees must have the same elements in the same order, with the same namespaces, local names,
 * texts and attributes; only the MessageID's text and the prefixes may differ. Each name must come exactly once. */
#include "base/base.h"
#include "base/err.h"
#include "codec/auditlog.h"
#include "codec/cim.h"
#include "codec/eventlog.h"

static const struct uuid id = {{1}};

static int plain(struct buf *out, enum wsman_op op, const char *class_name, const char *context)
{
	struct wsman_request rq = {.op = op, .class_name = class_name, .context = bytes_str(context), .message_id = id};
	return wsman_request_write(out, &rq, NULL);
}

static int selected(struct buf *out, enum wsman_op op, const char *class_name, const char *instance_id)
{
	struct wsman_selector s = {.name = BYTES_LIT("InstanceID"), .value = bytes_str(instance_id)};
	struct wsman_request rq = {
		.op = op, .class_name = class_name, .selectors = &s, .selector_count = 1, .message_id = id};
	return wsman_request_write(out, &rq, NULL);
}

static int method(struct buf *out, const char *class_name, const char *name)
{
	struct wsman_request rq = {.op = WSMAN_METHOD, .class_name = class_name, .method = name, .message_id = id};
	return wsman_request_write(out, &rq, NULL);
}

static int put_boot(struct buf *out)
{
	struct cim_boot b = {.bios_setup = true,
			     .use_sol = true,
			     .element_name = "Intel(r) AMT Boot Configuration Settings",
			     .instance_id = "Intel(r) AMT:BootSettingData 0",
			     .owning_entity = "Intel(r) AMT"};
	CIM_GIVE(boot, &b, bios_pause);
	CIM_GIVE(boot, &b, bios_setup);
	CIM_GIVE(boot, &b, media_index);
	CIM_GIVE(boot, &b, bootguard_status); /* read-only, and so left out */
	CIM_GIVE(boot, &b, configuration_reset);
	CIM_GIVE(boot, &b, element_name);
	CIM_GIVE(boot, &b, enforce_secure_boot);
	CIM_GIVE(boot, &b, verbosity);
	CIM_GIVE(boot, &b, progress_events);
	CIM_GIVE(boot, &b, ider_device);
	CIM_GIVE(boot, &b, instance_id);
	CIM_GIVE(boot, &b, lock_keyboard);
	CIM_GIVE(boot, &b, owning_entity);
	CIM_GIVE(boot, &b, reflash_bios);
	CIM_GIVE(boot, &b, use_ider);
	CIM_GIVE(boot, &b, use_sol);
	CIM_GIVE(boot, &b, user_password_bypass);
	return cim_boot_put(out, &id, &b, NULL);
}

static int put_redirection(struct buf *out)
{
	struct cim_redirection r = {.enabled_state = 32771, .listener_enabled = true};
	CIM_GIVE(redirection, &r, enabled_state);
	CIM_GIVE(redirection, &r, listener_enabled);
	return cim_redirection_put(out, &id, &r, NULL);
}

/* A row for each request: its name there, and how we write it. */
#define SETUP "AMT_SetupAndConfigurationService"
#define POWER "CIM_ServiceAvailableToElement"
#define REQUESTS(ROW)                                                                                                  \
	ROW("enumerate power", plain(out, WSMAN_ENUMERATE, POWER, NULL))                                               \
	ROW("pull power", plain(out, WSMAN_PULL, POWER, "53000000-0000-0000-0000-000000000000"))                       \
	ROW("power on", cim_power_change_write(out, &id, CIM_POWER_ON, NULL))                                          \
	ROW("power cycle", cim_power_change_write(out, &id, CIM_POWER_CYCLE_OFF_SOFT, NULL))                           \
	ROW("power off", cim_power_change_write(out, &id, CIM_POWER_OFF_SOFT, NULL))                                   \
	ROW("reset", cim_power_change_write(out, &id, CIM_POWER_RESET, NULL))                                          \
	ROW("OS full power", cim_os_power_write(out, &id, 2, NULL))                                                    \
	ROW("get OS power", plain(out, WSMAN_GET, "IPS_PowerManagementService", NULL))                                 \
	ROW("enumerate software", plain(out, WSMAN_ENUMERATE, "CIM_SoftwareIdentity", NULL))                           \
	ROW("pull software", plain(out, WSMAN_PULL, "CIM_SoftwareIdentity", "5"))                                      \
	ROW("get general", plain(out, WSMAN_GET, "AMT_GeneralSettings", NULL))                                         \
	ROW("get setup", plain(out, WSMAN_GET, SETUP, NULL))                                                           \
	ROW("get UUID", method(out, SETUP, CIM_GET_UUID))                                                              \
	ROW("get host setup", plain(out, WSMAN_GET, "IPS_HostBasedSetupService", NULL))                                \
	ROW("get system package", plain(out, WSMAN_GET, "CIM_ComputerSystemPackage", NULL))                            \
	ROW("get ethernet",                                                                                            \
	    selected(out, WSMAN_GET, "AMT_EthernetPortSettings", "Intel(r) AMT Ethernet Port Settings 0"))             \
	ROW("get boot capabilities", plain(out, WSMAN_GET, "AMT_BootCapabilities", NULL))                              \
	ROW("get boot", plain(out, WSMAN_GET, "AMT_BootSettingData", NULL))                                            \
	ROW("put boot", put_boot(out))                                                                                 \
	ROW("boot role", cim_boot_role_write(out, &id, CIM_BOOT_ROLE_NEXT_ONCE, NULL))                                 \
	ROW("boot PXE", cim_boot_order_write(out, &id, "Intel(r) AMT: Force PXE Boot", NULL))                          \
	ROW("boot disk", cim_boot_order_write(out, &id, "Intel(r) AMT: Force Hard-drive Boot", NULL))                  \
	ROW("boot CD", cim_boot_order_write(out, &id, "Intel(r) AMT: Force CD/DVD Boot", NULL))                        \
	ROW("boot normally", cim_boot_order_write(out, &id, NULL, NULL))                                               \
	ROW("boot not next", cim_boot_role_write(out, &id, CIM_BOOT_ROLE_NOT_NEXT, NULL))                              \
	ROW("get consent", plain(out, WSMAN_GET, "IPS_OptInService", NULL))                                            \
	ROW("get redirection", plain(out, WSMAN_GET, "AMT_RedirectionService", NULL))                                  \
	ROW("redirection on", cim_state_change_write(out, &id, "AMT_RedirectionService", 32771, NULL))                 \
	ROW("put redirection", put_redirection(out))                                                                   \
	ROW("KVM on", cim_state_change_write(out, &id, "CIM_KVMRedirectionSAP", 2, NULL))                              \
	ROW("audit records", auditlog_read_write(out, &id, 11, NULL))                                                  \
	ROW("first event", eventlog_first_write(out, &id, NULL))                                                       \
	ROW("events", eventlog_get_write(out, &id, 1, EVENTLOG_MAX_RECORDS, NULL))                                     \
	ROW("commit", method(out, SETUP, "CommitChanges"))                                                             \
	ROW("delete certificate",                                                                                      \
	    selected(out, WSMAN_DELETE, "AMT_PublicKeyCertificate", "Intel(r) AMT Certificate: Handle: 1"))

static const char *const names[] = {
#define ROW(name, write) name,
	REQUESTS(ROW)
#undef ROW
};
static int seen[ARRAY_LEN(names)];

/* ERR_NOT_FOUND: no row of that name. */
static int write_ours(const char *name, struct buf *out)
{
#define ROW(row_name, write)                                                                                           \
	if (strcmp(name, row_name) == 0)                                                                               \
		return write;
	REQUESTS(ROW)
#undef ROW
	return ERR_NOT_FOUND;
}

static int differ(const char *name, const struct xml_node *n, const char *what)
{
	(void)fprintf(stderr, "%s: %s differs at \"%.*s\"\n", name, what, (int)n->name.len, (const char *)n->name.p);
	return 1;
}

static bool same_attributes(const struct xml_attr *a, const struct xml_attr *b)
{
	while (a && b && bytes_equal(a->name, b->name) && bytes_equal(a->value, b->value)) {
		a = a->next;
		b = b->next;
	}
	return !a && !b;
}

static int compare(const char *name, const struct xml_node *ours, const struct xml_node *theirs)
{
	if (!bytes_equal(ours->name, theirs->name) || !bytes_equal(ours->uri, theirs->uri))
		return differ(name, ours, "name or namespace");
	if (!bytes_equal(xml_text(ours), xml_text(theirs)) && !xml_is(ours, XML_NS_ADDRESSING, "MessageID"))
		return differ(name, ours, "text");
	if (!same_attributes(ours->attrs, theirs->attrs))
		return differ(name, ours, "an attribute");
	const struct xml_node *a = ours->child, *b = theirs->child;
	for (; a && b; a = a->next, b = b->next)
		if (compare(name, a, b))
			return 1;
	return a || b ? differ(name, ours, "number of children") : 0;
}

static int compare_line(const char *name, const char *xml)
{
	struct xml_parser *p = xml_parser_new(), *q = xml_parser_new();
	const struct xml_node *ours, *theirs;
	struct err e = ERR_INIT;
	struct buf out;
	buf_init(&out, WSMAN_MAX_REQUEST);
	int bad = 1;
	if (write_ours(name, &out))
		(void)fprintf(stderr, "%s: we have no such request\n", name);
	else if (xml_parse(p, buf_bytes(&out), &ours, &e) || xml_parse(q, bytes_str(xml), &theirs, &e))
		(void)fprintf(stderr, "%s: %s\n", name, e.msg);
	else
		bad = compare(name, ours, theirs);
	buf_release(&out);
	xml_parser_free(p);
	xml_parser_free(q);
	return bad;
}

static void mark(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		seen[i] += strcmp(names[i], name) == 0;
}

int main(void)
{
	char line[16384];
	int bad = 0, count = 0;
	while (fgets(line, sizeof(line), stdin)) {
		char *tab = strchr(line, '\t');
		if (!tab)
			return 2;
		*tab = '\0';
		mark(line);
		bad += compare_line(line, tab + 1);
		count++;
	}
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (seen[i] != 1)
			(void)fprintf(stderr, "%s: came %d times\n", names[i], seen[i]);
		bad += seen[i] != 1;
	}
	printf("%d requests compared, %d differ\n", count, bad);
	return bad != 0;
}
