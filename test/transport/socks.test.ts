// Connections through SOCKS5: against a scripted proxy, byte by byte where that tells more, against one that sends nonsense, and against
// microsocks, which nobody here wrote.

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { inspect } from 'node:util';
import { NetworkError } from '../../src/errors.ts';
import type { Network } from '../../src/transport/network.ts';
import { networkOf } from '../../src/transport/network-options.ts';
import { connectThroughSocks } from '../../src/transport/socks.ts';
import { dialTcp } from '../../src/transport/tcp.ts';
import { mutate, seededRandom } from '../support/mutation.ts';
import { skipWithout } from '../support/programs.ts';
import { startMicrosocks } from '../support/proxies.ts';
import { closedPort, serveHttp, serveRaw } from '../tracker/loopback-server.ts';
import { httpFetch } from '../../src/transport/http-fetch.ts';
import { trackerLimits } from '../../src/config.ts';

const never = new AbortController().signal;
const noAuth = Buffer.from([5, 0]);
const wantsPassword = Buffer.from([5, 2]);
const passwordIsRight = Buffer.from([1, 0]);
const granted = Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
const behind = (port: number, user = ''): Network => networkOf({ proxy: `socks5://${user}127.0.0.1:${port}` });

/** A proxy that answers the nth message with `answers[n]`, and what it was told. */
async function scriptedProxy(t: TestContext, answers: readonly Buffer[]): Promise<{ port: number; told: Buffer[] }> {
  const told: Buffer[] = [];
  const { port } = await serveRaw(t, (socket) => {
    let step = 0;
    socket.on('data', (chunk: Buffer) => {
      told.push(chunk);
      const answer = answers[step++];
      if (answer !== undefined) socket.write(answer);
      if (step >= answers.length && answer === undefined) socket.end();
    });
  });
  return { port, told };
}

// The first of this file, as the first of a program: what speaks to proxies is not loaded yet.
test('a proxy that hangs up at once is told of at once', async (t) => {
  const { port } = await serveRaw(t, (socket) => socket.destroy());
  await assert.rejects(connectThroughSocks(behind(port), '1.2.3.4', 1, AbortSignal.timeout(5_000)), /ends the connection/);
});

test('asks for an IPv4 address, an IPv6 address, or a name as it is', async (t) => {
  for (const [host, request] of [
    ['1.2.3.4', [5, 1, 0, 1, 1, 2, 3, 4, 0x1a, 0xe1]],
    ['2001:db8::7', [5, 1, 0, 4, 0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0x1a, 0xe1]],
    ['t.example', [5, 1, 0, 3, 9, ...Buffer.from('t.example'), 0x1a, 0xe1]],
  ] as const) {
    const { port, told } = await scriptedProxy(t, [noAuth, granted]);
    const socket = await connectThroughSocks(behind(port), host, 6881, never);
    assert.deepEqual(told, [Buffer.from([5, 1, 0]), Buffer.from(request)]);
    socket.destroy();
  }
});

test('gives user and password when they are asked for', async (t) => {
  const { port, told } = await scriptedProxy(t, [wantsPassword, passwordIsRight, granted]);
  const socket = await connectThroughSocks(behind(port, 'me:p%C3%A9@'), '1.2.3.4', 80, never);
  assert.deepEqual(told[1], Buffer.from([1, 2, ...Buffer.from('me'), 3, ...Buffer.from('pé')]));
  socket.destroy();
});

test('delivers what comes in one piece with the answer, and what follows', async (t) => {
  const { port } = await scriptedProxy(t, [noAuth, Buffer.concat([granted, Buffer.from('hello')]), Buffer.from(' world')]);
  const stream = await dialTcp({ host: '1.2.3.4', port: 6881 }, behind(port), never);
  let text = '';
  const all = new Promise<void>((resolve) => {
    stream.start({
      bytesReceived(chunk) {
        text += Buffer.from(chunk).toString();
        if (text.length === 11) resolve();
      },
      drained() {},
      closed() {},
    });
  });
  stream.resume();
  stream.send(Buffer.from('x'));
  await all;
  assert.equal(text, 'hello world');
  stream.close();
});

