import assert from 'node:assert/strict';
import { test } from 'node:test';
import { completionText, DownloadAccount, downloadView } from '../../src/cli/download-account.ts';
import type { Environment } from '../../src/cli/env.ts';
import { Talk } from '../../src/cli/talk.ts';
import type { DownloadEvent } from '../../src/index.ts';
import { progress } from '../support/progress.ts';

const speech = { quiet: false, verbose: false, color: false };

/** A talk whose lines are collected. */
function collectingTalk(options: Partial<typeof speech> = {}): { readonly talk: Talk; readonly lines: string[] } {
  const lines: string[] = [];
  const env = { stderr: { isTerminal: false, stream: process.stderr, write: () => undefined }, noColor: false, dumbTerminal: false };
  return { talk: new Talk({ ...speech, ...options }, env as unknown as Environment, { line: (text) => lines.push(text) }), lines };
}

function source(outcome: 'answered' | 'failed' | 'refused' | 'warned', message = '', name = 'http://t/announce'): DownloadEvent {
  return { type: 'source', report: { source: name, outcome, message, peerCount: 3, seeders: 2, leechers: 1 } };
}

test('tells what a tracker complains of once, and again when it changes', () => {
  const { talk, lines } = collectingTalk();
  const account = new DownloadAccount(talk);
  account.note(source('failed', 'connection refused'));
  account.note(source('failed', 'connection refused'));
  account.note(source('refused', 'unregistered'));
  assert.deepEqual(lines, [
    'ttorrent: warning: http://t/announce failed: connection refused',
    'ttorrent: warning: http://t/announce refused: unregistered',
  ]);
});

test('is silent about peers, pieces and answers, and tells of them with --verbose', () => {
  const events: DownloadEvent[] = [
    source('answered'),
    { type: 'peer', peer: '127.0.0.1:1', change: 'failed', message: 'connection refused' },
    { type: 'peer', peer: '127.0.0.1:2', change: 'connected', message: '' },
    { type: 'bad-data', pieceIndex: 7, peers: ['127.0.0.1:3', '127.0.0.1:4'] },
    { type: 'banned', peer: '127.0.0.1:3', reason: 'sent wrong bytes' },
    { type: 'piece', pieceIndex: 7 },
    { type: 'progress', progress },
  ];
  const quietly = collectingTalk();
  const terse = new DownloadAccount(quietly.talk);
  for (const event of events) terse.note(event);
  assert.deepEqual(quietly.lines, []);

  const loudly = collectingTalk({ verbose: true });
  const verbose = new DownloadAccount(loudly.talk);
  for (const event of events) verbose.note(event);
  assert.deepEqual(loudly.lines, [
    'http://t/announce named 3 peers (2 seeding, 1 downloading)',
    'peer 127.0.0.1:1 failed: connection refused',
    'peer 127.0.0.1:2 connected',
    'piece 7 from 127.0.0.1:3, 127.0.0.1:4 fails its hash, fetching it again',
    'banned 127.0.0.1:3: sent wrong bytes',
  ]);
});

test('says nothing at all with --quiet', () => {
  const { talk, lines } = collectingTalk({ quiet: true });
  const account = new DownloadAccount(talk);
  account.note(source('failed', 'connection refused'));
  account.note({ type: 'warning', message: 'odd' });
  assert.deepEqual(lines, []);
});

test('lets no control character of a remote reach the terminal', () => {
  const { talk, lines } = collectingTalk();
  new DownloadAccount(talk).note(source('warned', 'boo\u001b]52;c;AAAA\u0007\r\n\u202etxt.exe'));
  assert.equal(lines.length, 1);
  assert.doesNotMatch(lines[0] ?? '', /[\p{Cc}\p{Cf}]/u);
});

test('sums up a download that failed: how far it came and what is kept', () => {
  const account = new DownloadAccount(collectingTalk().talk);
  account.note({ type: 'progress', progress });
  assert.equal(
    account.verdict(7, progress),
    'ends after 2s with exit code 7 (stalled): 1 of 4 pieces verified and kept, 2.00 KiB received',
  );
  account.note({ type: 'bad-data', pieceIndex: 0, peers: [] });
  const verdict = account.verdict(42, { ...progress, bannedPeers: 2 });
  assert.match(verdict ?? '', /exit code 42 \(only corrupt sources\): .*, 1 bad piece, 2 peers banned$/);
});

