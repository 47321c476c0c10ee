import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ProtocolError } from '../../src/errors.ts';
import type { AnnounceRequest } from '../../src/tracker/tracker-client.ts';
import {
  announceRequest,
  answers,
  connectRequest,
  errorWords,
  readAnnounce,
  readConnection,
  readScrape,
  scrapeRequest,
  transactionOf,
} from '../../src/tracker/udp-messages.ts';
import { mutate, seededRandom } from '../support/mutation.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytesOf = (...parts: string[]): Buffer => Buffer.from(parts.join('').replaceAll(' ', ''), 'hex');

const connection = bytesOf('0102030405060708');
const request: AnnounceRequest = {
  infohash: Buffer.alloc(20, 0xab),
  peerId: Buffer.from('-tN0100-abcdefghijkl', 'latin1'),
  port: 6881,
  uploaded: 2 ** 40 + 3,
  downloaded: 1,
  left: 2 ** 48 - 1,
  event: 'started',
  numwant: 200,
  key: 'ff00ff01',
  trackerId: undefined,
};

test('asks for a connection with the magic number', () => {
  assert.equal(hex(connectRequest(0xdeadbeef)), '000004172710198000000000deadbeef');
});

test('writes an announce field by field', () => {
  const fields = [
    '0102030405060708',
    '00000001',
    'deadbeef',
    'ab'.repeat(20),
    hex(request.peerId),
    '0000000000000001',
    '0000ffffffffffff',
    '0000010000000003',
    '00000002',
    '00000000',
    'ff00ff01',
    '000000c8',
    '1ae1',
  ];
  assert.equal(hex(announceRequest(connection, 0xdeadbeef, request, '')), fields.join(''));
});

for (const [event, number] of [
  [undefined, 0],
  ['completed', 1],
  ['started', 2],
  ['stopped', 3],
  ['paused', 0],
] as const) {
  test(`the event ${event ?? 'of a regular announce'} is ${number}`, () => {
    assert.equal(Buffer.from(announceRequest(connection, 1, { ...request, event }, '')).readUInt32BE(80), number);
  });
}

test("says the URL's path and query as in BEP 41, in parts of at most 255 bytes", () => {
  const optionsOf = (data: string): string => hex(announceRequest(connection, 1, request, data).subarray(98));
  assert.equal(optionsOf('/dir?a=b&c=d'), `020c${Buffer.from('/dir?a=b&c=d').toString('hex')}`);
  assert.equal(optionsOf('x'.repeat(256)), `02ff${'78'.repeat(255)}020178`);
});

test('writes a scrape of one torrent', () => {
  assert.equal(
    hex(scrapeRequest(connection, 7, request.infohash)),
    `0102030405060708 00000002 00000007 ${'ab'.repeat(20)}`.replaceAll(' ', ''),
  );
});

for (const [what, bytes, action, expected] of [
  ['a connection id', bytesOf('00000000 00000001 1122334455667788'), 0, true],
  ['a connection id with more behind it', bytesOf('00000000 00000001 1122334455667788 99'), 0, true],
  ['half a connection id', bytesOf('00000000 00000001 11223344'), 0, false],
  ['an announce', bytesOf('00000001 00000001 00000708 00000001 00000002'), 1, true],
  ['a short announce', bytesOf('00000001 00000001 00000708 00000001 000000'), 1, false],
  ['a scrape', bytesOf('00000002 00000001 00000708 00000001 00000002'), 2, true],
  ['a scrape where an announce was asked', bytesOf('00000002 00000001 00000708 00000001 00000002'), 1, false],
  ['an error', bytesOf('00000003 00000001'), 1, true],
  ['an unknown action', bytesOf('00000004 00000001 00000708 00000001 00000002'), 1, false],
  ['seven bytes', bytesOf('00000003 000000'), 1, false],
  ['nothing', bytesOf(''), 0, false],
] as const) {
  test(`${what} is ${expected ? 'an' : 'no'} answer`, () => assert.equal(answers(bytes, action), expected));
}

test('reads the transaction, the connection id and the counts', () => {
  assert.equal(transactionOf(bytesOf('00000000 fffffffe')), 0xfffffffe);
  assert.equal(transactionOf(bytesOf('00000000 fffffe')), undefined);
  assert.equal(hex(readConnection(bytesOf('00000000 00000001 1122334455667788 99'))), '1122334455667788');
  assert.deepEqual(readScrape(bytesOf('00000002 00000001 00000007 00000009 00000003')), { seeders: 7, downloads: 9, leechers: 3 });
  assert.deepEqual(readScrape(bytesOf('00000002 00000001 ffffffff 7fffffff 80000000')), {
    seeders: undefined,
    downloads: 2 ** 31 - 1,
    leechers: undefined,
  });
});

