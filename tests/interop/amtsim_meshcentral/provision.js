// provision.js MODULES PORT CHAIN KEY ROOT ROOTKEY MEBX ADMIN - runs MeshCentral's own hello server (unchanged), which
// sets up whatever says hello to PORT, and stands for the rest of MeshCentral: the certificates (files), an empty
// database, one device group that activates. CHAIN is given root first, as the server turns the chain around, and node
// wants the leaf first. Prints "ready" and what the server says of its work, with the device's address.
'use strict';
const [modules, port, chain, key, root, rootKey, mebx, admin] = process.argv.slice(2);
const fs = require('fs');
const forge = require(modules + '/node_modules/node-forge');
const crypto = require('crypto');

const read = (file) => fs.readFileSync(file, 'utf8');
const certificates = read(chain).match(/-----BEGIN[^]*?-----END CERTIFICATE-----\n/g);
const rootPem = read(root);
const rootDer = forge.asn1.toDer(forge.pki.certificateToAsn1(forge.pki.certificateFromPem(rootPem))).getBytes();
const hashOf = (kind) => crypto.createHash(kind).update(Buffer.from(rootDer, 'binary')).digest('hex');
const attributes = (names) => Object.entries(names).map(([shortName, value]) => ({ shortName, value }));

// What amtmanager.js does with the public half of a key pair.
function createCertificate(subject, caKeyPem, derKey, issuer, usage) {
	const cert = forge.pki.createCertificate();
	cert.publicKey = forge.pki.publicKeyFromAsn1(forge.asn1.fromDer(forge.util.decode64(derKey)));
	cert.serialNumber = '01' + crypto.randomBytes(6).toString('hex');
	cert.validity.notBefore = new Date(2018, 0, 1);
	cert.validity.notAfter = new Date(2049, 11, 31);
	cert.setSubject(attributes(subject));
	cert.setIssuer(attributes(issuer));
	cert.setExtensions([{ name: 'basicConstraints' }, usage]);
	cert.sign(forge.pki.privateKeyFromPem(caKeyPem), forge.md.sha256.create());
	return cert;
}

const mesh = { _id: 'mesh//lab', mtype: 1, domain: '', name: 'lab', amt: { type: 3, password: admin } };
const parent = {
	crypto, fs, path: require('path'), common: require(modules + '/common.js'), datapath: '/nonexistent',
	debug: (...words) => console.log('# ' + words.slice(1).join(' ')),
	certificateOperations: {
		forge,
		getAcmCertChain: () => ({ certs: [...certificates], signkey: read(key) }),
	},
	certificates: { root: { cert: rootPem } },
	webserver: {
		meshes: { [mesh._id]: mesh }, certificates: { root: { key: read(rootKey) } },
		CreateMeshDispatchTargets: () => [], CloneSafeNode: (node) => node,
	},
	config: { domains: { '': { id: '', amtmanager: {}, amtacmactivation: {
		log: 'no', certs: [{ cn: 'oob.lab.example', sha256: hashOf('sha256'), sha1: hashOf('sha1') }] } } } },
	amtManager: { amtcert_createCertificate: createCertificate, startAmtManagement: () => { } },
	db: { Get: () => { } }, // what follows the commit is bookkeeping of theirs
};
// It looks the device's name up; here there is none, so that it uses the address.
require('dns').reverse = (address, then) => setImmediate(then, null, []);
parent.fs = { ...fs, appendFileSync: () => { } }; // its own log of passwords
const server = require(modules + '/amtprovisioningserver.js').CreateAmtProvisioningServer(parent,
	{ port: Number(port), devicegroup: mesh._id, trustedfqdn: 'oob.lab.example', newmebxpassword: mebx });
server.server.on('listening', () => console.log('ready'));
