import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { ProtocolError, TtorrentError } from '../../src/errors.ts';
import { parseAnnounceReply, refusalIn } from '../../src/tracker/announce-reply.ts';
import { TrackerRefusal } from '../../src/tracker/tracker-refusal.ts';
import { mutate, seededRandom } from '../support/mutation.ts';

const minute = 60_000;
const bytes = (latin1: string): Uint8Array => Buffer.from(latin1, 'latin1');
const parse = (latin1: string): ReturnType<typeof parseAnnounceReply> => parseAnnounceReply(bytes(latin1));
/** A bencoded string. */
const s = (latin1: string): string => `${latin1.length}:${latin1}`;

test('reads every field of a reply with compact peers', () => {
  const reply = parse(
    'd8:completei3e10:incompletei4e8:intervali900e12:min intervali120e' +
      `5:peers${s('\x7f\0\0\x01\x1a\xe1\x0a\0\0\x02\0\x50')}6:peers6${s(`\x20\x01\x0d\xb8${'\0'.repeat(11)}\x01\x1a\xe1`)}` +
      '10:tracker id4:a\0\xffb15:warning message4:hm\x1b!e',
  );
  assert.deepEqual(reply, {
    peers: [
      { host: '127.0.0.1', port: 6881 },
      { host: '10.0.0.2', port: 80 },
      { host: '2001:db8::1', port: 6881 },
    ],
    intervalMs: 15 * minute,
    minIntervalMs: 2 * minute,
    trackerId: Uint8Array.of(0x61, 0x00, 0xff, 0x62),
    seeders: 3,
    leechers: 4,
    warning: 'hm\\x1b!',
  });
});

test('reads our own address, of either family (BEP 24)', () => {
  assert.equal(parse(`d11:external ip4:\x05\x06\x07\x08e`).externalIp, '5.6.7.8');
  assert.equal(parse(`d11:external ip${s(`\x20\x01\x0d\xb8${'\0'.repeat(11)}\x01`)}e`).externalIp, '2001:db8::1');
  for (const value of ['3:abc', '7:1.2.3.4', 'i1e', 'le']) assert.equal('externalIp' in parse(`d11:external ip${value}e`), false, value);
});

test('a reply that says nothing of peers has none, and the default interval', () => {
  const reply = parse('de');
  assert.deepEqual(reply.peers, []);
  assert.equal(reply.intervalMs, 30 * minute);
  assert.equal(reply.minIntervalMs, undefined);
  assert.equal(reply.trackerId, undefined);
  assert.equal(reply.warning, undefined);
});

test('reads peers as dictionaries and leaves out those that make no sense', () => {
  const peer = (ip: string, port: string): string => `d2:ip${s(ip)}7:peer id20:${'x'.repeat(20)}4:port${port}e`;
  const reply = parse(
    `d8:intervali1800e5:peersl${[
      peer('192.0.2.1', 'i6881e'),
      peer('2001:DB8:0::1', 'i6882e'),
      peer('::ffff:192.0.2.2', 'i6883e'),
      peer('peer.example', 'i6881e'),
      peer('192.0.2.3', 'i0e'),
      peer('192.0.2.3', 'i-1e'),
      peer('192.0.2.3', 'i65536e'),
      peer('192.0.2.3', '4:6881'),
      peer('192.0.2', 'i6881e'),
      peer('', 'i6881e'),
      'd2:ip9:192.0.2.3e',
      'd4:porti1ee',
      'i7e',
      '9:192.0.2.3',
      'le',
    ].join('')}ee`,
  );
  assert.deepEqual(reply.peers, [
    { host: '192.0.2.1', port: 6881 },
    { host: '2001:db8::1', port: 6882 },
    { host: '192.0.2.2', port: 6883 },
  ]);
});

test('a compact peer with port 0 is left out', () => {
  assert.deepEqual(parse(`d5:peers${s('\x0a\0\0\x01\0\0\x0a\0\0\x02\0\x01')}e`).peers, [{ host: '10.0.0.2', port: 1 }]);
});

for (const [field, value] of [
  ['peers', s('1234567')],
  ['peers', s('12345')],
  ['peers6', s('x'.repeat(17))],
  ['peers6', s('x'.repeat(24))],
  ['peers', 'i5e'],
  ['peers', 'de'],
  ['peers6', 'le'],
] as const) {
  test(`refuses a reply whose ${field} is ${value}`, () => {
    assert.throws(() => parse(`d8:intervali60e${s(field)}${value}e`), ProtocolError);
  });
}

for (const [stated, expected] of [
  ['i0e', 1 * minute],
  ['i-1e', 1 * minute],
  ['i1e', 1 * minute],
  ['i61e', 61_000],
  ['i2147483648e', 60 * minute],
  ['i9007199254740991e', 60 * minute],
  ['3:abc', 30 * minute],
  ['le', 30 * minute],
] as const) {
  test(`an interval of ${stated} becomes ${expected / 1000} s`, () => {
    assert.equal(parse(`d8:interval${stated}e`).intervalMs, expected);
  });
}

test('a min interval is held to the same bounds, and no regular announce comes sooner', () => {
  assert.equal(parse('d12:min intervali0ee').minIntervalMs, 1 * minute);
  assert.equal(parse('d12:min intervali4294967296ee').minIntervalMs, 60 * minute);
  assert.equal(parse('d12:min interval3:abce').minIntervalMs, undefined);
  assert.equal(parse('d8:intervali60e12:min intervali600ee').intervalMs, 10 * minute);
});

