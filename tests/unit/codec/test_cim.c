/* Instances of AMT's classes. Expected values: what the reference of each class says its texts mean, and the values in
 * published recordings; UUIDs are known in both spellings. */
#include "testing.h"

#include "codec/cim.h"

static struct xml_parser *parser;

static const struct xml_node *instance(const char *class_name, const char *properties)
{
	static struct buf b;
	const struct xml_node *root = NULL;
	struct err e = ERR_INIT;
	buf_init(&b, 64 * 1024);
	buf_addf(&b, "<h:%s xmlns:h='%s%s' xmlns:i='http://schemas.dmtf.org/wbem/wscim/1/common'>%s</h:%s>", class_name,
		 wsman_class_prefix(bytes_str(class_name)), class_name, properties, class_name);
	if (xml_parse(parser, buf_bytes(&b), &root, &e))
		fail_msg("%s", e.msg);
	buf_release(&b);
	return root;
}

/* One element looks like a scalar, none is an empty list. */
static void an_array_is_a_repeated_element(void **state)
{
	static const struct {
		const char *xml;
		size_t count;
		uint64_t first, last;
	} rows[] = {
		{"<h:PowerState>2</h:PowerState>", 0, 0, 0},
		{"<h:AvailableRequestedPowerStates>8</h:AvailableRequestedPowerStates><h:PowerState>2</h:PowerState>",
		 1, 8, 8},
		{"<h:AvailableRequestedPowerStates>10</h:AvailableRequestedPowerStates>"
		 "<h:AvailableRequestedPowerStates>8</h:AvailableRequestedPowerStates><h:PowerState>2</h:PowerState>"
		 "<h:AvailableRequestedPowerStates>5</h:AvailableRequestedPowerStates>",
		 3, 10, 5},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct cim_power p;
		assert_int_equal(
			cim_power_read(instance("CIM_AssociatedPowerManagementService", rows[i].xml), &p, NULL), 0);
		assert_int_equal(p.state, CIM_POWER_ON);
		assert_int_equal(p.available_count, rows[i].count);
		assert_int_equal(CIM_HAS(power, &p, available), rows[i].count > 0);
		assert_false(CIM_HAS(power, &p, requested));
		if (rows[i].count) {
			assert_true(p.available[0] == rows[i].first);
			assert_true(p.available[rows[i].count - 1] == rows[i].last);
		}
	}
}

static void an_array_takes_no_more_than_it_has_room_for(void **state)
{
	struct buf b;
	struct cim_power p;
	buf_init(&b, 32 * 1024);
	for (int i = 0; i < 300; i++)
		buf_addf(&b, "<h:AvailableRequestedPowerStates>%d</h:AvailableRequestedPowerStates>", i);
	buf_adds(&b, "<h:PowerState>8</h:PowerState>");
	assert_int_equal(cim_power_read(instance("CIM_AssociatedPowerManagementService", buf_cstr(&b)), &p, NULL), 0);
	assert_int_equal(p.available_count, 32);
	assert_int_equal(p.available[31], 31);
	assert_int_equal(p.state, 8);
	buf_release(&b);
}

static void a_missing_property_is_not_an_empty_one(void **state)
{
	struct cim_ethernet e;
	assert_int_equal(
		cim_ethernet_read(instance("AMT_EthernetPortSettings",
					   "<h:DefaultGateway></h:DefaultGateway>"
					   "<h:InstanceID>Intel(r) AMT Ethernet Port Settings 0</h:InstanceID>"),
				  &e, NULL),
		0);
	assert_true(CIM_HAS(ethernet, &e, gateway));
	assert_string_equal(e.gateway, "");
	assert_false(CIM_HAS(ethernet, &e, ip));
	assert_false(CIM_HAS(ethernet, &e, mac));
}

