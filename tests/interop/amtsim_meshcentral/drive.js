// drive.js MODULES HOST PORT TLS PASSWORD [MAJOR] - uses one simulated device as MeshCentral's server does: its connect
// batches, hardware batches, power state, every verb, boot settings, event log. Prints TAP.
'use strict';
const [modules, host, port, tls, password, major] = process.argv.slice(2);
const createComm = require(modules + '/amt/amt-wsman-comm.js');
const createWsman = require(modules + '/amt/amt-wsman.js');
const createStack = require(modules + '/amt/amt.js');

const comm = createComm(host, Number(port), 'admin', password, Number(tls));
comm.xtlsMethod = Number(tls) ? 1 : 0;
const amt = createStack(createWsman(comm));
const version = Number(major);

let number = 0;
function check(ok, what, detail) {
	number++;
	console.log((ok ? 'ok ' : 'not ok ') + number + ' - ' + what);
	if (!ok && detail !== undefined) console.log('# ' + JSON.stringify(detail));
}

const batch = (names) => new Promise((done) =>
	amt.BatchEnum(null, names, (stack, name, responses, status) => done({ responses, status }), null, true));
const call = (name, ...args) => new Promise((done) =>
	amt[name](...args, (stack, n, response, status) => done({ response, status })));
const put = (name, object) => new Promise((done) =>
	amt.Put(name, object, (stack, n, response, status) => done({ response, status }), 0, 1));
const log = (name) => new Promise((done) => amt[name]((stack, records, tag, status) => done({ records, status })));

async function powerState() {
	const r = await batch(['CIM_ServiceAvailableToElement']);
	return r.status === 200 ? r.responses['CIM_ServiceAvailableToElement'].responses[0].PowerState : -r.status;
}

// The device is simulated with real delays; the state is read until it is there, a bounded number of times.
async function reaches(wanted) {
	for (let i = 0; i < 200; i++) {
		const state = await powerState();
		if (state === wanted) return true;
		await new Promise((done) => setTimeout(done, 20));
	}
	return false;
}

async function connectBatches() {
	const first = await batch(['*AMT_GeneralSettings', '*IPS_HostBasedSetupService']);
	check(first.status === 200, 'connect batch is answered', first.status);
	const settings = first.responses['AMT_GeneralSettings'].response;
	check(settings.DigestRealm === comm.digestRealm, 'DigestRealm is the realm of the login', settings.DigestRealm);
	check(settings.HostName.length > 0, 'the device has a host name');
	if (version >= 6) check(first.responses['IPS_HostBasedSetupService'] !== undefined, 'control mode is readable');
	const time = await call('AMT_TimeSynchronizationService_GetLowAccuracyTimeSynch');
	check(time.status === 200 && time.response.Body.ReturnValue === 0 && time.response.Body.Ta0 > 1e9, 'the device tells the time', time);
	const names = ['CIM_SoftwareIdentity', '*AMT_SetupAndConfigurationService', '*AMT_RedirectionService',
		'AMT_PublicKeyCertificate', 'AMT_PublicPrivateKeyPair', 'AMT_TLSSettingData', 'AMT_TLSCredentialContext'];
	const more = await batch(names);
	check(more.status === 200, 'settings batch is answered', more.status);
	const identity = more.responses['CIM_SoftwareIdentity'].responses;
	const amtVersion = identity.find((i) => i.InstanceID === 'AMT').VersionString;
	check(String(amtVersion).startsWith(major + '.'), 'CIM_SoftwareIdentity tells the version', amtVersion);
	const interfaces = await batch(['AMT_EthernetPortSettings']);
	check(interfaces.status === 200 && interfaces.responses['AMT_EthernetPortSettings'].responses[0].MACAddress.length === 17,
		'the network interface has a MAC address', interfaces.status);
}

