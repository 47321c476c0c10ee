// Requests through a proxy of HTTP: forwarded, or in a tunnel for TLS. Against a scripted proxy, and tinyproxy, which nobody here wrote.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import type net from 'node:net';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import tls from 'node:tls';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { trackerLimits } from '../../src/config.ts';
import { NetworkError } from '../../src/errors.ts';
import { httpFetch } from '../../src/transport/http-fetch.ts';
import { directNetwork, type Network } from '../../src/transport/network.ts';
import { type Proxy, parseProxy } from '../../src/transport/proxy.ts';
import { skipWithout } from '../support/programs.ts';
import { startProxy } from '../support/proxies.ts';
import { scratchDirectory } from '../support/scratch.ts';
import { closedPort, serveHttp, serveHttps, serveRaw } from '../tracker/loopback-server.ts';

const never = new AbortController().signal;
const quick = { ...trackerLimits, connectTimeoutMs: 300, idleTimeoutMs: 200, totalTimeoutMs: 500 };
const announceOnce = fileURLToPath(new URL('../tracker/announce-once.js', import.meta.url));

/** Everything goes through the proxy; what of a name is looked up fails the test. */
function through(port: number, user = ''): Network {
  const proxy: Proxy = parseProxy(`http://${user}127.0.0.1:${port}`, 'the proxy', ['http']);
  return { ...directNetwork, httpProxyFor: () => proxy, lookupHost: () => assert.fail('a name was looked up') };
}

test('a proxy is asked for the whole URL, with our password for it and the one for the server', async (t) => {
  const seen: unknown[] = [];
  const proxy = await serveHttp(t, ({ method, url, headers }, response) => {
    seen.push(method, url, headers.host, headers['proxy-authorization'], headers.authorization);
    response.end('through');
  });
  const url = new URL('http://them:theirs@t.example:6969/announce?a=1');
  const { body, reach } = await httpFetch(url, false, through(proxy.port, 'me:ours@'), trackerLimits, never);
  assert.equal(Buffer.from(body).toString(), 'through');
  assert.equal(reach, 'global');
  const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;
  assert.deepEqual(seen, ['GET', 'http://t.example:6969/announce?a=1', 't.example:6969', basic('me:ours'), basic('them:theirs')]);
});

test('a proxy is not asked for what the torrent may not lead us to', async (t) => {
  const proxy = await serveHttp(t, (_, response) => response.end());
  for (const url of ['http://127.0.0.1/', 'http://localhost/', 'http://[::1]/', 'http://169.254.169.254/latest', 'http://0.0.0.0/'])
    await assert.rejects(httpFetch(new URL(url), false, through(proxy.port), trackerLimits, never), /not one that we may be led to/, url);
  assert.deepEqual(proxy.targets, []);
});

for (const [what, answer, words] of [
  ['refuses', 'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n', /the proxy http:\/\/127\.0\.0\.1:\d+ answers with HTTP 403$/],
  ['wants a password', 'HTTP/1.1 407 Proxy Authentication Required\r\n\r\n', /answers with HTTP 407$/],
  ['speaks nonsense', 'SSH-2.0-OpenSSH\r\n', /not HTTP/],
  ['hangs up', '', /closed before/],
  ['answers without end', `HTTP/1.1 200 OK\r\n${`x: ${'y'.repeat(1000)}\r\n`.repeat(100)}\r\n`, /not HTTP/],
  ['connects to something without TLS', 'HTTP/1.1 200 OK\r\n\r\nhello, hello', /TLS failed|closed before/],
] as const) {
  test(`a proxy that ${what} is no way to a server`, async (t) => {
    const proxy = await serveRaw(t, (socket) => socket.once('data', () => socket.end(answer)));
    await assert.rejects(
      httpFetch(new URL('https://t.example/'), true, through(proxy.port, 'me:secret@'), quick, never),
      (error: unknown) => {
        assert.ok(error instanceof Error);
        assert.match(error.message, words);
        assert.doesNotMatch(error.message, /secret/);
        return true;
      },
    );
  });
}

test('a proxy that says nothing is given up in time, and one that is not there is told of', async (t) => {
  const silent = await serveRaw(t, () => {});
  await assert.rejects(httpFetch(new URL('https://t.example/'), true, through(silent.port), quick, never), NetworkError);
  const gone = through(await closedPort());
  await assert.rejects(httpFetch(new URL('http://t.example/'), true, gone, trackerLimits, never), /cannot be reached: connection refused$/);
});

/** A server of ours with TLS, and how often it was asked. */
function serveTls(t: TestContext): ReturnType<typeof serveHttps> {
  const certificate = { key: readFileSync('fixtures/tls/key.pem'), cert: readFileSync('fixtures/tls/loopback.pem') };
  return serveHttps(t, certificate, (_, response) => response.end(Buffer.from('d5:peers6:\x0a\0\0\x01\x1a\xe1e', 'latin1')));
}

/** One announce of a process that trusts our certificate; `HTTPS_PROXY` and its kin count. */
async function announce(url: string, env: Record<string, string>): Promise<string> {
  const trust = { NODE_EXTRA_CA_CERTS: 'fixtures/tls/loopback.pem' };
  const { stdout } = await promisify(execFile)(process.execPath, [announceOnce, url], { env: { ...process.env, ...trust, ...env } });
  return stdout.trim();
}

test('TLS names the server, for those that choose their certificate by it', async (t) => {
  const names: unknown[] = [];
  const server = tls.createServer(
    {
      key: readFileSync('fixtures/tls/key.pem'),
      cert: readFileSync('fixtures/tls/loopback.pem'),
      SNICallback: (name, done) => {
        names.push(name);
        done(null);
      },
    },
    (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nde'),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as net.AddressInfo;
  await announce(`https://localhost:${port}/announce`, {});
  await announce(`https://127.0.0.1:${port}/announce`, {});
  assert.deepEqual(names, ['localhost']);
});

/** tinyproxy, when it listens. */
function startTinyproxy(t: TestContext): Promise<number> {
  const file = path.join(scratchDirectory(t), 'tinyproxy.conf');
  return startProxy(t, 'tinyproxy', (port) => {
    writeFileSync(file, `Port ${port}\nListen 127.0.0.1\nTimeout 10\nMaxClients 20\nBasicAuth me secret\nBind 127.0.0.9\n`);
    return ['-d', '-c', file];
  });
}

test('tinyproxy forwards requests, and tunnels those over TLS', { skip: skipWithout('tinyproxy') }, async (t) => {
  const port = await startTinyproxy(t);
  const from: (string | undefined)[] = [];
  const server = await serveHttp(t, (request, response) => {
    from.push(request.socket.remoteAddress);
    response.end('through');
  });
  const { body } = await httpFetch(new URL(`${server.origin}/announce`), false, through(port, 'me:secret@'), trackerLimits, never);
  assert.equal(Buffer.from(body).toString(), 'through');
  assert.deepEqual(from, ['127.0.0.9']);
  const { status } = await httpFetch(new URL(`${server.origin}/announce`), false, through(port), trackerLimits, never);
  assert.equal(status, 407);
  const secure = await serveTls(t);
  assert.equal(await announce(`${secure.origin}/announce`, { TEST_PROXY: `http://me:secret@127.0.0.1:${port}` }), '1 peer');
  assert.match(await announce(`${secure.origin}/announce`, { TEST_PROXY: `http://127.0.0.1:${port}` }), /answers with HTTP 407$/);
});