static void numbers_have_64_bits(void **state)
{
	struct cim_opt_in o;
	struct cim_boot_capabilities c;
	assert_int_equal(cim_opt_in_read(instance("IPS_OptInService", "<h:OptInRequired>4294967295</h:OptInRequired>"
								      "<h:OptInState>0</h:OptInState>"),
					 &o, NULL),
			 0);
	assert_true(o.required == UINT32_MAX);
	assert_int_equal(cim_boot_capabilities_read(instance("AMT_BootCapabilities",
							     "<h:InstanceID>x</h:InstanceID>"
							     "<h:PlatformErase>17179869184</h:PlatformErase>"),
						    &c, NULL),
			 0);
	assert_true(c.platform_erase == UINT64_C(17179869184));
}

static void padding_around_texts_goes_away(void **state)
{
	struct cim_software s;
	assert_int_equal(
		cim_software_read(instance("CIM_SoftwareIdentity", "<h:InstanceID>AMT</h:InstanceID>"
								   "<h:VersionString>  12.0.67 \n  </h:VersionString>"),
				  &s, NULL),
		0);
	assert_string_equal(s.version, "12.0.67");
	assert_int_equal(cim_software_read(instance("CIM_SoftwareIdentity", "<h:InstanceID>AMT</h:InstanceID>"
									    "<h:VersionString>    </h:VersionString>"),
					   &s, NULL),
			 0);
	assert_string_equal(s.version, "");
}

static void truth_is_spelled_in_two_ways(void **state)
{
	struct cim_general g;
	assert_int_equal(cim_general_read(instance("AMT_GeneralSettings",
						   "<h:AMTNetworkEnabled>1</h:AMTNetworkEnabled>"
						   "<h:InstanceID>x</h:InstanceID>"
						   "<h:NetworkInterfaceEnabled>true</h:NetworkInterfaceEnabled>"
						   "<h:PingResponseEnabled>0</h:PingResponseEnabled>"
						   "<h:SharedFQDN>1</h:SharedFQDN>"
						   "<h:WsmanOnlyMode>yes</h:WsmanOnlyMode>"),
					  &g, NULL),
			 0);
	assert_int_equal(g.amt_network_enabled, 1);
	assert_true(g.network_enabled && g.shared_fqdn && !g.ping_enabled);
	assert_true(CIM_HAS(general, &g, ping_enabled));
	assert_false(CIM_HAS(general, &g, wsman_only));
}

/* The realm is what passwords of accounts are hashed with, so it is kept to the letter. */
static void the_digest_realm_is_kept_as_it_is(void **state)
{
	struct cim_general g;
	assert_int_equal(
		cim_general_read(instance("AMT_GeneralSettings",
					  "<h:DigestRealm>Digest:F3EB554784E729164447A89F60B641C5</h:DigestRealm>"
					  "<h:InstanceID>Intel(r) AMT: General Settings</h:InstanceID>"),
				 &g, NULL),
		0);
	assert_string_equal(g.digest_realm, "Digest:F3EB554784E729164447A89F60B641C5");
}

static void a_date_stands_one_level_deeper_or_not_at_all(void **state)
{
	static const struct {
		const char *xml;
		bool has;
		int64_t ms;
	} rows[] = {
		{"<h:TimeOfLastRecord><i:Datetime>2020-08-10T00:00:00Z</i:Datetime></h:TimeOfLastRecord>", true,
		 INT64_C(1597017600000)},
		{"<h:TimeOfLastRecord>\n<i:Datetime> 2020-08-10T00:00:01Z </i:Datetime></h:TimeOfLastRecord>", true,
		 INT64_C(1597017601000)},
		{"<h:TimeOfLastRecord>2020-08-10T00:00:00Z</h:TimeOfLastRecord>", false, 0},
		{"<h:TimeOfLastRecord><i:Datetime>testdatetime</i:Datetime></h:TimeOfLastRecord>", false, 0},
		{"", false, 0},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct cim_audit_log a;
		assert_int_equal(cim_audit_log_read(instance("AMT_AuditLog", rows[i].xml), &a, NULL), 0);
		assert_int_equal(CIM_HAS(audit_log, &a, last_record_ms), rows[i].has);
		if (rows[i].has)
			assert_true(a.last_record_ms == rows[i].ms);
	}
}