test('reads the peers of an announce, of the family that was asked, without ports of 0', () => {
  const head = bytesOf('00000001 00000001 00000708 00000001 00000002');
  const answer = { intervalMs: 1_800_000, minIntervalMs: undefined, trackerId: undefined, leechers: 1, seeders: 2, warning: undefined };
  assert.deepEqual(readAnnounce(Buffer.concat([head, bytesOf('0a000001 1ae1', '0a000002 0000')]), false), {
    ...answer,
    peers: [{ host: '10.0.0.1', port: 6881 }],
  });
  assert.deepEqual(readAnnounce(Buffer.concat([head, bytesOf('20010db8 00000000 00000000 00000001 1ae1')]), true), {
    ...answer,
    peers: [{ host: '2001:db8::1', port: 6881 }],
  });
  assert.throws(() => readAnnounce(Buffer.concat([head, bytesOf('0a000001 1a')]), false), ProtocolError);
  assert.throws(() => readAnnounce(Buffer.concat([head, bytesOf('0a000001 1ae1')]), true), ProtocolError);
});

test('clamps every interval, and reads no more peers than a torrent keeps', () => {
  for (const [interval, ms] of [
    ['00000000', 60_000],
    ['ffffffff', 60_000],
    ['80000000', 60_000],
    ['00000001', 60_000],
    ['7fffffff', 3_600_000],
  ] as const) {
    assert.equal(readAnnounce(bytesOf('00000001 00000001', interval, '00000000 00000000'), false).intervalMs, ms);
  }
  assert.equal(readAnnounce(bytesOf('00000001 00000001', '00'.repeat(12), '0a0000011ae1'.repeat(10_000)), false).peers.length, 3_000);
});

test('an error is one printable line, however long, and ends at a zero byte', () => {
  const error = (words: string): Buffer => Buffer.concat([bytesOf('00000003 00000001'), Buffer.from(words)]);
  assert.equal(errorWords(error('torrent not \x1b[31mregistered\0 rest')), 'torrent not \\x1b[31mregistered');
  assert.equal(errorWords(error('')), 'it gives no reason');
  assert.equal(errorWords(error('x'.repeat(60_000)))?.length, 512);
  assert.equal(errorWords(bytesOf('00000001 00000001')), undefined);
});

test('numbers and URLs of any size arrive as they were', () => {
  const amount = fc.maxSafeNat();
  fc.assert(
    fc.property(amount, amount, amount, fc.nat(0xffff), fc.string({ maxLength: 1500 }), (uploaded, downloaded, left, port, data) => {
      const bytes = Buffer.from(announceRequest(connection, 5, { ...request, uploaded, downloaded, left, port }, data));
      const read = [bytes.readBigUInt64BE(72), bytes.readBigUInt64BE(56), bytes.readBigUInt64BE(64)].map(Number);
      assert.deepEqual([...read, bytes.readUInt16BE(96)], [uploaded, downloaded, left, port]);
      const parts: Buffer[] = [];
      for (let at = 98; at < bytes.length; at += 2 + (bytes[at + 1] ?? 0)) {
        assert.equal(bytes[at], 2);
        parts.push(bytes.subarray(at + 2, at + 2 + (bytes[at + 1] ?? 0)));
      }
      assert.equal(hex(Buffer.concat(parts)), hex(Buffer.from(data, 'utf8')));
    }),
  );
});

test('whatever comes is read or refused, and what is read is within bounds', () => {
  const good = [
    bytesOf('00000000 00000001 1122334455667788'),
    bytesOf('00000001 00000001 00000708 00000001 00000002', '0a000001 1ae1'.repeat(5)),
    bytesOf('00000002 00000001 00000007 00000009 00000003'),
    Buffer.concat([bytesOf('00000003 00000001'), Buffer.from('no \u202e such torrent')]),
  ];
  const random = seededRandom(15);
  for (let round = 0; round < 20_000; round++) {
    const bytes = mutate(good[round % good.length] as Buffer, random, Uint8Array.of(0, 1, 2, 3, 0x7f, 0x80, 0xff));
    const action = ([0, 1, 2] as const)[Math.floor(random() * 3)] ?? 0;
    if (!answers(bytes, action)) continue;
    assert.ok(transactionOf(bytes) !== undefined);
    const words = errorWords(bytes);
    if (words !== undefined) assert.match(words, /^[^\p{Cc}\p{Cf}]{1,512}$/u);
    else if (action === 0) assert.equal(readConnection(bytes).length, 8);
    else if (action === 2) for (const value of Object.values(readScrape(bytes))) assert.ok(value === undefined || value >= 0);
    else checkAnnounce(bytes, random() < 0.5);
  }
});

function checkAnnounce(bytes: Uint8Array, isIpv6: boolean): void {
  try {
    const { peers, intervalMs } = readAnnounce(bytes, isIpv6);
    assert.ok(intervalMs >= 60_000 && intervalMs <= 3_600_000);
    for (const { port } of peers) assert.ok(port >= 1 && port <= 65_535);
  } catch (error) {
    assert.ok(error instanceof ProtocolError, String(error));
  }
}
