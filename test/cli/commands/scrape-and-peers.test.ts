// `ttorrent scrape` and `ttorrent peers`: what is printed, for whom, and the exit codes.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { scrapeTable } from '../../../src/cli/commands/scrape.ts';
import { bencode, makeTorrent, type MadeTorrent } from '../../support/make-torrent.ts';
import { type RunResult, runCli } from '../../support/run-cli.ts';
import { FakeTracker, type TrackerOptions } from '../../support/tracker.ts';
import { errorReply, FakeUdpTracker } from '../../support/udp-tracker.ts';
import { workDirectory } from '../../support/work-directory.ts';

function torrentWith(...trackers: readonly (readonly string[])[]): MadeTorrent {
  return makeTorrent({ name: 'f', pieceLength: 16_384, length: 50_000, trackers });
}

function run(t: TestContext, torrent: MadeTorrent, ...args: readonly string[]): Promise<RunResult> {
  const [command = '', ...options] = args;
  return runCli([command, 'a.torrent', ...options], { cwd: workDirectory(t, torrent.bytes) });
}

/** An HTTP tracker until the test is done. */
async function httpTracker(t: TestContext, options: TrackerOptions = {}): Promise<FakeTracker> {
  const tracker = await FakeTracker.start(options);
  t.after(() => tracker.close());
  return tracker;
}

/** Answers a scrape; 11 seeders, 19 leechers, no word of downloads. */
const scrapes: TrackerOptions['reply'] = (announce, response) => {
  const entry = bencode({ complete: 11, incomplete: 19 });
  response.end(Buffer.concat([Buffer.from('d5:filesd20:'), Buffer.from(announce.infohash, 'hex'), entry, Buffer.from('ee')]));
};

const refuses: TrackerOptions['reply'] = (_, response) => void response.end(bencode({ 'failure reason': 'not \x1b here' }));
const deadUrl = 'http://127.0.0.1:1/announce';
const peers = [
  { host: '127.0.0.1', port: 4001 },
  { host: '127.0.0.2', port: 4002 },
];

test('`scrape` prints a line a tracker, over HTTP and UDP, and warns of those that fail', async (t) => {
  const udp = await FakeUdpTracker.start(t);
  const http = await httpTracker(t, { reply: scrapes });
  const { exitCode, stdout, stderr } = await run(t, torrentWith([udp.url], [deadUrl, http.url]), 'scrape');
  assert.equal(exitCode, 0, stderr);
  assert.equal(stdout, `7\t3\t9\t${udp.url}\n11\t19\t-\t${http.url}\n`);
  assert.match(stderr, /^ttorrent: warning: http:\/\/127\.0\.0\.1:1\/announce failed: connection refused\n$/);
  assert.deepEqual(udp.actions, ['connect', 'scrape'], 'nobody is told of us');
});

test('`scrape` says of a tracker that gives another answer that it is none to a scrape', async (t) => {
  const { url } = await httpTracker(t, { reply: (_, response) => void response.end(bencode({ interval: 1800, peers: '' })) });
  const { exitCode, stderr } = await run(t, torrentWith([url]), 'scrape');
  assert.equal(exitCode, 40);
  assert.match(stderr, /failed: no answer to a scrape: "files" is not a dictionary\n$/);
});

test('`scrape` on a terminal has columns with headings', () => {
  const plain = (text: string): string => text;
  const paint = { red: plain, green: plain, yellow: plain, bold: plain };
  const answered = { outcome: 'answered', message: '' } as const;
  const rows = [
    { tracker: 'udp://a.example', seeders: 7, leechers: 12_345_678, downloads: undefined, ...answered },
    { tracker: 'http://b.example', seeders: 0, leechers: 1, downloads: 2, ...answered },
  ];
  const table = [
    'seeders  leechers  downloads  tracker',
    '      7  12345678          -  udp://a.example',
    '      0         1          2  http://b.example',
  ];
  assert.equal(scrapeTable(rows, paint), `${table.join('\n')}\n`);
});

