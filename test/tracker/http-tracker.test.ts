import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { trackerLimits, userAgent } from '../../src/config.ts';
import { NetworkError, ProtocolError, TrackerError } from '../../src/errors.ts';
import { HttpTrackerClient, type HttpTrackerOptions } from '../../src/tracker/http-tracker.ts';
import { directNetwork, type Network } from '../../src/transport/network.ts';
import type { AnnounceResponse } from '../../src/tracker/tracker-client.ts';
import { closedPort, serveHttp, serveRaw } from './loopback-server.ts';
import { exampleRequest as request } from './example-request.ts';

const onePeer = Buffer.from('d8:intervali1800e5:peers6:\x0a\0\0\x01\x1a\xe1e', 'latin1');
const never = new AbortController().signal;
const quick = { ...trackerLimits, connectTimeoutMs: 300, idleTimeoutMs: 200, totalTimeoutMs: 500 };

function announce(url: string, options: HttpTrackerOptions = {}, signal = never): Promise<AnnounceResponse> {
  return new HttpTrackerClient(options).announce(url, request, signal);
}

/** Asserts that announcing to `url` fails with this class and these words, and that the words are one printable line. */
async function fails(url: string, kind: new (message: string) => Error, words: RegExp, options: HttpTrackerOptions = {}): Promise<void> {
  await assert.rejects(announce(url, options), (error: unknown) => {
    assert.ok(error instanceof kind, String(error));
    assert.match(error.message, words);
    assert.doesNotMatch(error.message, /\p{Cc}/u);
    return true;
  });
}

test('announces and reads the answer', async (t) => {
  let headers: unknown;
  const server = await serveHttp(t, (incoming, response) => {
    headers = [incoming.method, incoming.headers['user-agent'], incoming.headers.host, incoming.headers.connection];
    response.end(onePeer);
  });
  const response = await announce(`${server.origin}/announce?passkey=abc`);
  assert.deepEqual(response.peers, [{ host: '10.0.0.1', port: 6881 }]);
  assert.equal(response.intervalMs, 1_800_000);
  assert.equal(response.isLocal, true);
  assert.deepEqual(headers, ['GET', userAgent, `127.0.0.1:${server.port}`, 'close']);
  assert.deepEqual(server.targets, [
    `/announce?passkey=abc&info_hash=${'%AB'.repeat(20)}&peer_id=-tN0100-abcdefghijkl&port=6881` +
      '&uploaded=0&downloaded=0&left=1000&compact=1&numwant=50&key=00ff00ff&event=started',
  ]);
});

test('the user and password of a URL are sent as such, and only to its own host', async (t) => {
  const seen: (string | undefined)[] = [];
  const target = await serveHttp(t, (incoming, response) => {
    seen.push(incoming.headers.authorization);
    response.end(onePeer);
  });
  const server = await serveHttp(t, (incoming, response) => {
    seen.push(incoming.headers.authorization);
    response.writeHead(302, { location: `${target.origin}/announce` }).end();
  });
  await announce(`http://me:p%40ss@127.0.0.1:${server.port}/announce`);
  assert.deepEqual(seen, [`Basic ${Buffer.from('me:p@ss').toString('base64')}`, undefined]);
});

for (const [what, encoding, pack] of [
  ['gzip', 'gzip', gzipSync],
  ['gzip by its old name', 'x-gzip', gzipSync],
  ['deflate', 'deflate', deflateSync],
  ['deflate without its wrapping', 'deflate', deflateRawSync],
  ['nothing, which is said', 'identity', (bytes: Buffer) => bytes],
] as const) {
  test(`reads an answer packed with ${what}`, async (t) => {
    const server = await serveHttp(t, (_, response) => response.setHeader('content-encoding', encoding).end(pack(onePeer)));
    assert.equal((await announce(`${server.origin}/announce`)).peers.length, 1);
  });
}

test('an answer that inflates to more than 1 MiB is given up', async (t) => {
  const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
  assert.ok(bomb.length < 1024 * 1024, 'it is small on the way');
  const server = await serveHttp(t, (_, response) => response.setHeader('content-encoding', 'gzip').end(bomb));
  await fails(`${server.origin}/announce`, ProtocolError, /larger than 1048576 bytes/);
});

