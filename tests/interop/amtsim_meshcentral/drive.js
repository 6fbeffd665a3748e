// drive.js MODULES HOST PORT TLS PASSWORD VERSION - uses one simulated device as MeshCentral's amtmanager.js does:
// first contact, clock, settings, inventory, power polling, every power action and boot to BIOS once, with its own
// modules and in its own order; then reads what MeshCommander shows with the same modules, and both logs. VERSION is
// MAJOR.MINOR. Prints TAP.
'use strict';
const [modules, host, port, tls, password, version] = process.argv.slice(2);
const comm = require(modules + '/amt/amt-wsman-comm.js')(host, Number(port), 'admin', password, Number(tls));
comm.xtlsFingerprint = 0; // as amtmanager.js: the certificate is not checked
const amt = require(modules + '/amt/amt.js')(require(modules + '/amt/amt-wsman.js')(comm));
const major = parseInt(version);

let number = 0;
let failed = 0;
function check(ok, what, detail) {
	number++;
	if (!ok) failed++;
	console.log((ok ? 'ok ' : 'not ok ') + number + ' - ' + what);
	if (!ok && detail !== undefined) console.log('# ' + JSON.stringify(detail).substring(0, 1000));
	return ok;
}

// What their callbacks give, as promises. A batch's status is that of its last request.
const batch = (names) => new Promise((done) =>
	amt.BatchEnum(null, names, (stack, name, responses, status) => done({ responses, status })));
const call = (name, ...args) => new Promise((done) =>
	amt[name](...args, (stack, n, response, status) => done({ response, status })));
const get = (name) => new Promise((done) =>
	amt.Get(name, (stack, n, response, status) => done({ response, status })));
const put = (name, object) => new Promise((done) =>
	amt.Put(name, object, (stack, n, response, status) => done({ response, status }), 0, 1));
const eventLog = () => new Promise((done) =>
	amt.GetMessageLog((stack, records, tag, status) => done({ records, status })));
const auditLog = () => new Promise((done) => amt.GetAuditLog((stack, records, status) => done({ records, status })));
const returns = (r, value) => r.status === 200 && r.response.Body.ReturnValue === value;

// fetchPowerState
async function powerState() {
	const r = await batch(['CIM_ServiceAvailableToElement']);
	return r.status === 200 ? r.responses['CIM_ServiceAvailableToElement'].responses[0].PowerState : -r.status;
}

// The device takes its time; nothing tells when it is there, so the state is polled, a bounded number of times.
async function reaches(wanted) {
	for (let i = 0; i < 500; i++) {
		if (await powerState() === wanted) return true;
		await new Promise((done) => setTimeout(done, 20));
	}
	return false;
}

// attemptInitialContact: its own condition, word by word.
async function firstContact() {
	const { responses, status } = await batch(['*AMT_GeneralSettings', '*IPS_HostBasedSetupService']);
	const settings = responses['AMT_GeneralSettings'];
	const setup = responses['IPS_HostBasedSetupService'];
	const good = status === 200 && settings && settings.response && setup && setup.response &&
		comm.digestRealm === settings.response.DigestRealm;
	if (!check(Boolean(good), 'first contact', { status, realm: comm.digestRealm, responses })) return false;
	check(String(comm.amtVersion).startsWith(version + '.'), 'the version is in the Server header',
		comm.amtVersion);
	check([1, 2].includes(setup.response.CurrentControlMode), 'the control mode is client or admin',
		setup.response);
	check(/^[^ ]+$/.test(settings.response.HostName), 'the device has a host name', settings.response);
	return true;
}

// attemptSyncClock
async function clock() {
	const told = await call('AMT_TimeSynchronizationService_GetLowAccuracyTimeSynch');
	const now = Math.round(Date.now() / 1000);
	check(returns(told, 0) && Math.abs(told.response.Body.Ta0 - now) < 10, 'the clock is right', told);
	const ta0 = told.response.Body.Ta0;
	const set = await call('AMT_TimeSynchronizationService_SetHighAccuracyTimeSynch', ta0, now, now);
	check(returns(set, 0), 'the clock is set', set);
}