test('has nothing to sum up when a download ended before it began', () => {
  const account = new DownloadAccount(collectingTalk().talk);
  account.note({ type: 'progress', progress: { ...progress, phase: 'checking' } });
  assert.equal(account.verdict(13, progress), undefined);
});

test('shows a download as share, rate, time left, peers, pieces and waste', () => {
  assert.deepEqual(downloadView(progress), {
    doneBytes: 250,
    totalBytes: 1000,
    facts: ['1.00 MiB/s', 'ETA 1m05s', '1 peer', '1/4 pieces', '16.0 KiB wasted'],
  });
  assert.equal(downloadView({ ...progress, etaMs: undefined }).facts[1], 'ETA ?');
  const one = { ...progress, pieceCount: 1, connectedPeers: 0 };
  assert.deepEqual(downloadView({ ...one, phase: 'finishing', wastedBytes: 0 }).facts, ['finishing', '0 peers', '1/1 piece']);
  assert.ok(!downloadView({ ...one, verifiedBytes: 1000, etaMs: undefined }).facts.includes('ETA ?'), 'nothing is waited for');
});

test('shows what goes out beside it once something did', () => {
  const { facts } = downloadView({ ...progress, uploadedBytes: 1, uploadRateBytesPerSecond: 2048 });
  assert.deepEqual(facts.slice(0, 4), ['1.00 MiB/s', 'ETA 1m05s', '2.00 KiB/s up', '1 peer']);
});

test('shows seeding by what is reached of the first goal, and the time that is left', () => {
  const seeding = { ...progress, phase: 'seeding', uploadedBytes: 500, uploadRateBytesPerSecond: 100, seedingMs: 30_000 } as const;
  const factsWith = (...left: string[]): string[] => ['seeding 100 B/s', ...left, 'ratio 0.50', '1 peer', '500 B sent'];
  const viewOf = (doneBytes: number, ...left: string[]): unknown => ({ doneBytes, totalBytes: 1000, facts: factsWith(...left) });
  assert.deepEqual(downloadView(seeding), viewOf(1000));
  assert.deepEqual(downloadView(seeding, { ratio: 2 }), viewOf(250, '15s left'));
  assert.deepEqual(downloadView(seeding, { durationMs: 40_000 }), viewOf(750, '10s left'));
  assert.deepEqual(downloadView(seeding, { ratio: 2, durationMs: 120_000 }), viewOf(250, '15s left'));
  const idle = downloadView({ ...seeding, uploadRateBytesPerSecond: 0 }, { ratio: 2 });
  assert.deepEqual([idle.doneBytes, idle.facts[1]], [250, 'ratio 0.50']);
  assert.equal(downloadView({ ...seeding, uploadedBytes: 5000 }, { ratio: 2 }).doneBytes, 1000, 'never more than all');
});

test('sums up seeding that was stopped, without what a seed does not need to hear', () => {
  const account = new DownloadAccount(collectingTalk().talk, 'seeded');
  const seeding = { ...progress, phase: 'seeding', uploadedBytes: 500, seedingMs: 2000 } as const;
  account.note({ type: 'progress', progress: seeding });
  assert.equal(account.verdict(143, seeding), 'ends after 2s with exit code 143 (SIGTERM): sent 500 B, ratio 0.50');
});

test('shows the check of existing data by the bytes that were checked', () => {
  const checking = downloadView({ ...progress, phase: 'checking', checkedBytes: 30, bytesToCheck: 60 });
  assert.deepEqual(checking, { doneBytes: 30, totalBytes: 60, facts: ['checking existing data'] });
});

test('says of a complete download what came and how fast, or that nothing had to come', () => {
  const files = [{ file: { index: 0, path: ['a'], length: 1000, torrentOffset: 0, pad: false, executable: false }, path: '/tmp/a' }];
  assert.equal(
    completionText({ files, progress, seedEnd: undefined }),
    'complete and verified: 1 file, 1000 B in 2s (2.00 KiB received, 1.00 KiB/s)',
  );
  assert.match(
    completionText({ files, progress: { ...progress, downloadedBytes: 0 }, seedEnd: undefined }),
    /1 file, 1000 B, all of it was there$/,
  );
  assert.match(
    completionText({ files, progress: { ...progress, uploadedBytes: 500 }, seedEnd: undefined }),
    /KiB\/s\); sent 500 B, ratio 0\.50$/,
  );
  const quick = { files, progress: { ...progress, elapsedMs: 320 }, seedEnd: undefined };
  assert.match(completionText(quick), / 1000 B in 0\.3s \(/);
});
