// usage: provider.mjs PORT ADDRESS CERT KEY REDIRECT: a real OpenID provider (npm oidc-provider) with its own login pages,
// which take every password. People and groups are below. Says "ready" when it serves; SIGUSR1 changes its signing keys.
import fs from 'node:fs';
import https from 'node:https';
import { generateKeyPairSync } from 'node:crypto';
import { Provider } from 'oidc-provider';

const [port, address, cert, key, redirect] = process.argv.slice(2);
const issuer = `https://${address}:${port}`;
const people = {
  alice: { name: 'Alice Example', preferred_username: 'alice', groups: ['ops', 'all'] },
  bob: { name: 'Bob Example', preferred_username: 'bob', groups: ['all'] },
};

function make() {
  const jwk = { ...generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256' };
  const provider = new Provider(issuer, {
    clients: [{
      client_id: 'lamplighter', client_secret: 'Client-secret 1', redirect_uris: [redirect],
      grant_types: ['authorization_code', 'urn:ietf:params:oauth:grant-type:device_code'],
    }],
    jwks: { keys: [jwk] },
    scopes: ['openid', 'profile', 'groups'],
    claims: { openid: ['sub'], profile: ['name', 'preferred_username'], groups: ['groups'] },
    findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
    features: { deviceFlow: { enabled: true }, devInteractions: { enabled: true } },
    cookies: { keys: ['test'] },
    ttl: { Interaction: 600, Session: 600, Grant: 600, DeviceCode: 600, AccessToken: 600, IdToken: 300 },
  });
  return provider.callback();
}

let serve = make();
process.on('SIGUSR1', () => { serve = make(); console.log('changed'); });
https.createServer({ cert: fs.readFileSync(cert), key: fs.readFileSync(key) }, (req, res) => serve(req, res))
  .listen(Number(port), address, () => console.log('ready'));