// attemptTlsSync, and what is read before a certificate is given to the device.
async function certificates() {
	const names = ['AMT_PublicKeyCertificate', 'AMT_PublicPrivateKeyPair', 'AMT_TLSSettingData',
		'AMT_TLSCredentialContext'];
	const { responses, status } = await batch(names);
	check(status === 200 && names.every((n) => responses[n].status === 200), 'certificates are readable', status);
	const settings = responses['AMT_TLSSettingData'].responses;
	const remote = settings && settings.find((s) => s.InstanceID === 'Intel(r) AMT 802.3 TLS Settings');
	check(remote !== undefined && remote.Enabled === (tls === '1'), 'the remote TLS setting is what it is here',
		settings);
}

// attemptSettingsSync: consent off, redirection and KVM on.
async function settings() {
	const names = ['*AMT_GeneralSettings', '*AMT_RedirectionService', '*CIM_KVMRedirectionSAP',
		'*IPS_OptInService'];
	const { responses, status } = await batch(names);
	if (!check(status === 200, 'settings are readable', status)) return;
	const consent = responses['IPS_OptInService'].response;
	consent.OptInRequired = 0;
	check((await put('IPS_OptInService', consent)).status === 200, 'user consent is switched off');
	const redirection = responses['AMT_RedirectionService'].response;
	redirection.ListenerEnabled = true;
	redirection.EnabledState = 32771;
	check(returns(await call('AMT_RedirectionService_RequestStateChange', 32771), 0), 'redirection is asked for');
	check((await put('AMT_RedirectionService', redirection)).status === 200, 'redirection is stored');
	check(returns(await call('CIM_KVMRedirectionSAP_RequestStateChange', 2, 0), 0), 'KVM is asked for');
	const after = (await batch(names)).responses;
	check(after['IPS_OptInService'].response.OptInRequired === 0, 'no consent is required now');
	check(after['AMT_RedirectionService'].response.EnabledState === 32771 &&
		after['AMT_RedirectionService'].response.ListenerEnabled === true, 'redirection is on now');
	check([2, 6].includes(after['CIM_KVMRedirectionSAP'].response.EnabledState), 'KVM is on now',
		after['CIM_KVMRedirectionSAP'].response);
}

// attemptFetchHardwareInventory
async function inventory() {
	const hw = await batch(['*CIM_ComputerSystemPackage', 'CIM_SystemPackaging', '*CIM_Chassis', 'CIM_Chip',
		'*CIM_Card', '*CIM_BIOSElement', 'CIM_Processor', 'CIM_PhysicalMemory', 'CIM_MediaAccessDevice',
		'CIM_PhysicalPackage']);
	const r = hw.responses;
	const all = hw.status === 200 && Object.values(r).every((x) => x.status === 200);
	if (!check(all, 'hardware is readable', r)) return;
	check(/^[0-9A-F]{32}$/.test(r['CIM_ComputerSystemPackage'].response.PlatformGUID),
		'PlatformGUID has 32 hex digits');
	const memory = r['CIM_PhysicalMemory'].responses;
	check(memory.length >= 1 && memory.every((m) => m.Capacity > 0 && typeof m.BankLabel === 'string'), 'memory',
		memory);
	const disks = r['CIM_MediaAccessDevice'].responses;
	const packages = r['CIM_PhysicalPackage'].responses;
	check(disks.length >= 1 && disks.every((d, i) => typeof packages[i + 1].Model === 'string'),
		'each disk has its package one place further', packages);
	const chips = r['CIM_Chip'].responses;
	check(r['CIM_Processor'].responses.every((p, i) => /Intel/.test(chips[i].Version)),
		'each processor has its chip with the brand string', chips);
	check(/\d/.test(r['CIM_BIOSElement'].response.Version), 'the BIOS has a version', r['CIM_BIOSElement']);
	const texts = ['Manufacturer', 'Model', 'Version'];
	for (const name of ['CIM_Chassis', 'CIM_Card'])
		check(texts.every((t) => r[name].response[t] !== undefined), name, r[name]);
	const net = (await batch(['AMT_EthernetPortSettings'])).responses['AMT_EthernetPortSettings'].responses;
	const wired = net && net.find((n) => n.WLANLinkProtectionLevel == null);
	const mac = /^([0-9a-f]{2}-){5}[0-9a-f]{2}$/i;
	check(wired !== undefined && mac.test(wired.MACAddress) && wired.IPAddress === host,
		'the wired interface has this address', net);
}

