// meshcentral.js MODULES read FILE...    what MeshCentral makes of setup.bin files, and whether it writes the same again
// meshcentral.js MODULES write FOLDER    files of its own
// meshcentral.js MODULES hear PORT       its hello server; each line of standard input is an address, and is answered with
//                                        what it understood from there (null: nothing)
// Output: a JSON object a line.
const fs = require('fs')
const path = require('path')
const readline = require('readline')

const [modules, what, ...args] = process.argv.slice(2)

// Functions that the module means to find in its host, for values of type GUID.
const common = require(path.join(modules, 'common.js'))
global.rstr2hex = common.rstr2hex || ((s) => Buffer.from(s, 'binary').toString('hex'))
global.hex2rstr = common.hex2rstr || ((s) => Buffer.from(s, 'hex').toString('binary'))
global.guidToStr = (g) => g.substring(6, 8) + g.substring(4, 6) + g.substring(2, 4) + g.substring(0, 2) + '-' +
  g.substring(10, 12) + g.substring(8, 10) + '-' + g.substring(14, 16) + g.substring(12, 14) + '-' +
  g.substring(16, 20) + '-' + g.substring(20)

const stack = require(path.join(modules, 'amt', 'amt-setupbin.js'))()
for (const file of what === 'read' ? args : []) {
  const raw = fs.readFileSync(file, 'latin1')
  const decoded = stack.AmtSetupBinDecode(raw)
  if (!decoded) {
    console.log(JSON.stringify({ file, decoded: null }))
    continue
  }
  const records = decoded.records.map((r) => ({
    flags: r.flags,
    variables: r.variables.map((v) => [v.moduleid, v.varid, v.type,
      typeof v.value === 'number' ? v.value : Buffer.from(v.value, 'latin1').toString('hex')])
  }))
  const same = stack.AmtSetupBinEncode(decoded) === raw
  console.log(JSON.stringify({ file, version: decoded.fileType, minor: decoded.minorVersion, flags: decoded.flags, records, same }))
}

if (what === 'write') {
  const common = [[1, 1, 'admin'], [1, 2, 'P@ssw0rd']]
  const later = [[1, 3, 1], [2, 3, 'example.com'], [2, 4, 'oob.example.com'], [2, 5, 1], [2, 7, 1],
    [2, 8, '\x01' + 'a'.repeat(20) + '\x07Zone CA'], [2, 10, 7], [2, 13, 2], [2, 17, '\x0a\x02\x00\xc0'], [2, 18, 9971]]
  const newest = [[2, 23, 1], [2, 25, 1], [2, 26, 255], [2, 27, 1], [2, 28, 1], [2, 30, 7], [2, 34, 4]]
  const psk = [[2, 1, '0000ABCU'], [2, 2, 'AMTAPSKMABCIDEFRGHI0JKL9MNOIPQRR']]
  const sets = { 1: common.concat(psk), 2: common.concat(later), 3: common.concat(later, newest), 4: common.concat(later, newest) }
  for (const version of [1, 2, 3, 4]) {
    const file = stack.AmtSetupBinCreate(version, version % 2)
    for (const scrambled of [0, version === 4 ? 2 : 0]) {
      const variables = sets[version].map(([moduleid, varid, value]) => ({ moduleid, varid, value }))
      file.records.push({ typeIdentifier: 1, flags: 1 + scrambled, chunkCount: 0, headerByteCount: 0, number: 0, variables })
    }
    fs.writeFileSync(path.join(args[0], `theirs-${version}.bin`), stack.AmtSetupBinEncode(file), 'latin1')
  }
}

if (what === 'hear') {
  const lookup = { config: { domains: {} }, webserver: { meshes: {} }, debug: () => {},
    certificates: { root: { cert: '' } },
    certificateOperations: { forge: { pki: { certificateFromPem: () => ({ subject: { getField: () => ({ value: 'none' }) } }) } } } }
  const log = console.log
  console.log = () => {}
  const server = require(path.join(modules, 'amtprovisioningserver.js'))
    .CreateAmtProvisioningServer(lookup, { port: Number(args[0]), newmebxpassword: 'P@ssw0rd1', devicegroup: 'none' })
  console.log = log
  server.server.on('listening', () => console.log(JSON.stringify({ listening: true })))
  readline.createInterface({ input: process.stdin }).on('line', (address) => {
    const dev = server.devices[address]
    delete server.devices[address]
    console.log(JSON.stringify(dev ? { guid: dev.guid, version: dev.helloversion, retry: dev.retryCount,
      admin: dev.adminCredentialsSet, hashes: dev.hashes } : null))
  }).on('close', () => process.exit(0))
}