async function hardwareBatches() {
	const hw = await batch(['*CIM_ComputerSystemPackage', 'CIM_SystemPackaging', '*CIM_Chassis', 'CIM_Chip', '*CIM_Card',
		'*CIM_BIOSElement', 'CIM_Processor', 'CIM_PhysicalMemory', 'CIM_MediaAccessDevice', 'CIM_PhysicalPackage']);
	check(hw.status === 200, 'hardware batch is answered', hw.status);
	const r = hw.responses;
	check(/^[0-9A-F]{32}$/.test(r['CIM_ComputerSystemPackage'].response.PlatformGUID), 'PlatformGUID has 32 hex digits');
	check(r['CIM_PhysicalMemory'].responses.length >= 1 && r['CIM_PhysicalMemory'].responses[0].Capacity > 0, 'memory is there');
	check(r['CIM_MediaAccessDevice'].responses.every((d, i) => r['CIM_PhysicalPackage'].responses[i + 1] !== undefined),
		'each disk has its package one place further');
	check(r['CIM_Processor'].responses.every((p, i) => typeof r['CIM_Chip'].responses[i].Version === 'string'),
		'each processor has its chip with the brand string');
	check(r['CIM_BIOSElement'].response.Version !== undefined, 'the BIOS has a version');
}

async function verbs() {
	let r = await call('RequestPowerStateChange', 2);
	check(r.status === 200 && r.response.Body.ReturnValue === 0, 'on is accepted', r);
	check(await reaches(2), 'it is on');
	r = await call('RequestPowerStateChange', 10);
	check(r.status === 200 && r.response.Body.ReturnValue === 0, 'reset is accepted', r);
	check(await reaches(2), 'it is on after the reset');
	r = await call('RequestPowerStateChange', 5);
	check(r.status === 200 && r.response.Body.ReturnValue === 0, 'cycle is accepted', r);
	check(await reaches(2), 'it is on after the cycle');
	r = await call('RequestPowerStateChange', 8);
	check(r.status === 200 && r.response.Body.ReturnValue === 0, 'off is accepted', r);
	check(await reaches(8), 'it is off');
	r = await call('RequestPowerStateChange', 10);
	check(r.status === 200 && r.response.Body.ReturnValue !== 0, 'reset of a machine that is off is refused', r);
}

// The advanced power action of amtmanager.js: settings, role, order, then the change.
async function bootOnce() {
	const r = await batch(['*AMT_BootSettingData', '*AMT_BootCapabilities']);
	check(r.status === 200, 'boot settings are readable', r.status);
	const data = r.responses['AMT_BootSettingData'].response;
	for (const name of ['WinREBootEnabled', 'UEFILocalPBABootEnabled', 'UEFIHTTPSBootEnabled', 'SecureBootControlEnabled',
		'BootguardStatus', 'OptionsCleared', 'BIOSLastStatus', 'UefiBootParametersArray', 'RPEEnabled']) delete data[name];
	data['BIOSSetup'] = true;
	const stored = await put('AMT_BootSettingData', data);
	check(stored.status === 200, 'boot settings are stored', stored.status);
	const role = await call('SetBootConfigRole', 1);
	check(role.status === 200 && role.response.Body.ReturnValue === 0, 'the boot role is taken', role);
	const order = await call('CIM_BootConfigSetting_ChangeBootOrder', null);
	check(order.status === 200 && order.response.Body.ReturnValue === 0, 'the boot order is taken', order);
	const on = await call('RequestPowerStateChange', 2);
	check(on.status === 200 && on.response.Body.ReturnValue === 0, 'it starts with them', on);
	check(await reaches(2), 'it is on');
	const after = await batch(['*AMT_BootSettingData']);
	check(after.responses['AMT_BootSettingData'].response.BIOSSetup === false, 'they last one boot');
}

async function main() {
	await connectBatches();
	await hardwareBatches();
	await verbs();
	await bootOnce();
	const events = await log('GetMessageLog');
	check(Array.isArray(events.records), 'the event log is readable', events.status);
	console.log('1..' + number);
	process.exit(0);
}
main().catch((problem) => {
	check(false, 'no exception: ' + problem.stack.replace(/\n/g, ' '));
	console.log('1..' + number);
	process.exit(1);
});
