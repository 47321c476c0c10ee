import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ProtocolError, TrackerError } from '../../src/errors.ts';
import { parseScrapeReply, scrapeUrl } from '../../src/tracker/http-scrape.ts';
import { HttpTrackerClient } from '../../src/tracker/http-tracker.ts';
import { bencode } from '../support/make-torrent.ts';
import { mutate, seededRandom } from '../support/mutation.ts';
import { serveHttp } from './loopback-server.ts';

const infohash = Buffer.from(Array.from({ length: 20 }, (_, index) => 0xe0 + index));
const other = Buffer.alloc(20, 0x41);

/** `files` with these entries; keys in the order given. */
function reply(...entries: (readonly [Buffer, Buffer])[]): Buffer {
  const files = entries.map(([key, value]) => Buffer.concat([Buffer.from(`${key.length}:`), key, value]));
  return Buffer.concat([Buffer.from('d5:filesd'), ...files, Buffer.from('ee')]);
}

const numbers = bencode({ complete: 11, downloaded: 13_772, incomplete: 19 });

for (const [announce, scrape] of [
  ['http://t.example/announce', 'http://t.example/scrape'],
  ['https://t.example:8443/x/announce.php', 'https://t.example:8443/x/scrape.php'],
  ['http://t.example/announce?passkey=a%20b', 'http://t.example/scrape?passkey=a%20b'],
  ['http://t.example/announce/0123456789', 'http://t.example/scrape/0123456789'],
  ['http://announce.example/a/announce', 'http://announce.example/a/scrape'],
  ['http://t.example/announce/announce', 'http://t.example/announce/scrape'],
] as const) {
  test(`${announce} is scraped at ${scrape}`, () => {
    const separator = scrape.includes('?') ? '&' : '?';
    const escaped = [...infohash].map((byte) => `%${byte.toString(16).toUpperCase()}`).join('');
    assert.equal(scrapeUrl(new URL(announce), infohash).href, `${scrape}${separator}info_hash=${escaped}`);
  });
}

for (const url of ['http://t.example/', 'http://announce.example/a', 'http://t.example/x%61nnounce', 'http://t.example/myannounce']) {
  test(`${url} cannot be scraped`, () => assert.throws(() => scrapeUrl(new URL(url), infohash), /cannot be scraped/));
}

test('a URL that announces something already is not sent anywhere', () => {
  assert.throws(() => scrapeUrl(new URL('http://t.example/announce?info_hash=x'), infohash), /already holds "info_hash="/);
});

test('reads the counts of the torrent among others', () => {
  assert.deepEqual(parseScrapeReply(reply([other, bencode({})], [infohash, numbers]), infohash), {
    seeders: 11,
    leechers: 19,
    downloads: 13_772,
  });
});

test('what is not said, negative or no number is not known', () => {
  const odd = bencode({ complete: -1, downloaded: 'many' });
  assert.deepEqual(parseScrapeReply(reply([infohash, odd]), infohash), { seeders: undefined, leechers: undefined, downloads: undefined });
});

test('the only entry is taken where its name is no infohash at all', () => {
  const spoilt = Buffer.from(infohash.toString('latin1'), 'utf8');
  assert.equal(parseScrapeReply(reply([spoilt, numbers]), infohash).seeders, 11);
});

for (const [what, body, kind, words] of [
  ['a failure reason', bencode({ 'failure reason': 'no \x1b' }), TrackerError, /^no \\x1b$/],
  ['no files', reply(), TrackerError, /does not know the torrent/],
  ['files as an empty list', bencode({ files: [] }), TrackerError, /does not know the torrent/],
  ['another torrent', reply([other, numbers]), TrackerError, /does not know the torrent/],
  ['the counts as a list', reply([infohash, bencode([1])]), TrackerError, /does not know the torrent/],
  ['nothing', Buffer.alloc(0), ProtocolError, /an empty answer/],
  ['no dictionary of files', bencode({ files: 7 }), ProtocolError, /not a dictionary/],
  ['an answer to an announce', bencode({ interval: 1800, peers: '' }), ProtocolError, /not a dictionary/],
  ['a web page', Buffer.from('<html>'), ProtocolError, /a web page/],
  ['a depth of a thousand', Buffer.from('d5:files'.repeat(1000)), ProtocolError, /expected a bencoded dictionary/],
] as const) {
  test(`${what} is no counts`, () => {
    assert.throws(
      () => parseScrapeReply(body, infohash),
      (error) => error instanceof kind && words.test(error.message),
    );
  });
}

test('any counts arrive as they were sent', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.maxSafeNat(), fc.maxSafeNat(), (seeders, leechers, downloads) => {
      const entry = bencode({ complete: seeders, downloaded: downloads, incomplete: leechers });
      assert.deepEqual(parseScrapeReply(reply([infohash, entry]), infohash), { seeders, leechers, downloads });
    }),
  );
});

test('whatever comes is read or refused', () => {
  const good = [
    reply([infohash, numbers]),
    reply([other, numbers], [infohash, numbers]),
    bencode({ 'failure reason': 'no', 'retry in': 5 }),
  ];
  const random = seededRandom(48);
  for (let round = 0; round < 10_000; round++) {
    try {
      const counts = parseScrapeReply(mutate(good[round % good.length] as Buffer, random), infohash);
      for (const value of Object.values(counts)) assert.ok(value === undefined || (Number.isSafeInteger(value) && value >= 0));
    } catch (error) {
      assert.ok(error instanceof ProtocolError || error instanceof TrackerError, String(error));
      assert.doesNotMatch(error.message, /\p{Cc}/u);
    }
  }
});

test('scrapes over HTTP, and a status of failure is a refusal', async (t) => {
  const server = await serveHttp(t, (request, response) => {
    if (request.url?.startsWith('/scrape?') === true) response.end(reply([infohash, numbers]));
    else response.writeHead(404).end();
  });
  const client = new HttpTrackerClient();
  const never = new AbortController().signal;
  assert.equal((await client.scrape(`${server.origin}/announce`, infohash, never)).downloads, 13_772);
  const path = `${server.origin}/announce/x`;
  await assert.rejects(client.scrape(path, infohash, never), { message: 'HTTP 404 Not Found' });
});
