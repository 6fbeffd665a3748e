// scan.js MODULES scan RANGE... - lets MeshCentral's scanner ping ranges of addresses; prints what it found of each.
// scan.js MODULES probe HOST:PORT... - lets it ask web servers for their version; prints it, or null, of each.
// One JSON object.
'use strict';
const [modules, what, ...targets] = process.argv.slice(2);
// The scanner asks the DNS for the name of each address that answers, and forgets those whose answer is late. Names do
// not matter here, so they are asked for where nobody keeps anyone waiting.
require('dns').setServers(['127.0.0.1']);

const scan = (range) => new Promise((done, fail) => {
	const scanner = require(modules + '/amtscanner.js').CreateAmtScanner({
		DispatchEvent: (ids, source, event) => done(event.results),
	});
	if (!scanner.performRangeScan('test', range)) fail(new Error('the scanner refuses ' + range));
});

const scanner = require(modules + '/amtscanner.js').CreateAmtScanner({});
const probe = (target) => new Promise((done) => {
	const [host, port] = target.split(':');
	scanner.checkTcpPresence(host, Number(port), {}, (info, found, version) => done(found ? version : null));
});

Promise.all(targets.map(what === 'scan' ? scan : probe)).then((found) => {
	console.log(JSON.stringify(Object.fromEntries(targets.map((t, i) => [t, found[i]]))));
	process.exit(0);
}, (problem) => {
	console.error(problem.message);
	process.exit(1);
});