static void names_are_compared_to_the_letter(void **state)
{
	struct cim_general g;
	assert_int_equal(cim_general_read(instance("AMT_GeneralSettings", "<h:InstanceID>x</h:InstanceID>"
									  "<h:hostname>a</h:hostname>"
									  "<h:HostNameX>b</h:HostNameX>"
									  "<HostName>c</HostName>"),
					  &g, NULL),
			 0);
	assert_false(CIM_HAS(general, &g, host_name));
}

static void bytes_are_converted_by_property(void **state)
{
	/* One UUID: as SMBIOS memory in hex, the same in base64, and printed. */
	static const char printed[] = "84f0934c-0397-11e7-9c43-bc0000520000";
	char text[UUID_TEXT_SIZE];
	struct cim_system_package s;
	assert_int_equal(cim_system_package_read(instance("CIM_ComputerSystemPackage",
							  "<h:PlatformGUID>4C93F0849703E7119C43BC0000520000"
							  "</h:PlatformGUID>"),
						 &s, NULL),
			 0);
	uuid_text(&s.uuid, text);
	assert_string_equal(text, printed);

	static const struct {
		const char *mac;
		bool has;
	} rows[] = {
		{"c8-d9-d2-7a-1e-33", true},  {"C8:D9:D2:7A:1E:33", true},
		{"C8D9D27A1E33", true},       {"c8-d9-d2-7a-1e", false},
		{"c8-d9-d2-7a-1e-3", false},  {"c8-d9-d2-7a-1e-3g", false},
		{"c8 d9 d2 7a 1e 33", false}, {"", false},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct cim_ethernet e;
		struct buf b;
		buf_init(&b, 1000);
		buf_addf(&b, "<h:InstanceID>x</h:InstanceID><h:MACAddress>%s</h:MACAddress>", rows[i].mac);
		assert_int_equal(cim_ethernet_read(instance("AMT_EthernetPortSettings", buf_cstr(&b)), &e, NULL), 0);
		assert_int_equal(CIM_HAS(ethernet, &e, mac), rows[i].has);
		if (rows[i].has)
			assert_memory_equal(e.mac, "\xc8\xd9\xd2\x7a\x1e\x33", 6);
		buf_release(&b);
	}

	struct cim_host_setup h;
	assert_int_equal(cim_host_setup_read(instance("IPS_HostBasedSetupService",
						      "<h:ConfigurationNonce>4P3sY7swlhjkhJNxDkEBIUcmpHE="
						      "</h:ConfigurationNonce>"
						      "<h:CurrentControlMode>2</h:CurrentControlMode>"),
					     &h, NULL),
			 0);
	assert_int_equal(h.nonce_len, 20);
	assert_memory_equal(h.nonce, "\xe0\xfd\xec\x63\xbb\x30\x96\x18\xe4\x84", 10);
}

