import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { serveHttp, serveHttps, type LoopbackServer } from './loopback-server.ts';

const onePeer = Buffer.from('d5:peers6:\x0a\0\0\x01\x1a\xe1e', 'latin1');
const announceOnce = fileURLToPath(new URL('announce-once.js', import.meta.url));

function serveWith(t: TestContext, certificate: string): Promise<LoopbackServer> {
  const files = { key: readFileSync('fixtures/tls/key.pem'), cert: readFileSync(`fixtures/tls/${certificate}.pem`) };
  return serveHttps(t, files, (_, response) => response.end(onePeer));
}

/** What a process that trusts this certificate, and nothing else of ours, says of one announce. */
async function announce(url: string, trusted: string, env: Record<string, string> = {}): Promise<string> {
  const trust = { NODE_EXTRA_CA_CERTS: `fixtures/tls/${trusted}.pem` };
  const { stdout } = await promisify(execFile)(process.execPath, [announceOnce, url], { env: { ...process.env, ...trust, ...env } });
  return stdout.trim();
}

test('announces over TLS to an address and to a name that the certificate vouches for', async (t) => {
  const server = await serveWith(t, 'loopback');
  assert.equal(await announce(`${server.origin}/announce`, 'loopback'), '1 peer');
  assert.equal(await announce(`https://localhost:${server.port}/announce`, 'loopback'), '1 peer');
});

for (const [certificate, trusted, words] of [
  ['loopback', 'other-host', 'its TLS certificate is self-signed'],
  ['expired', 'expired', 'its TLS certificate has expired'],
  ['other-host', 'other-host', 'its TLS certificate is for another host'],
] as const) {
  test(`tells a tracker nothing when ${words}`, async (t) => {
    const server = await serveWith(t, certificate);
    const url = `${server.origin}/announce`;
    assert.equal(await announce(url, trusted), `NetworkError: ${words}`);
    assert.equal(await announce(url, trusted, { NODE_TLS_REJECT_UNAUTHORIZED: '0' }), `NetworkError: ${words}`);
    assert.deepEqual(server.targets, []);
  });
}

test('a server that does not speak TLS is a network error', async (t) => {
  const server = await serveHttp(t, (_, response) => response.end());
  assert.match(await announce(`https://127.0.0.1:${server.port}/announce`, 'loopback'), /^NetworkError: TLS failed/);
});

test('a redirect does not lead out of TLS', async (t) => {
  const plain = await serveHttp(t, (_, response) => response.end(onePeer));
  const files = { key: readFileSync('fixtures/tls/key.pem'), cert: readFileSync('fixtures/tls/loopback.pem') };
  const server = await serveHttps(t, files, (_, response) => response.writeHead(302, { location: `${plain.origin}/announce` }).end());
  assert.equal(await announce(`${server.origin}/announce`, 'loopback'), 'ProtocolError: it redirects from https to http');
  assert.deepEqual(plain.targets, []);
});