// RequestPowerStateChange; 4099 says that the device is busy with the action before, and nothing was done.
async function power(action) {
	for (let i = 0; ; i++) {
		const r = await call('RequestPowerStateChange', action);
		if (i === 500 || !returns(r, 4099)) return r;
		await new Promise((done) => setTimeout(done, 20));
	}
}

// performPowerAction
async function powerActions() {
	for (const [action, name, state] of [[2, 'on', 2], [10, 'reset', 2], [5, 'cycle', 2], [8, 'off', 8]]) {
		const r = await power(action);
		check(returns(r, 0), name + ' is accepted', r);
		check(await reaches(state), 'and then the state is ' + state);
		if (action !== 2 || major <= 9) continue;
		const wake = await call('RequestOSPowerStateChange', 2);
		check(returns(wake, 0), 'the OS is asked to wake', wake);
		const os = await get('IPS_PowerManagementService');
		check(os.status === 200 && os.response.Body.OSPowerSavingState === 2, 'and is awake', os);
	}
	const r = await power(10);
	check(r.status === 200 && r.response.Body.ReturnValue !== 0, 'reset of a machine that is off is refused', r);
}

// performAdvancedPowerAction: power on to the BIOS setup, without the properties that amtmanager.js takes out.
async function bootToBiosOnce() {
	const read = await batch(['*AMT_BootSettingData']);
	if (!check(read.status === 200, 'boot settings are readable', read.status)) return;
	const data = read.responses['AMT_BootSettingData'].response;
	for (const name of ['WinREBootEnabled', 'UEFILocalPBABootEnabled', 'UEFIHTTPSBootEnabled',
		'SecureBootControlEnabled', 'BootguardStatus', 'OptionsCleared', 'BIOSLastStatus',
		'UefiBootParametersArray', 'RPEEnabled', 'RSEPassword'])
		delete data[name];
	Object.assign(data, { ConfigurationDataReset: false, BIOSSetup: true, UseSOL: false });
	const stored = await put('AMT_BootSettingData', data);
	check(stored.status === 200, 'boot settings are stored', stored.status);
	const kept = await batch(['*AMT_BootSettingData']);
	check(kept.responses['AMT_BootSettingData'].response.BIOSSetup === true, 'and read back');
	const role = await call('SetBootConfigRole', 1);
	check(returns(role, 0), 'the boot role is taken', role);
	const order = await call('CIM_BootConfigSetting_ChangeBootOrder', null);
	check(returns(order, 0), 'the boot order is taken', order);
	const on = await power(2);
	check(returns(on, 0), 'on is accepted', on);
	check(await reaches(2), 'and then the state is 2');
	const after = await batch(['*AMT_BootSettingData']);
	check(after.responses['AMT_BootSettingData'].response.BIOSSetup === false, 'the options last one boot');
}

// Off and on: a boot whose end shows in the power state.
async function bootAnew() {
	check(returns(await power(8), 0), 'off is accepted');
	check(await reaches(8), 'and then the state is 8');
	check(returns(await power(2), 0), 'on is accepted');
	check(await reaches(2), 'and then the state is 2');
}

// The same with a boot source, written as MeshCommander writes it: PXE, then the disk; at last a choice that is taken
// back. What was booted into is told by the simulator.
const source = (id) => '<Address xmlns="http://schemas.xmlsoap.org/ws/2004/08/addressing">' +
	'http://schemas.xmlsoap.org/ws/2004/08/addressing</Address>' +
	'<ReferenceParameters xmlns="http://schemas.xmlsoap.org/ws/2004/08/addressing">' +
	'<ResourceURI xmlns="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd">' +
	'http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_BootSourceSetting</ResourceURI>' +
	'<SelectorSet xmlns="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd">' +
	'<Selector Name="InstanceID">Intel(r) AMT: Force ' + id + ' Boot</Selector></SelectorSet></ReferenceParameters>';
async function bootFromOnce() {
	for (const id of ['PXE', 'Hard-drive']) {
		const order = await call('CIM_BootConfigSetting_ChangeBootOrder', source(id));
		check(returns(order, 0), 'the boot source ' + id + ' is taken', order);
		check(returns(await call('SetBootConfigRole', 1), 0), 'and counts once');
		await bootAnew();
	}
	const wrong = await call('CIM_BootConfigSetting_ChangeBootOrder', source('Floppy'));
	check(returns(wrong, 4), 'a source that is not there is refused', wrong);
	check(returns(await call('CIM_BootConfigSetting_ChangeBootOrder', source('PXE')), 0), 'PXE is taken again');
	check(returns(await call('SetBootConfigRole', 1), 0), 'and counts');
	check(returns(await call('SetBootConfigRole', 32768), 0), 'and is taken back');
	await bootAnew();
	check(returns(await call('CIM_BootConfigSetting_ChangeBootOrder', null), 0), 'the source is cleared');
}