test('an answer that is not the gzip it claims to be, or packed in an unasked way, is refused', async (t) => {
  const wrong = await serveHttp(t, (_, response) => response.setHeader('content-encoding', 'gzip').end(onePeer));
  await fails(`${wrong.origin}/announce`, ProtocolError, /not the gzip/);
  const unasked = await serveHttp(t, (_, response) => response.setHeader('content-encoding', 'br').end(onePeer));
  await fails(`${unasked.origin}/announce`, ProtocolError, /not asked for/);
});

test('an answer without end is cut off at 1 MiB', async (t) => {
  let sent = 0;
  const server = await serveHttp(t, (_, response) => {
    const more = (): void => {
      while (!response.destroyed && response.write(Buffer.alloc(65_536))) sent += 65_536;
    };
    response.on('drain', more);
    more();
  });
  await fails(`${server.origin}/announce`, ProtocolError, /larger than 1048576 bytes/);
  assert.ok(sent < 32 * 1024 * 1024, `${sent} bytes`);
});

const noise = 'x'.repeat(16_384);
for (const [what, start, more] of [
  ['interim answers', '', `HTTP/1.1 103 Early Hints\r\nLink: <${noise}>\r\n\r\n`],
  ['small interim answers', '', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(1000)],
  ['an extension of a chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;', noise],
  ['chunks of one byte', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', '1\r\nd\r\n'.repeat(3000)],
] as const) {
  test(`${what} without end around the body are cut off too`, async (t) => {
    let sent = 0;
    const server = await serveRaw(t, (socket) => {
      const send = (): void => {
        while (!socket.destroyed && socket.write(more)) sent += more.length;
      };
      socket.once('data', () => {
        socket.write(start);
        socket.on('drain', send);
        send();
      });
    });
    // Either bound may be met first: Node's parser has one of its own for extensions in later versions.
    await fails(`${server.origin}/announce`, ProtocolError, /larger than 1048576 bytes|not HTTP/);
    assert.ok(sent < 32 * 1024 * 1024, `${sent} bytes`);
  });
}

test('an answer that declares more than 1 MiB is not read at all', async (t) => {
  const server = await serveHttp(t, (_, response) => {
    response.writeHead(200, { 'content-length': 2 ** 31 }).write('d');
  });
  await fails(`${server.origin}/announce`, ProtocolError, /larger than/, { limits: quick });
});

test('an answer of 10 000 peers is quick', async (t) => {
  const server = await serveHttp(t, (_, response) =>
    response.end(Buffer.from(`d5:peers60000:${'\x0a\0\0\x01\x1a\xe1'.repeat(10_000)}e`, 'latin1')),
  );
  const began = performance.now();
  assert.equal((await announce(`${server.origin}/announce`)).peers.length, 3_000);
  assert.ok(performance.now() - began < 2_000);
});

for (const [what, reply, kind, words] of [
  [
    'a length shorter than announced',
    'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nde',
    NetworkError,
    /closed before the answer was complete/,
  ],
  ['a negative chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nde\r\n0\r\n\r\n', ProtocolError, /not HTTP/],
  ['a chunk of 2^64 bytes', `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1${'0'.repeat(16)}\r\nde`, ProtocolError, /not HTTP/],
  [
    'a change of protocol',
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nde',
    ProtocolError,
    /a protocol that was not asked for/,
  ],
  ['no HTTP', 'SSH-2.0-OpenSSH_9.2\x1b[31m\r\n', ProtocolError, /not HTTP/],
  ['nothing', '', NetworkError, /closed before the answer was complete/],
  ['headers of 1 MB', `HTTP/1.1 200 OK\r\n${`x: ${'y'.repeat(1000)}\r\n`.repeat(1000)}\r\n`, ProtocolError, /not HTTP/],
] as const) {
  test(`${what} from a tracker is its failure`, async (t) => {
    const server = await serveRaw(t, (socket) => socket.once('data', () => socket.end(reply)));
    await fails(`${server.origin}/announce`, kind, words);
  });
}

test('an answer of HTTP/1.0 that ends with its connection is read', async (t) => {
  const server = await serveRaw(t, (socket) =>
    socket.once('data', () => socket.end(Buffer.concat([Buffer.from('HTTP/1.0 200 OK\r\n\r\n'), onePeer]))),
  );
  assert.equal((await announce(`${server.origin}/announce`)).peers.length, 1);
});

for (const [what, drip] of [
  ['says nothing', ''],
  ['sends headers for ever, byte by byte', 'HTTP/1.1 200 OK\r\nx: '],
  ['sends its body for ever, byte by byte', 'HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nd'],
] as const) {
  test(`a tracker that ${what} is given up in time`, async (t) => {
    const server = await serveRaw(t, (socket) => {
      socket.on('data', () => socket.write(drip));
      const dripping = drip === '' ? undefined : setInterval(() => socket.write('1'), 20);
      socket.on('close', () => clearInterval(dripping));
    });
    const began = performance.now();
    await fails(`${server.origin}/announce`, NetworkError, /no (complete )?answer/, { limits: quick });
    assert.ok(performance.now() - began < 3_000);
  });
}

test('a refused connection says so', async () => {
  await fails(`http://127.0.0.1:${await closedPort()}/announce`, NetworkError, /^connection refused$/);
});

test('a host name that is not known, or whose lookup never ends, says so', async () => {
  const notFound = Object.assign(new Error('queryA ENOTFOUND t.example'), { code: 'ENOTFOUND' });
  await fails('http://t.example/announce', NetworkError, /^host name not found$/, { network: lookingUp(() => Promise.reject(notFound)) });
  await fails('http://t.example/announce', NetworkError, /no connection within 0.3s/, {
    network: lookingUp(() => new Promise(() => {})),
    limits: quick,
  });
});

test('the signal ends an announce at once, with its reason', async (t) => {
  const controller = new AbortController();
  const server = await serveRaw(t, (socket) => socket.once('data', () => controller.abort(new Error('we stop'))));
  await assert.rejects(announce(`${server.origin}/announce`, {}, controller.signal), { message: 'we stop' });
  await assert.rejects(announce(`${server.origin}/announce`, {}, controller.signal), { message: 'we stop' });
  assert.equal(server.targets.length, 1);
});

for (const status of [400, 403, 404, 500]) {
  test(`status ${status} with a web page is the tracker's refusal, and the page is not shown`, async (t) => {
    const server = await serveHttp(t, (_, response) => response.writeHead(status, '\x9bEvil reason').end('<html>\x1b]52;evil</html>'));
    await fails(`${server.origin}/announce`, TrackerError, new RegExp(`^HTTP ${status} [A-Z][A-Za-z ]+$`));
  });
}

test('a failure reason counts whatever the status is', async (t) => {
  const server = await serveHttp(t, (_, response) => response.writeHead(403).end('d14:failure reason10:no \x1b entrye'));
  await fails(`${server.origin}/announce`, TrackerError, /^no \\x1b entry$/);
});

test('Retry-After is kept, an hour at most', async (t) => {
  const delays = ['120', '999999', 'Wed, 21 Oct 2099 07:28:00 GMT'];
  const server = await serveHttp(t, (_, response) => response.writeHead(503, { 'retry-after': delays.shift() ?? '' }).end());
  for (const retryAfterMs of [120_000, 3_600_000, undefined]) {
    await assert.rejects(announce(`${server.origin}/announce`), { message: 'HTTP 503 Service Unavailable', retryAfterMs });
  }
});

test('a web page in place of a reply is said to be one', async (t) => {
  const server = await serveHttp(t, (_, response) => response.end('<html><title>\x1b[31m</title>'));
  await fails(`${server.origin}/announce`, ProtocolError, /got a web page/);
});

/** A server whose answer to hop N is what `location` says; undefined ends the chain with an answer. */
function redirecting(t: TestContext, location: (hop: number) => string | undefined): ReturnType<typeof serveHttp> {
  let hops = 0;
  return serveHttp(t, (_, response) => {
    const target = location(++hops);
    if (target === undefined) response.end(onePeer);
    else response.writeHead([301, 302, 303, 307, 308][hops % 5] ?? 302, { location: target }).end('moved');
  });
}

test('follows five redirects, relative ones too', async (t) => {
  const server = await redirecting(t, (hop) => (hop <= 5 ? `/announce/${hop}?x=${hop}` : undefined));
  assert.equal((await announce(`${server.origin}/announce`)).peers.length, 1);
  assert.equal(server.targets.length, 6);
  assert.equal(server.targets.at(-1), '/announce/5?x=5');
});

test('does not follow a sixth redirect', async (t) => {
  const server = await redirecting(t, (hop) => `/announce/${hop}`);
  await fails(`${server.origin}/announce`, ProtocolError, /redirects more than 5 times/);
  assert.equal(server.targets.length, 6);
});

test('a circle of redirects ends where it closes', async (t) => {
  const server = await redirecting(t, (hop) => (hop % 2 === 1 ? '/announce/a' : '/announce/b'));
  await fails(`${server.origin}/announce`, ProtocolError, /in a circle/);
  assert.equal(server.targets.length, 3);
});

for (const location of [
  'file:///etc/passwd',
  'ftp://127.0.0.1/announce',
  'gopher://127.0.0.1/',
  'javascript:alert(1)',
  'http://',
  'http://0.0.0.0/announce',
]) {
  test(`does not follow a redirect to ${location}`, async (t) => {
    const server = await redirecting(t, () => location);
    await assert.rejects(announce(`${server.origin}/announce`), (error) => error instanceof ProtocolError || error instanceof NetworkError);
    assert.equal(server.targets.length, 1);
  });
}

test('a status of redirection that says nowhere is a refusal', async (t) => {
  const server = await serveHttp(t, (_, response) => response.writeHead(302).end());
  await fails(`${server.origin}/announce`, TrackerError, /^HTTP 302 Found$/);
});

test('where a redirect fails, its target is named without secrets', async (t) => {
  const port = await closedPort();
  const server = await redirecting(t, () => `http://127.0.0.1:${port}/announce?passkey=0123456789abcdef`);
  await fails(
    `${server.origin}/announce`,
    NetworkError,
    new RegExp(`^redirected to http://127.0.0.1:${port}/announce\\?passkey=\\*\\*\\*: connection refused$`),
  );
});

test('no spelling of a local address, and no name for one, has us ask a service of this machine', async (t) => {
  const canary = await serveHttp(t, (_, response) => response.end(onePeer));
  const { port } = canary;
  const spelled = [
    '2130706433',
    '0x7f.1',
    '0x7f000001',
    '017700000001',
    '127.1',
    '127.0.0.1',
    'localhost',
    '127.0.0.1.',
    '[::1]',
    '[::ffff:7f00:1]',
  ];
  for (const host of spelled) await fails(`http://${host}:${port}/admin/shutdown`, NetworkError, /not one that we may be led to/);
  for (const host of ['rebound.example', 'localhost.', 'x.localhost']) {
    for (const address of ['127.0.0.1', '::1', '::ffff:127.0.0.1', '169.254.169.254', '0.0.0.0', '::']) {
      await fails(`http://${host}:${port}/announce`, NetworkError, /not one that we may be led to/, {
        network: lookingUp(async () => [address]),
      });
    }
  }
  assert.deepEqual(canary.targets, []);
});

test('a name is looked up once per request, so that it cannot change between check and connect', async (t) => {
  const server = await serveHttp(t, (_, response) => response.end(onePeer));
  const url = `http://t.example:${server.port}/announce`;
  let lookups = 0;
  const lookupHost = async (): Promise<string[]> => (++lookups === 1 ? ['127.0.0.1'] : ['169.254.169.254']);
  assert.equal((await announce(url, { network: lookingUp(lookupHost), typedUrls: new Set([url]) })).peers.length, 1);
  assert.equal(lookups, 1);
});

test('a user may have us ask any path and any name of this machine', async (t) => {
  const server = await serveHttp(t, (_, response) => response.end(onePeer));
  const url = `http://my-box.example:${server.port}/tracker.php`;
  assert.equal((await announce(url, { typedUrls: new Set([url]), network: lookingUp(async () => ['127.0.0.1']) })).isLocal, true);
});

test('refuses what is no URL, no HTTP, or announces something already', async () => {
  await fails('not a URL \x1b', ProtocolError, /not a URL/);
  await fails('udp://127.0.0.1:6969/announce', ProtocolError, /expected an http or https URL, got "udp:"/);
  await fails('http://127.0.0.1/announce?info_hash=x', ProtocolError, /already holds "info_hash="/);
});

function lookingUp(lookupHost: Network['lookupHost']): Network {
  return { ...directNetwork, lookupHost };
}