test('a failure reason is a refusal in printable words of at most 512 characters', () => {
  assert.throws(() => parse(`d14:failure reason${s('not \x1b[31mregis\r\ntered!')}e`), {
    name: 'TrackerRefusal',
    code: 'tracker-refused',
    message: 'not \\x1b[31mregis\\x0d\\x0atered!',
    retryAfterMs: undefined,
  });
  const long = refusalIn(bytes(`d14:failure reason${s('x'.repeat(1_000_000))}e`));
  assert.equal(long?.message.length, 512);
  assert.equal(refusalIn(bytes('d14:failure reason0:e'))?.message, 'it gives no reason');
});

for (const [stated, expected] of [
  ['i5e', 5 * minute],
  ['1:5', 5 * minute],
  ['5:never', Infinity],
  ['i999999999e', 60 * minute],
  ['i-5e', undefined],
  ['4:soon', undefined],
  ['le', undefined],
] as const) {
  test(`a failure that says retry in ${stated} is heeded`, () => {
    assert.equal(refusalIn(bytes(`d14:failure reason4:full8:retry in${stated}e`))?.retryAfterMs, expected);
  });
}

for (const [what, body, words] of [
  ['nothing', '', /empty answer/],
  ['a web page', '\r\n <!DOCTYPE html><html>\x1b[31m</html>', /got a web page/],
  ['an integer', 'i5e', /another value/],
  ['a list', 'le', /another value/],
  ['a cut dictionary', 'd8:intervali1800e5:peers6:abc', /bencode error at byte/],
  ['text', 'Not Found', /bencode error at byte 0/],
  ['lists nested a thousand deep', `d1:x${'l'.repeat(1000)}${'e'.repeat(1000)}e`, /bencode error at byte/],
  ['an integer beyond 2^53', 'd8:completei1000000000000000000ee', /bencode error at byte/],
  ['a key twice', 'd5:peers0:5:peers0:e', /peers/],
] as const) {
  test(`${what} is no tracker's reply, and is never repeated raw`, () => {
    assert.throws(
      () => parse(body),
      (error: unknown) => {
        assert.ok(error instanceof ProtocolError);
        assert.match(error.message, words);
        assert.doesNotMatch(error.message, /\p{Cc}/u);
        return true;
      },
    );
    assert.equal(refusalIn(bytes(body)), undefined);
  });
}

test('unknown keys and what follows the dictionary are let pass', () => {
  assert.equal(parse('d11:external ip4:\x01\x02\x03\x043:fool3:bare9:__proto__dee\r\n').intervalMs, 30 * minute);
  assert.equal(({} as { polluted?: unknown }).polluted, undefined);
});

test('a count that is no count is not shown, and an overlong tracker id is not kept', () => {
  const reply = parse(`d8:completei-1e10:incomplete1:x10:tracker id${s('i'.repeat(257))}e`);
  assert.equal(reply.seeders, undefined);
  assert.equal(reply.leechers, undefined);
  assert.equal(reply.trackerId, undefined);
  assert.equal(parse(`d10:tracker id${s('i'.repeat(256))}e`).trackerId?.length, 256);
});

test('of a reply full of peers as many are read as a torrent keeps, quickly', () => {
  const compact = `d5:peers${s('\x0a\0\0\x01\x1a\xe1'.repeat(10_000))}e`;
  const dictionaries = `d5:peersl${`d2:ip8:10.0.0.14:porti6881ee`.repeat(10_000)}ee`;
  for (const body of [compact, dictionaries]) {
    const began = performance.now();
    assert.equal(parse(body).peers.length, 3_000);
    assert.ok(performance.now() - began < 1_000);
  }
});

test('no bytes whatever break the parser', () => {
  const fragments = fc.constantFrom(
    'd',
    'l',
    'e',
    'i1e',
    '5:peers',
    '6:peers6',
    '6:abcdef',
    '8:interval',
    '14:failure reason',
    '3:abc',
    'i-0e',
  );
  fc.assert(
    fc.property(fc.array(fragments, { maxLength: 12 }), (parts) => {
      try {
        parse(parts.join(''));
      } catch (error) {
        assert.ok(error instanceof ProtocolError || error instanceof TrackerRefusal, String(error));
      }
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (body) => {
      try {
        parseAnnounceReply(body);
      } catch (error) {
        assert.ok(error instanceof TtorrentError, String(error));
      }
    }),
  );
});

test('20 000 mutated replies are read or refused, and what is read is within bounds', () => {
  const good = [
    `d8:completei3e10:incompletei4e8:intervali900e12:min intervali120e5:peers${s('\x7f\0\0\x01\x1a\xe1'.repeat(3))}10:tracker id4:abcde`,
    `d11:external ip4:\x05\x06\x07\x088:intervali0e6:peers6${s(`\x20\x01${'\0'.repeat(13)}\x01\x1a\xe1`)}15:warning message4:hm\x1b!e`,
    'd5:peersld2:ip9:192.0.2.17:peer id20:aaaaaaaaaaaaaaaaaaaa4:porti6881eed2:ip3:::14:porti1eeee',
    'd14:failure reason4:no\x07.8:retry ini5ee',
  ];
  const random = seededRandom(23);
  for (let round = 0; round < 20_000; round++) {
    const body = mutate(bytes(good[round % good.length] ?? ''), random);
    try {
      const { peers, intervalMs, minIntervalMs = minute, warning = '.', trackerId, seeders = 0 } = parseAnnounceReply(body);
      for (const ms of [intervalMs, minIntervalMs]) assert.ok(ms >= minute && ms <= 60 * minute, String(ms));
      for (const { port } of peers) assert.ok(port >= 1 && port <= 65_535);
      assert.match(warning, /^[^\p{Cc}\p{Cf}]*$/u);
      assert.ok(seeders >= 0 && (trackerId?.length ?? 0) <= 256);
    } catch (error) {
      assert.ok(error instanceof ProtocolError || error instanceof TrackerRefusal, String(error));
    }
  }
});
