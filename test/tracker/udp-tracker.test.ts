import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { test, type TestContext } from 'node:test';
import { NetworkError, ProtocolError, TrackerError } from '../../src/errors.ts';
import { systemClock } from '../../src/support/clock.ts';
import { systemRandom } from '../../src/support/random.ts';
import type { AnnounceResponse } from '../../src/tracker/tracker-client.ts';
import { UdpExchange } from '../../src/tracker/udp-exchange.ts';
import { UdpTrackerClient, type UdpTrackerOptions } from '../../src/tracker/udp-tracker.ts';
import type { LookupHost } from '../../src/transport/host-lookup.ts';
import { directNetwork } from '../../src/transport/network.ts';
import { networkOf } from '../../src/transport/network-options.ts';
import { UdpSockets } from '../../src/transport/udp.ts';
import { counts, errorReply, FakeUdpTracker, type RecordedDatagram } from '../support/udp-tracker.ts';
import { exampleRequest as request } from './example-request.ts';

const never = new AbortController().signal;

interface Lab {
  readonly exchange: UdpExchange;
  readonly client: UdpTrackerClient;
}

function lab(t: TestContext, options: UdpTrackerOptions = {}): Lab {
  const exchange = new UdpExchange({ openPort: (hear) => new UdpSockets(hear, directNetwork), clock: systemClock, random: systemRandom });
  const client = new UdpTrackerClient(exchange, options);
  t.after(() => client.close());
  return { exchange, client };
}

/** The options for a network whose names are looked up by `lookupHost`. */
function over(lookupHost: LookupHost): UdpTrackerOptions {
  return { network: { ...directNetwork, lookupHost } };
}

/** The outcome of an announce from a client of its own. */
function announce(t: TestContext, url: string, options: UdpTrackerOptions = {}): Promise<AnnounceResponse> {
  return lab(t, options).client.announce(url, request, never);
}

for (const host of ['127.0.0.1', '::1'] as const) {
  test(`announces and scrapes over ${host}`, async (t) => {
    const tracker = await FakeUdpTracker.start(t, { host, peers: [{ host, port: 4000 }] });
    const { client } = lab(t);
    const response = await client.announce(`${tracker.url}?a=b`, request, never);
    assert.deepEqual(response, {
      peers: [{ host, port: 4000 }],
      intervalMs: 1_800_000,
      minIntervalMs: undefined,
      trackerId: undefined,
      seeders: 1,
      leechers: 1,
      warning: undefined,
      isLocal: true,
    });
    assert.deepEqual(await client.scrape(tracker.url, request.infohash, never), { seeders: 7, downloads: 9, leechers: 3 });
    assert.deepEqual(tracker.actions, ['connect', 'announce', 'scrape']);
    assert.equal(tracker.datagrams[1]?.bytes.subarray(98).toString('latin1'), '\x02\x0d/announce?a=b');
    assert.equal(new Set(tracker.datagrams.map(({ from }) => from)).size, 1);
  });
}

test('many trackers are asked from one port', async (t) => {
  const trackers = await Promise.all(Array.from({ length: 5 }, () => FakeUdpTracker.start(t)));
  const { client } = lab(t);
  await Promise.all(trackers.map(({ url }) => client.announce(url, request, never)));
  assert.equal(new Set(trackers.flatMap(({ datagrams }) => datagrams.map(({ from }) => from))).size, 1);
});

test('transaction ids do not repeat and do not count up', async (t) => {
  const tracker = await FakeUdpTracker.start(t);
  const { client } = lab(t);
  for (let round = 0; round < 32; round++) await client.scrape(tracker.url, request.infohash, never);
  const ids = tracker.datagrams.map(({ transaction }) => transaction);
  assert.equal(new Set(ids).size, ids.length);
  const highHalves = ids.map((id) => id >>> 16);
  assert.ok(new Set(highHalves).size > 16, 'they differ in every part');
});

test('10 000 stray datagrams and forged answers from elsewhere change nothing', async (t) => {
  const flood = createSocket('udp4');
  t.after(() => flood.close());
  const tracker = await FakeUdpTracker.start(t, {
    peers: [{ host: '127.0.0.1', port: 4000 }],
    reply: ({ from, transaction, action }, honest, answer) => {
      const port = Number(from.split(' ')[1]);
      const forged = [counts(1, transaction, [60, 0, 0]), errorReply(transaction, 'forged'), Buffer.alloc(16, 0xff), Buffer.alloc(3)];
      let left = action === 'announce' ? 10_000 : 0;
      const next = (): void => {
        if (left === 0) return answer(honest);
        // In turns, so that the socket's buffer holds them all.
        const some = Math.min(left, 16);
        left -= some;
        for (let sent = 0; sent < some; sent++) flood.send(forged[sent % 4] as Buffer, port, '127.0.0.1');
        setImmediate(next);
      };
      next();
    },
  });
  const { client, exchange } = lab(t);
  const { peers } = await client.announce(tracker.url, request, never);
  assert.deepEqual(peers, [{ host: '127.0.0.1', port: 4000 }]);
  assert.ok(exchange.strays > 0);
  assert.deepEqual(tracker.actions, ['connect', 'announce']);
});

test("an error is the tracker's refusal, in its printable words", async (t) => {
  const tracker = await FakeUdpTracker.start(t, {
    reply: ({ action, transaction }, honest, answer) => answer(action === 'connect' ? honest : errorReply(transaction, 'not \x1b[2Jhere')),
  });
  await assert.rejects(announce(t, tracker.url), (error) => error instanceof TrackerError && error.message === 'not \\x1b[2Jhere');
});

