// scan.js MODULES RANGE - lets MeshCentral's scanner look for devices; prints what it found as JSON, one line.
'use strict';
const [modules, range] = process.argv.slice(2);
const scanner = require(modules + '/amtscanner.js').CreateAmtScanner({
	DispatchEvent: (ids, source, event) => {
		console.log(JSON.stringify(event.results));
		process.exit(0);
	},
});
if (!scanner.performRangeScan('test', range)) {
	console.error('the scanner refuses the range');
	process.exit(1);
}