static void what_does_not_fit_counts_as_not_told(void **state)
{
	struct buf b;
	struct cim_ethernet e;
	struct cim_setup s;
	buf_init(&b, 4000);
	buf_adds(&b, "<h:InstanceID>x</h:InstanceID><h:SubnetMask>");
	for (int i = 0; i < 46; i++)
		buf_addc(&b, '1');
	buf_adds(&b, "</h:SubnetMask><h:VLANTag>many</h:VLANTag><h:IPAddress>a&#9;b</h:IPAddress>");
	assert_int_equal(cim_ethernet_read(instance("AMT_EthernetPortSettings", buf_cstr(&b)), &e, NULL), 0);
	assert_false(CIM_HAS(ethernet, &e, netmask));
	assert_false(CIM_HAS(ethernet, &e, vlan));
	assert_true(CIM_HAS(ethernet, &e, ip));
	buf_reset(&b);
	buf_adds(&b, "<h:ProvisioningMode>1</h:ProvisioningMode><h:ProvisioningState>2</h:ProvisioningState>"
		     "<h:ProvisioningServerOTP>");
	for (int i = 0; i < 22; i++)
		buf_adds(&b, "AAAA");
	buf_adds(&b, "</h:ProvisioningServerOTP>");
	assert_int_equal(cim_setup_read(instance("AMT_SetupAndConfigurationService", buf_cstr(&b)), &s, NULL), 0);
	assert_false(CIM_HAS(setup, &s, otp));
	assert_int_equal(s.provisioning_mode, 1);
	assert_int_equal(s.provisioning_state, 2);
	buf_release(&b);
}