test('peers of a wrong length make the answer useless', async (t) => {
  const tracker = await FakeUdpTracker.start(t, {
    peers: [{ host: '127.0.0.1', port: 4000 }],
    reply: ({ action }, honest, answer) => answer(action === 'connect' ? honest : honest.subarray(0, honest.length - 1)),
  });
  await assert.rejects(announce(t, tracker.url), (error) => error instanceof ProtocolError && /multiple of 6/.test(error.message));
});

test('a name for this machine is used only when the user typed it', async (t) => {
  const tracker = await FakeUdpTracker.start(t);
  const url = `udp://t.example:${tracker.port}/announce`;
  for (const address of ['127.0.0.1', '::ffff:127.0.0.1', '169.254.169.254', '0.0.0.0', '224.0.0.1', '255.255.255.255', '::']) {
    await assert.rejects(
      announce(
        t,
        url,
        over(async () => [address]),
      ),
      /not one that we may be led to/,
    );
  }
  assert.deepEqual(tracker.actions, []);
  assert.equal((await announce(t, url, { ...over(async () => ['127.0.0.1']), typedUrls: new Set([url]) })).isLocal, true);
});

test('a tracker with both families is asked over both, and one that is silent costs no answer', async (t) => {
  const four = await FakeUdpTracker.start(t, { peers: [{ host: '127.0.0.1', port: 4000 }] });
  const { port } = four;
  let isSilent = false;
  const six = await FakeUdpTracker.start(t, {
    host: '::1',
    port,
    peers: [{ host: '::1', port: 4006 }],
    reply: (_, honest, answer) => {
      if (!isSilent) answer(honest);
    },
  });
  const url = `udp://t.example:${port}/announce`;
  const { client } = lab(t, { ...over(async () => ['::1', '127.0.0.1']), typedUrls: new Set([url]) });
  const both = await client.announce(url, request, never);
  assert.deepEqual(both.peers, [
    { host: '::1', port: 4006 },
    { host: '127.0.0.1', port: 4000 },
  ]);
  assert.deepEqual([four.events, six.events], [['started'], ['started']]);
  isSilent = true;
  const one = await client.announce(url, { ...request, event: 'stopped' }, never);
  assert.deepEqual(one.peers, [{ host: '127.0.0.1', port: 4000 }]);
  assert.deepEqual(four.events, ['started', 'stopped']);
});

test('a refusal over one family is told although the other is silent', async (t) => {
  const reply = ({ transaction }: RecordedDatagram, _: Buffer, answer: (bytes: Uint8Array) => void): void =>
    answer(errorReply(transaction, 'go away'));
  const { port } = await FakeUdpTracker.start(t, { reply });
  await FakeUdpTracker.start(t, { host: '::1', port, reply: () => {} });
  const url = `udp://t.example:${port}/announce`;
  const options = { ...over(async () => ['::1', '127.0.0.1']), typedUrls: new Set([url]) };
  await assert.rejects(announce(t, url, options), (error) => error instanceof TrackerError && error.message === 'go away');
});

test('an id that another torrent got for a typed URL is of no use to one that may not ask there', async (t) => {
  const tracker = await FakeUdpTracker.start(t);
  const url = `udp://t.example:${tracker.port}/announce`;
  const lookupHost = async (): Promise<string[]> => ['127.0.0.1'];
  const { exchange, client } = lab(t, { ...over(lookupHost), typedUrls: new Set([url]) });
  await client.announce(url, request, never);
  await assert.rejects(new UdpTrackerClient(exchange, over(lookupHost)).announce(url, request, never), /not one that we may be led to/);
});

test('the failures of a name are told as such', async (t) => {
  const notFound = Object.assign(new Error('queryA ENOTFOUND t.example'), { code: 'ENOTFOUND' });
  await assert.rejects(
    announce(
      t,
      'udp://t.example:1/',
      over(() => Promise.reject(notFound)),
    ),
    {
      message: 'host name not found',
    },
  );
  await assert.rejects(
    announce(
      t,
      'udp://t.example:1/',
      over(async () => []),
    ),
    NetworkError,
  );
});

test('refuses what is no URL, has port 0 or says too much', async (t) => {
  for (const url of [
    'udp://',
    'udp://a b/',
    'udp://127.0.0.1:0/announce',
    'udp://127.0.0.1:99999',
    `udp://127.0.0.1:1/${'x'.repeat(3000)}`,
  ]) {
    await assert.rejects(announce(t, url), ProtocolError, url.slice(0, 40));
  }
});

test('the signal ends an announce at once, with its reason', async (t) => {
  const controller = new AbortController();
  const tracker = await FakeUdpTracker.start(t, { reply: () => controller.abort(new Error('we stop')) });
  await assert.rejects(lab(t).client.announce(tracker.url, request, controller.signal), { message: 'we stop' });
});

test('behind a proxy, and in a family that is not wanted, nothing is sent', async (t) => {
  const tracker = await FakeUdpTracker.start(t);
  const proxied = { network: networkOf({ proxy: 'socks5://127.0.0.1:1' }) };
  await assert.rejects(announce(t, tracker.url, proxied), { message: 'not asked: UDP does not go through the proxy' });
  await assert.rejects(announce(t, tracker.url, { network: networkOf({ family: 6 }) }), { message: 'it has no IPv6 address' });
  assert.deepEqual(tracker.datagrams, []);
});
