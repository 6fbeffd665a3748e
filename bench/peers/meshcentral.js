// meshcentral.js MODULES FIRST COUNT PORT TLS PASSWORD-FILE status|on|reset - lets MeshCentral's AMT modules ask, or
// order, the same of each device once; so many at a time as it takes. Prints {"ok":N}.
'use strict';
const [modules, first, count, port, tls, passwordFile, what] = process.argv.slice(2);
const createComm = require(modules + '/amt/amt-wsman-comm.js');
const createWsman = require(modules + '/amt/amt-wsman.js');
const createStack = require(modules + '/amt/amt.js');
const password = require('fs').readFileSync(passwordFile, 'utf8').split('\n')[0];
const states = { on: 2, reset: 10 };
const atOnce = 2000;

const base = first.split('.').reduce((n, part) => n * 256 + Number(part), 0);
const address = (i) => [24, 16, 8, 0].map((bits) => ((base + i) >>> bits) & 255).join('.');
let next = 0, finished = 0, ok = 0;

function one(host) {
	const comm = createComm(host, Number(port), 'admin', password, Number(tls));
	const amt = createStack(createWsman(comm));
	const done = (stack, name, response, status) => {
		if (status === 200) ok++;
		comm.destroy();
		if (next < count) one(address(next++));
		if (++finished === Number(count)) {
			console.log(JSON.stringify({ ok }));
			process.exit(0);
		}
	};
	if (what === 'status') amt.Get('CIM_AssociatedPowerManagementService', done);
	else amt.RequestPowerStateChange(states[what], done);
}
while (next < count && next < atOnce) one(address(next++));