test('a failure says what the proxy did, and never the password', async (t) => {
  for (const [what, answers, words] of [
    ['refuses the connection', [noAuth, Buffer.from([5, 5, 0, 1, 0, 0, 0, 0, 0, 0])], /cannot connect there \(ConnectionRefused\)/],
    ['knows no such host', [noAuth, Buffer.from([5, 4, 0, 1, 0, 0, 0, 0, 0, 0])], /cannot connect there \(HostUnreachable\)/],
    ['refuses the password', [wantsPassword, Buffer.from([1, 1])], /refuses our user and password/],
    ['accepts no way of ours', [Buffer.from([5, 255])], /refuses our user and password/],
    ['speaks another version', [Buffer.from([4, 90])], /does not speak SOCKS5/],
    ['speaks HTTP', [Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')], /does not speak SOCKS5/],
    ['hangs up', [], /ends the connection/],
    ['hangs up half-way', [noAuth], /ends the connection/],
  ] as const) {
    const { port } = await scriptedProxy(t, answers);
    await assert.rejects(dialTcp({ host: '1.2.3.4', port: 6881 }, behind(port, 'me:secret@'), never), (error: unknown) => {
      assert.ok(error instanceof NetworkError, what);
      assert.match(error.message, /^connecting to 1\.2\.3\.4:6881: the proxy socks5:\/\/127\.0\.0\.1:\d+ /);
      assert.match(error.message, words);
      assert.doesNotMatch(inspect(error, { depth: 9, showHidden: true }), /secret/);
      return true;
    });
  }
});

test('a proxy that is not there, or says nothing, is told of in time', async (t) => {
  const gone = await closedPort();
  await assert.rejects(
    connectThroughSocks(behind(gone), '1.2.3.4', 1, never),
    /^NetworkError: the proxy .* cannot be reached: connection refused$/,
  );
  const { port } = await serveRaw(t, () => {});
  await assert.rejects(dialTcp({ host: '1.2.3.4', port: 6881 }, behind(port), never, 100), /no answer in 0.1s$/);
  const stop = new AbortController();
  const dialling = dialTcp({ host: '1.2.3.4', port: 6881 }, behind(port), stop.signal);
  stop.abort(new Error('enough'));
  await assert.rejects(dialling, /^Error: enough$/);
});

test('a name longer than a byte can say is refused before it is sent', async (t) => {
  const { port, told } = await scriptedProxy(t, [noAuth, granted]);
  await assert.rejects(connectThroughSocks(behind(port), 'x'.repeat(256), 80, never), NetworkError);
  assert.deepEqual(told, []);
});

test('whatever a proxy answers, a connection comes of it or a NetworkError', async (t) => {
  const random = seededRandom(47);
  const replies = Buffer.concat([wantsPassword, passwordIsRight, granted]);
  const { port } = await serveRaw(t, (socket) => {
    const bytes = Buffer.from(mutate(replies, random, Buffer.from([0, 1, 2, 3, 4, 5, 255])));
    const cut = Math.floor(random() * bytes.length);
    socket.write(bytes.subarray(0, cut));
    socket.once('data', () => socket.end(bytes.subarray(cut)));
  });
  for (let run = 0; run < 400; run++) {
    try {
      (await connectThroughSocks(behind(port, 'a:b@'), '1.2.3.4', 80, never)).destroy();
    } catch (error) {
      if (!(error instanceof NetworkError)) throw error;
    }
  }
});

test('a request over HTTP leaves the name to the proxy, and is held to the same rule', async (t) => {
  const answer = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nde');
  const { port, told } = await scriptedProxy(t, [noAuth, granted, answer]);
  const noLookups = { ...behind(port), lookupHost: () => Promise.reject(new Error('a name was looked up')) };
  const { body, reach } = await httpFetch(new URL('http://t.example/announce'), false, noLookups, trackerLimits, never);
  assert.equal(Buffer.from(body).toString(), 'de');
  assert.equal(reach, 'global');
  assert.match(String(told[2]), /^GET \/announce HTTP\/1\.1\r\nhost: t\.example\r\n/i);
  for (const url of [
    'http://127.0.0.1/x',
    'http://localhost/x',
    'http://a.localhost./x',
    'http://[::ffff:7f00:1]/x',
    'http://169.254.169.254/',
  ])
    await assert.rejects(httpFetch(new URL(url), false, noLookups, trackerLimits, never), /not one that we may be led to/, url);
  assert.equal(told.length, 3);
});

test('a redirect behind a proxy does not lead to a private address', async (t) => {
  const redirect = Buffer.from('HTTP/1.1 302 Found\r\nLocation: http://192.168.0.1/\r\nContent-Length: 0\r\n\r\n');
  const { port } = await scriptedProxy(t, [noAuth, granted, redirect]);
  await assert.rejects(httpFetch(new URL('http://t.example/'), true, behind(port), trackerLimits, never), /192\.168\.0\.1, is not one/);
});

for (const [how, args, user] of [
  ['without', [], ''],
  ['with', ['-u', 'me', '-P', 's3cr:et'], 'me:s3cr%3Aet@'],
] as const) {
  test(`microsocks ${how} a password connects peers and requests`, { skip: skipWithout('microsocks') }, async (t) => {
    const network = behind(await startMicrosocks(t, ...args), user);
    const from: (string | undefined)[] = [];
    const echo = await serveRaw(t, (socket) => {
      from.push(socket.remoteAddress);
      socket.pipe(socket);
    });
    const stream = await dialTcp({ host: '127.0.0.1', port: echo.port }, network, never);
    const sent = Buffer.alloc(1_000_000, 'abcdefg');
    const received: Buffer[] = [];
    const whole = new Promise<void>((resolve) => {
      stream.start({
        bytesReceived(chunk) {
          received.push(Buffer.from(chunk));
          if (received.reduce((sum, { length }) => sum + length, 0) === sent.length) resolve();
        },
        drained() {},
        closed() {},
      });
    });
    stream.resume();
    stream.send(sent);
    await whole;
    assert.ok(Buffer.concat(received).equals(sent));
    stream.close();

    const server = await serveHttp(t, (request, response) => {
      from.push(request.socket.remoteAddress);
      response.end('ok');
    });
    const { body } = await httpFetch(new URL(`http://localhost:${server.port}/`), true, network, trackerLimits, never);
    assert.equal(Buffer.from(body).toString(), 'ok');
    assert.deepEqual(from, ['127.0.0.9', '127.0.0.9']);
  });
}

test('microsocks refuses a wrong password', { skip: skipWithout('microsocks') }, async (t) => {
  const port = await startMicrosocks(t, '-u', 'me', '-P', 'right');
  for (const user of ['me:wrong@', '']) {
    await assert.rejects(connectThroughSocks(behind(port, user), '127.0.0.1', 80, never), /refuses our user and password, or wants some$/);
  }
});