static void a_needed_property_must_be_there_and_right(void **state)
{
	static const struct {
		const char *class_name, *xml, *why;
	} rows[] = {
		{"CIM_AssociatedPowerManagementService", "", "no valid \"PowerState\""},
		{"CIM_AssociatedPowerManagementService", "<h:PowerState>on</h:PowerState>", "no valid \"PowerState\""},
		{"CIM_AssociatedPowerManagementService", "<h:PowerState></h:PowerState>", "no valid \"PowerState\""},
		{"CIM_AssociatedPowerManagementService", "<h:PowerState>-2</h:PowerState>", "no valid \"PowerState\""},
		{"CIM_PowerManagementService", "<h:PowerState>2</h:PowerState>", "no instance of"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct cim_power p = {.state = 77};
		struct err e = ERR_INIT;
		assert_int_equal(cim_power_read(instance(rows[i].class_name, rows[i].xml), &p, &e), ERR_MALFORMED);
		assert_contains(e.msg, rows[i].why);
		assert_int_equal(p.state, 77);
	}
	struct cim_power p;
	assert_int_equal(cim_power_read(NULL, &p, NULL), ERR_MALFORMED);
	struct cim_power twice;
	assert_int_equal(cim_power_read(instance("CIM_AssociatedPowerManagementService",
						 "<h:PowerState>2</h:PowerState><h:PowerState>8</h:PowerState>"),
					&twice, NULL),
			 0);
	assert_int_equal(twice.state, 2);
}

static const char boot_xml[] =
	"<h:BIOSLastStatus>2</h:BIOSLastStatus><h:BIOSLastStatus>0</h:BIOSLastStatus><h:BIOSPause>false</h:BIOSPause>"
	"<h:BIOSSetup>true</h:BIOSSetup><h:BootMediaIndex>0</h:BootMediaIndex><h:BootguardStatus>127</"
	"h:BootguardStatus>"
	"<h:InstanceID>Intel(r) AMT:BootSettingData 0</h:InstanceID><h:OptionsCleared>true</h:OptionsCleared>"
	"<h:OwningEntity>Intel(r) AMT</h:OwningEntity><h:RPEEnabled>false</h:RPEEnabled><h:RSEPassword></h:RSEPassword>"
	"<h:UefiBootNumberOfParams>1</h:UefiBootNumberOfParams><h:UefiBootParametersArray>Zm9v</"
	"h:UefiBootParametersArray>"
	"<h:UseSOL>false</h:UseSOL><h:WinREBootEnabled>false</h:WinREBootEnabled>";

static void a_put_of_what_was_read_leaves_out_what_is_read_only(void **state)
{
	struct cim_boot boot;
	struct uuid id = {{1}};
	struct buf out;
	buf_init(&out, WSMAN_MAX_REQUEST);
	assert_int_equal(cim_boot_read(instance("AMT_BootSettingData", boot_xml), &boot, NULL), 0);
	boot.bios_setup = false;
	boot.use_sol = true;
	assert_int_equal(cim_boot_put(&out, &id, &boot, NULL), 0);
	assert_contains(
		buf_cstr(&out),
		"<Body><r:AMT_BootSettingData "
		"xmlns:r=\"http://intel.com/wbem/wscim/1/amt-schema/1/AMT_BootSettingData\">"
		"<r:BIOSPause>false</r:BIOSPause><r:BIOSSetup>false</r:BIOSSetup><r:BootMediaIndex>0</r:BootMediaIndex>"
		"<r:InstanceID>Intel(r) AMT:BootSettingData 0</r:InstanceID><r:OwningEntity>Intel(r) "
		"AMT</r:OwningEntity>"
		"<r:RSEPassword></r:RSEPassword><r:UefiBootNumberOfParams>1</r:UefiBootNumberOfParams>"
		"<r:UefiBootParametersArray>Zm9v</r:UefiBootParametersArray><r:UseSOL>true</r:UseSOL>"
		"</r:AMT_BootSettingData></Body>");
	buf_release(&out);
}

static void a_property_that_was_not_told_can_be_given(void **state)
{
	struct cim_redirection r;
	struct uuid id = {{1}};
	struct buf out;
	buf_init(&out, WSMAN_MAX_REQUEST);
	assert_int_equal(cim_redirection_read(instance("AMT_RedirectionService", "<h:EnabledState>32768"
										 "</h:EnabledState>"),
					      &r, NULL),
			 0);
	r.enabled_state = 32771;
	r.listener_enabled = true;
	CIM_GIVE(redirection, &r, listener_enabled);
	assert_int_equal(cim_redirection_put(&out, &id, &r, NULL), 0);
	assert_contains(buf_cstr(&out), "<r:EnabledState>32771</r:EnabledState><r:ListenerEnabled>true"
					"</r:ListenerEnabled></r:AMT_RedirectionService>");
	buf_release(&out);
}

/* Every kind of property out and in again. */
static void what_a_put_writes_can_be_read(void **state)
{
	struct uuid id = {{1}};
	struct buf out;
	struct wsman_call c;
	buf_init(&out, WSMAN_MAX_REQUEST);
	struct cim_system_package s = {.uuid = {{0x84, 0xf0, 0x93, 0x4c, 3, 0x97, 0x11, 0xe7, 0x9c, 0x43}}}, s2;
	CIM_GIVE(system_package, &s, uuid);
	assert_int_equal(cim_system_package_put(&out, &id, &s, NULL), 0);
	assert_contains(buf_cstr(&out), ">4C93F0849703E7119C43000000000000<");
	assert_int_equal(wsman_call_parse(parser, buf_bytes(&out), &c, NULL), 0);
	assert_int_equal(cim_system_package_read(c.body, &s2, NULL), 0);
	assert_true(uuid_equal(&s.uuid, &s2.uuid));

	buf_reset(&out);
	struct cim_audit_log a = {.last_record_ms = INT64_C(1597017600000)}, a2;
	CIM_GIVE(audit_log, &a, last_record_ms);
	assert_int_equal(cim_audit_log_put(&out, &id, &a, NULL), 0);
	assert_contains(buf_cstr(&out), "<p:Datetime xmlns:p=\"http://schemas.dmtf.org/wbem/wscim/1/common\">"
					"2020-08-10T00:00:00Z</p:Datetime>");
	assert_int_equal(wsman_call_parse(parser, buf_bytes(&out), &c, NULL), 0);
	assert_int_equal(cim_audit_log_read(c.body, &a2, NULL), 0);
	assert_true(a2.last_record_ms == a.last_record_ms);

	buf_reset(&out);
	struct cim_ethernet e = {.instance_id = "x", .link_policy = {1, 14}, .link_policy_count = 2}, e2;
	CIM_GIVE(ethernet, &e, instance_id);
	CIM_GIVE(ethernet, &e, link_policy);
	CIM_GIVE(ethernet, &e, mac);
	assert_int_equal(cim_ethernet_put(&out, &id, &e, NULL), 0);
	assert_null(strstr(buf_cstr(&out), "MACAddress"));
	assert_int_equal(wsman_call_parse(parser, buf_bytes(&out), &c, NULL), 0);
	assert_int_equal(cim_ethernet_read(c.body, &e2, NULL), 0);
	assert_int_equal(e2.link_policy_count, 2);
	assert_int_equal(e2.link_policy[1], 14);
	buf_release(&out);
}

static void method_calls_carry_their_parameters(void **state)
{
	struct uuid id = {{1}};
	struct buf out;
	buf_init(&out, WSMAN_MAX_REQUEST);
	assert_int_equal(cim_os_power_write(&out, &id, 2, NULL), 0);
	assert_contains(buf_cstr(&out), "<r:OSPowerSavingState>2</r:OSPowerSavingState><r:ManagedElement><a:Address>"
					"http://schemas.xmlsoap.org/ws/2004/08/addressing</a:Address>");
	buf_reset(&out);
	assert_int_equal(cim_boot_order_write(&out, &id, NULL, NULL), 0);
	assert_contains(buf_cstr(&out), "CIM_BootConfigSetting\"></r:ChangeBootOrder_INPUT>");
	buf_reset(&out);
	assert_int_equal(cim_boot_order_write(&out, &id, "Intel(r) AMT: Force PXE Boot", NULL), 0);
	assert_contains(buf_cstr(&out), "<r:Source><a:Address>");
	assert_contains(buf_cstr(&out), "CIM_BootSourceSetting</w:ResourceURI><w:SelectorSet><w:Selector "
					"Name=\"InstanceID\">Intel(r) AMT: Force PXE Boot</w:Selector>");
	buf_reset(&out);
	assert_int_equal(cim_boot_role_write(&out, &id, CIM_BOOT_ROLE_NEXT_ONCE, NULL), 0);
	assert_contains(buf_cstr(&out), "Name=\"InstanceID\">Intel(r) AMT: Boot Configuration 0</w:Selector>");
	assert_contains(buf_cstr(&out), "</r:BootConfigSetting><r:Role>1</r:Role></r:SetBootConfigRole_INPUT>");
	buf_reset(&out);
	assert_int_equal(cim_state_change_write(&out, &id, "AMT_RedirectionService", 32771, NULL), 0);
	assert_contains(buf_cstr(&out), "AMT_RedirectionService/RequestStateChange</a:Action>");
	assert_contains(buf_cstr(&out), "<r:RequestedState>32771</r:RequestedState></r:RequestStateChange_INPUT>");
	buf_release(&out);
}

#define OUTPUT(inside)                                                                                                 \
	"<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope' "                                               \
	"xmlns:a='http://schemas.xmlsoap.org/ws/2004/08/addressing'><s:Header><a:Action>x</a:Action></"                \
	"s:Header><s:Body>"                                                                                            \
	"<g:GetUuid_OUTPUT xmlns:g='urn:g'>" inside "</g:GetUuid_OUTPUT></s:Body></s:Envelope>"

static void a_uuid_comes_in_base64_of_the_same_order(void **state)
{
	static const struct {
		const char *xml;
		int rc;
	} rows[] = {
		{OUTPUT("<g:UUID>TJPwhJcD5xGcQ7wAAFIAAA==</g:UUID><g:ReturnValue>0</g:ReturnValue>"), 0},
		{OUTPUT("<UUID>TJPwhJcD5xGcQ7wAAFIAAA==</UUID><g:ReturnValue>0</g:ReturnValue>"), 0},
		{OUTPUT("<g:UUID>TJPwhJcD5xGcQ7wAAFIA</g:UUID><g:ReturnValue>0</g:ReturnValue>"), ERR_MALFORMED},
		{OUTPUT("<g:UUID>TJPwhJcD5xGcQ7wAAFIAAAA=</g:UUID><g:ReturnValue>0</g:ReturnValue>"), ERR_MALFORMED},
		{OUTPUT("<g:UUID>baduuid</g:UUID><g:ReturnValue>0</g:ReturnValue>"), ERR_MALFORMED},
		{OUTPUT("<g:ReturnValue>0</g:ReturnValue>"), ERR_MALFORMED},
		{OUTPUT("<g:UUID>TJPwhJcD5xGcQ7wAAFIAAA==</g:UUID><g:ReturnValue>16</g:ReturnValue>"),
		 ERR_ACCESS_DENIED},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct wsman_reply r;
		struct uuid u = {{0}};
		char text[UUID_TEXT_SIZE];
		assert_int_equal(wsman_reply_parse(parser, bytes_str(rows[i].xml), &r, NULL), 0);
		assert_int_equal(cim_uuid_read(&r, &u, NULL), rows[i].rc);
		uuid_text(&u, text);
		assert_string_equal(text, rows[i].rc ? "00000000-0000-0000-0000-000000000000"
						     : "84f0934c-0397-11e7-9c43-bc0000520000");
	}
}

static void versions_are_picked_from_the_list_of_software(void **state)
{
#define LINE(id, version)                                                                                              \
	"<h:CIM_SoftwareIdentity><h:InstanceID>" id "</h:InstanceID><h:VersionString>" version                         \
	"</h:VersionString></h:CIM_SoftwareIdentity>"
	static const char list[] =
		"<Items xmlns:h='http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_SoftwareIdentity'>" LINE(
			"Flash", "12.0.67") LINE("AMTApps", "12.0.67") LINE("AMT", "12.0.67") LINE("Sku", "16392")
			LINE("Build Number", " 1579 ") LINE("Recovery Version", "12.0.67")
				LINE("Legacy Mode", "False") "<other/><h:CIM_SoftwareIdentity/></Items>";
	const struct xml_node *items;
	struct cim_versions v = {{0}};
	assert_int_equal(xml_parse(parser, BYTES_LIT(list), &items, NULL), 0);
	cim_versions_read(items, &v);
	cim_versions_read(NULL, &v);
	assert_string_equal(v.amt, "12.0.67");
	assert_string_equal(v.build, "1579");
	assert_string_equal(v.flash, "12.0.67");
	assert_string_equal(v.recovery, "12.0.67");
	assert_true(v.sku == 16392);
}

static int setup(void **state)
{
	parser = xml_parser_new();
	return 0;
}

static int teardown(void **state)
{
	xml_parser_free(parser);
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_array_is_a_repeated_element),
		cmocka_unit_test(an_array_takes_no_more_than_it_has_room_for),
		cmocka_unit_test(a_missing_property_is_not_an_empty_one),
		cmocka_unit_test(numbers_have_64_bits),
		cmocka_unit_test(padding_around_texts_goes_away),
		cmocka_unit_test(truth_is_spelled_in_two_ways),
		cmocka_unit_test(the_digest_realm_is_kept_as_it_is),
		cmocka_unit_test(a_date_stands_one_level_deeper_or_not_at_all),
		cmocka_unit_test(names_are_compared_to_the_letter),
		cmocka_unit_test(bytes_are_converted_by_property),
		cmocka_unit_test(what_does_not_fit_counts_as_not_told),
		cmocka_unit_test(a_needed_property_must_be_there_and_right),
		cmocka_unit_test(a_put_of_what_was_read_leaves_out_what_is_read_only),
		cmocka_unit_test(a_property_that_was_not_told_can_be_given),
		cmocka_unit_test(what_a_put_writes_can_be_read),
		cmocka_unit_test(method_calls_carry_their_parameters),
		cmocka_unit_test(a_uuid_comes_in_base64_of_the_same_order),
		cmocka_unit_test(versions_are_picked_from_the_list_of_software),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