test('`scrape --json` prints one object, with those that fail', async (t) => {
  const udp = await FakeUdpTracker.start(t);
  const http = await httpTracker(t, { reply: refuses });
  const torrent = torrentWith([udp.url], [http.url], ['wss://127.0.0.1:1/announce']);
  const { exitCode, stdout } = await run(t, torrent, 'scrape', '--json', '-a', `${deadUrl}?passkey=secret`);
  assert.equal(exitCode, 0);
  const none = { seeders: null, leechers: null, downloads: null };
  assert.deepEqual(JSON.parse(stdout), {
    infohash: torrent.infohash.toString('hex'),
    trackers: [
      { tracker: `${deadUrl}?passkey=***`, outcome: 'failed', message: 'connection refused', ...none },
      { tracker: udp.url, outcome: 'answered', message: '', seeders: 7, leechers: 3, downloads: 9 },
      { tracker: http.url, outcome: 'refused', message: 'not \\x1b here', ...none },
    ],
  });
});

test('`scrape` ends with 40 when no tracker answers, or there is none', async (t) => {
  const silent = await FakeUdpTracker.start(t, { reply: () => {} });
  const failed = await run(t, torrentWith([deadUrl], [silent.url]), 'scrape', '--tracker-timeout', '500ms', '--json');
  assert.equal(failed.exitCode, 40, failed.stderr);
  assert.match(failed.stderr, /no tracker answered; .*connection refused; .* no answer within 0\.5s\n$/);
  assert.equal(JSON.parse(failed.stdout).trackers.length, 2);
  const none = await run(t, torrentWith(), 'scrape');
  assert.deepEqual([none.exitCode, none.stdout], [40, '']);
  assert.match(none.stderr, /names no tracker/);
});

test('`peers` announces once, prints the peers, and leaves', async (t) => {
  for (const tracker of [await FakeUdpTracker.start(t, { peers }), await httpTracker(t, { peers })]) {
    const { exitCode, stdout, stderr } = await run(t, torrentWith([tracker.url]), 'peers');
    assert.equal(exitCode, 0, stderr);
    assert.equal(stdout, '127.0.0.1:4001\n127.0.0.2:4002\n');
    assert.equal(stderr, '');
    assert.deepEqual(tracker.events, ['started', 'stopped']);
  }
});

test('`peers --json` prints one object', async (t) => {
  const tracker = await FakeUdpTracker.start(t, { peers, host: '::1' });
  const torrent = torrentWith();
  const { exitCode, stdout } = await run(t, torrent, 'peers', '--json', '-a', tracker.url);
  assert.equal(exitCode, 0);
  assert.deepEqual(JSON.parse(stdout), {
    infohash: torrent.infohash.toString('hex'),
    peers: ['[::1]:4001', '[::1]:4002'],
    trackers: [{ tracker: tracker.url, outcome: 'answered', message: '', peerCount: 2, seeders: 2, leechers: 1 }],
  });
});

test('`peers` asks on until a tracker names somebody', async (t) => {
  const empty = await FakeUdpTracker.start(t);
  const full = await FakeUdpTracker.start(t, { peers });
  const { exitCode, stdout } = await run(t, torrentWith([deadUrl], [empty.url], [full.url]), 'peers');
  assert.deepEqual([exitCode, stdout.split('\n').length], [0, 3]);
  assert.deepEqual([empty.events, full.events].flat(), ['started', 'stopped', 'started', 'stopped']);
});

test('`peers` ends with 40 when there are none, with 41 when the tracker refused', async (t) => {
  const empty = await FakeUdpTracker.start(t);
  const refusing = await FakeUdpTracker.start(t, { reply: ({ transaction }, _, answer) => answer(errorReply(transaction, 'go away')) });
  const silent = await FakeUdpTracker.start(t, { reply: () => {} });
  const echo = await FakeUdpTracker.start(t, { peers: [{ host: '127.0.0.1', port: 1 }] });
  const cases = [
    [[empty.url], 40, /no usable peer was found; .* named 0 peers/],
    [[echo.url], 40, /no usable peer was found: only ourselves, or who cannot be reached; .* named 1 peer/],
    [[refusing.url], 41, /the tracker refused: go away/],
    [[refusing.url, deadUrl], 41, /connection refused/],
    [[refusing.url, empty.url], 40, /named 0 peers/],
    [[silent.url], 40, /no answer within 0\.5s/],
    [[], 40, /the torrent names no tracker/],
  ] as const;
  for (const [urls, code, words] of cases) {
    const { exitCode, stdout, stderr } = await run(t, torrentWith(...urls.map((url) => [url])), 'peers', '--tracker-timeout', '500ms');
    assert.deepEqual([exitCode, stdout], [code, ''], stderr);
    assert.match(stderr, words);
  }
});
