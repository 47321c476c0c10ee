// A run ends when it should: soon after a signal, at its deadline in whatever phase, and at once when nobody is left to ask.

import assert from 'node:assert/strict';
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { Deferred } from '../../src/support/deferred.ts';
import { bencode, makeTorrent } from '../support/make-torrent.ts';
import { runCli, startCli } from '../support/run-cli.ts';
import { scratchDirectory } from '../support/scratch.ts';
import { Seeder } from '../support/seeder.ts';
import { FakeTracker, type RecordedAnnounce } from '../support/tracker.ts';

const torrent = makeTorrent({
  name: 'tree',
  pieceLength: 32_768,
  files: [
    { path: ['one.bin'], length: 300_000 },
    { path: ['two.bin'], length: 400_000 },
  ],
});

function workDirectory(t: TestContext, bytes: Buffer): string {
  const directory = scratchDirectory(t);
  writeFileSync(path.join(directory, 'a.torrent'), bytes);
  return directory;
}

async function start<T extends { close(): Promise<void> }>(t: TestContext, started: Promise<T>): Promise<T> {
  const thing = await started;
  t.after(() => thing.close());
  return thing;
}

test('stops within two seconds of a signal although hundreds of addresses wait to be dialled, and says goodbye', async (t) => {
  const directory = workDirectory(t, torrent.bytes);
  const seeder = await start(t, Seeder.start({ torrent, rateBytesPerSecond: 20_000 }));
  const nobody = Array.from({ length: 400 }, (_, index) => ({ host: '127.0.9.9', port: 1 + index }));
  const tracker = await start(t, FakeTracker.start({ peers: [seeder, ...nobody] }));
  const run = startCli(['get', 'a.torrent', '-v', '-a', tracker.url, '--peer', seeder.address], { cwd: directory });
  await run.stderrMatches(/connected/);
  const signalledMs = performance.now();
  run.child.kill('SIGINT');
  const { exitCode, stderr } = await run.finished;
  assert.equal(exitCode, 130, stderr);
  const tookMs = performance.now() - signalledMs;
  assert.ok(tookMs < 2500, `took ${tookMs} ms`);
  assert.deepEqual(tracker.events, ['started', 'stopped']);
  assert.doesNotMatch(stderr, /Warning/);
});

for (const [what, hangsAt] of [
  ['never answers', 'started'],
  ['never answers the goodbye', 'stopped'],
] as const) {
  test(`stops within two seconds of a signal although the tracker ${what}`, async (t) => {
    const directory = workDirectory(t, torrent.bytes);
    const { port } = await start(t, Seeder.start({ torrent, rateBytesPerSecond: 20_000 }));
    const asked = new Deferred<void>();
    const reply = (announce: RecordedAnnounce, response: ServerResponse): void => {
      if (announce.event !== hangsAt) response.end(bencode({ interval: 1800, peers: [{ ip: '127.0.0.1', port }] }));
      asked.resolve();
    };
    const tracker = await start(t, FakeTracker.start({ reply }));
    const run = startCli(['get', 'a.torrent', '-v', '-a', tracker.url], { cwd: directory });
    await asked.promise;
    if (hangsAt === 'stopped') await run.stderrMatches(/connected/); // so it has heard the answer
    const signalledMs = performance.now();
    run.child.kill('SIGINT');
    const { exitCode, stderr } = await run.finished;
    const tookMs = performance.now() - signalledMs;
    assert.equal(exitCode, 130, stderr);
    assert.ok(tookMs < 2500, `took ${tookMs} ms`);
    assert.deepEqual(tracker.events, hangsAt === 'stopped' ? ['started', 'stopped'] : ['started']);
  });
}

test('ends at the deadline while existing data is still being checked', async (t) => {
  const vast = makeTorrent({ name: 'vast.bin', pieceLength: 2 ** 22, length: 6 * 2 ** 30, islands: [] });
  const directory = workDirectory(t, vast.bytes);
  mkdirSync(path.join(directory, 'out'));
  writeFileSync(path.join(directory, 'out', 'vast.bin.part'), 'x');
  truncateSync(path.join(directory, 'out', 'vast.bin.part'), vast.totalLength);
  const { exitCode, stderr, durationMs } = await runCli(['get', 'a.torrent', '-o', 'out', '--deadline', '500ms', '--peer', '127.0.0.1:1'], {
    cwd: directory,
  });
  assert.equal(exitCode, 2, stderr);
  assert.match(stderr, /deadline/);
  assert.ok(durationMs < 5000, `took ${durationMs} ms`);
});

test('ends at once with 40 when no tracker is of a kind that can be asked', async (t) => {
  const directory = workDirectory(
    t,
    makeTorrent({ name: 'f', pieceLength: 16_384, length: 5, trackers: [['wss://tracker.example:80/announce']] }).bytes,
  );
  const { exitCode, stderr, durationMs } = await runCli(['get', 'a.torrent'], { cwd: directory });
  assert.equal(exitCode, 40, stderr);
  assert.match(stderr, /no usable source was found/);
  assert.ok(durationMs < 5000, `took ${durationMs} ms`);
});

test('a partial selection is not announced as a complete download', async (t) => {
  const directory = workDirectory(t, torrent.bytes);
  const seeder = await start(t, Seeder.start({ torrent }));
  const tracker = await start(t, FakeTracker.start({ peers: [seeder] }));
  const { exitCode, stderr } = await runCli(['get', 'a.torrent', '-s', '1', '-a', tracker.url], { cwd: directory });
  assert.equal(exitCode, 0, stderr);
  assert.deepEqual(tracker.events, ['started', 'stopped']);
  assert.equal(tracker.announces[0]?.query.get('left'), '700000');
  // What of the second file shares a piece with the first has come with it.
  assert.equal(tracker.announces[1]?.query.get('left'), String(700_000 - 10 * 32_768));
});

test('a second connection to a peer that is connected already costs neither', async (t) => {
  const directory = workDirectory(t, torrent.bytes);
  const seeder = await start(t, Seeder.start({ torrent, rateBytesPerSecond: 400_000 }));
  // By IPv4 and by its name: two addresses of one program.
  const twice = ['--peer', seeder.address, '--peer', `localhost:${seeder.port}`];
  const { exitCode, stderr } = await runCli(['get', 'a.torrent', '--stall-timeout', '10s', ...twice], { cwd: directory });
  assert.equal(exitCode, 0, stderr);
});