// What MeshCommander reads with the same modules. A class that is absent answers 400 and nothing else: any other status
// ends a batch.
async function everyOtherClass() {
	const needed = ['CIM_SoftwareIdentity', '*AMT_SetupAndConfigurationService', 'CIM_ServiceAvailableToElement',
		'*AMT_BootCapabilities', '*IPS_KVMRedirectionSettingData', 'CIM_FilterCollection',
		'CIM_ListenerDestination', 'CIM_FilterCollectionSubscription', '*AMT_EnvironmentDetectionSettingData',
		'AMT_ManagementPresenceRemoteSAP', 'AMT_RemoteAccessCredentialContext',
		'AMT_RemoteAccessPolicyAppliesToMPS', 'AMT_RemoteAccessPolicyRule', '*AMT_UserInitiatedConnectionService',
		'AMT_MPSUsernamePassword'];
	const optional = ['CIM_ElementSettingData', 'IPS_IPv6PortSettings', '*IPS_ScreenConfigurationService',
		'*IPS_PowerManagementService', '*CIM_BootService', '*AMT_8021XProfile', 'AMT_SystemPowerScheme',
		'*AMT_AgentPresenceCapabilities', 'AMT_AgentPresenceWatchdog', 'AMT_AgentPresenceWatchdogAction',
		'AMT_StateTransitionCondition', 'CIM_ConcreteDependency', '*IPS_HTTPProxyService',
		'IPS_HTTPProxyAccessPoint',
		'*CIM_Battery', '*CIM_WiFiPortCapabilities', '*CIM_WiFiPort', '*CIM_WiFiEndpoint',
		'CIM_WiFiEndpointSettings', '*AMT_WiFiPortConfigurationService', 'CIM_IEEE8021xSettings',
		'AMT_SystemDefensePolicy', '*IPS_ScreenSettingData'];
	if (major >= 8) needed.push('IPS_AlarmClockOccurrence');
	const statuses = {};
	for (const name of [...needed, ...optional]) statuses[name] = (await batch([name])).status;
	check(needed.every((n) => statuses[n] === 200), 'what MeshCommander needs is there',
		needed.filter((n) => statuses[n] !== 200));
	check(optional.every((n) => [200, 400].includes(statuses[n])), 'what else it reads is there or absent',
		optional.filter((n) => ![200, 400].includes(statuses[n])));
	const identity = (await batch(['CIM_SoftwareIdentity'])).responses['CIM_SoftwareIdentity'].responses;
	const own = identity && identity.find((i) => i.InstanceID === 'AMT');
	check(own !== undefined && String(own.VersionString).startsWith(version + '.'),
		'CIM_SoftwareIdentity has the version', own);
	const user = await call('AMT_AuthorizationService_GetAdminAclEntry');
	check(returns(user, 0) && user.response.Body.Username === 'admin', 'the administrator has a name', user);
}

// The audit records' bytes behind the initiator pass through UTF-8 in amt.js, which spoils them: not looked at.
async function logs(acts) {
	const events = await eventLog();
	check(events.status === 200 && Array.isArray(events.records), 'the event log is readable', events.status);
	check((events.records || []).every((e) => e.Desc && !isNaN(e.Time)), 'each event has its words and a time',
		events.records);
	const audit = await auditLog();
	const own = audit.records.filter((r) => r.AuditApp === 'RCO' && r.Initiator === 'admin');
	check(audit.status === 200 && own.length >= acts, 'each power action is in the audit log', audit);
}

async function main() {
	if (await firstContact()) {
		await clock();
		await certificates();
		await settings();
		await inventory();
		await powerActions();
		await bootToBiosOnce();
		await bootFromOnce();
		await everyOtherClass();
		await logs(11);
	}
	console.log('1..' + number);
	process.exit(failed ? 1 : 0);
}
main().catch((problem) => {
	check(false, 'no exception', problem.stack);
	console.log('1..' + number);
	process.exit(1);
});
