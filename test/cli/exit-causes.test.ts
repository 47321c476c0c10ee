// Every exit code that a download can end with, each brought about through the real command line and a swarm on loopback. The codes of
// unusable torrents, senseless options and `verify` are in main.test.ts, those of signals in commands/get.test.ts.

import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { corruptEvery, neverUnchoke, silent } from '../support/behaviours.ts';
import { bencode, type FileShape, makeTorrent } from '../support/make-torrent.ts';
import { type RunOptions, type RunResult, runCli, startCli } from '../support/run-cli.ts';
import { scratchDirectory } from '../support/scratch.ts';
import { Seeder, type SeederOptions } from '../support/seeder.ts';
import { FakeTracker } from '../support/tracker.ts';

const torrent = makeTorrent({ name: 'content.bin', pieceLength: 32_768, length: 300_000 });

/** A fresh directory with `a.torrent` in it, which is what every command line here names. */
function workDirectory(t: TestContext, bytes: Buffer = torrent.bytes): string {
  const directory = scratchDirectory(t);
  writeFileSync(path.join(directory, 'a.torrent'), bytes);
  mkdirSync(path.join(directory, 'out'));
  return directory;
}

function get(directory: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return runCli(['get', 'a.torrent', '-o', 'out', ...args], { cwd: directory, timeoutMs: 30_000, ...options });
}

async function seeder(t: TestContext, options: Partial<SeederOptions> = {}): Promise<Seeder> {
  const started = await Seeder.start({ torrent, ...options });
  t.after(() => started.close());
  return started;
}

/** The run ended with `exitCode`, an error line that matches, and nothing on stdout; and no file has its final name. */
function assertFailed(result: RunResult, exitCode: number, message: RegExp, directory: string): void {
  assert.deepEqual([result.exitCode, result.stdout], [exitCode, ''], result.stderr);
  const lastLine = result.stderr.trimEnd().split('\n').at(-1) ?? '';
  assert.match(lastLine, /^ttorrent: /);
  assert.match(lastLine, message);
  assert.deepEqual(
    readdirSync(path.join(directory, 'out')).filter((name) => name === 'content.bin'),
    [],
  );
}

test('0: complete and verified, the path on stdout', async (t) => {
  const directory = workDirectory(t);
  const result = await get(directory, ['--peer', (await seeder(t)).address]);
  const target = path.join(directory, 'out', 'content.bin');
  assert.deepEqual([result.exitCode, result.stdout], [0, `${target}\n`], result.stderr);
  assert.ok(readFileSync(target).equals(torrent.read(0, torrent.totalLength)));
});

test('1: an internal error is one line that asks for a report', async (t) => {
  const directory = workDirectory(t);
  const slow = await seeder(t, { behaviour: silent() });
  const sabotage = 'setTimeout(() => { throw new Error("sabotage\\u001b[2J"); }, 400)';
  const result = await get(directory, ['--peer', slow.address], {
    nodeOptions: ['--import', `data:text/javascript,${encodeURIComponent(sabotage)}`],
  });
  assertFailed(result, 1, /internal error, please report it: sabotage\?/, directory);
  assert.doesNotMatch(result.stderr, /\n\s+at /);
});

test('2: --deadline reached', async (t) => {
  const directory = workDirectory(t);
  const slow = await seeder(t, { rateBytesPerSecond: 20_000 });
  const result = await get(directory, ['--peer', slow.address, '--deadline', '1s']);
  assertFailed(result, 2, /deadline/, directory);
  assert.ok(result.durationMs < 8000, `ended after ${result.durationMs} ms`);
});

test('5: below --min-rate for its window', async (t) => {
  const directory = workDirectory(t);
  const slow = await seeder(t, { rateBytesPerSecond: 20_000 });
  assertFailed(await get(directory, ['--peer', slow.address, '--min-rate', '10M:1s']), 5, /rate|slow/, directory);
});

test('7: --stall-timeout reached with peers known', async (t) => {
  const directory = workDirectory(t);
  const miser = await seeder(t, { behaviour: neverUnchoke() });
  const result = await get(directory, ['--peer', miser.address, '--stall-timeout', '1s']);
  assertFailed(result, 7, /1s|piece/, directory);
  assert.match(result.stderr, /exit code 7 \(stalled\): 0 of 10 pieces verified/);
});

test('9: no room: a file size limit, or a torrent larger than the disk', async (t) => {
  const directory = workDirectory(t);
  const limited = ['/bin/sh', '-c', 'ulimit -f 100 && exec "$@"', 'sh'];
  assertFailed(await get(directory, ['--peer', (await seeder(t)).address], { wrapper: limited }), 9, /content\.bin/, directory);

  const files: FileShape[] = Array.from({ length: 15 }, (_, i) => ({ path: [`${i}.bin`], length: 16 * 2 ** 40 }));
  const vast = makeTorrent({ name: 'vast', pieceLength: 2 ** 29 - 2 ** 14, files, islands: [] });
  const vastDirectory = workDirectory(t, vast.bytes);
  assertFailed(await get(vastDirectory, []), 9, /TiB/, vastDirectory);
});

test('13: a different file is in the way, and stays as it is', async (t) => {
  const directory = workDirectory(t);
  const target = path.join(directory, 'out', 'content.bin');
  writeFileSync(target, 'somebody else wrote this');
  const result = await get(directory, ['--peer', (await seeder(t)).address]);
  assert.deepEqual([result.exitCode, result.stdout], [13, ''], result.stderr);
  assert.equal(readFileSync(target, 'utf8'), 'somebody else wrote this');
});

test('13: another ttorrent holds this download', async (t) => {
  const directory = workDirectory(t);
  const tracker = await FakeTracker.start();
  t.after(() => tracker.close());
  const slow = await seeder(t, { rateBytesPerSecond: 20_000 });
  const first = startCli(['get', 'a.torrent', '-o', 'out', '-v', '--peer', slow.address], { cwd: directory });
  await first.stderrMatches(/connected/);
  const second = await get(directory, ['--peer', slow.address]);
  assert.deepEqual([second.exitCode, second.stdout], [13, ''], second.stderr);
  first.child.kill('SIGTERM');
  assert.equal((await first.finished).exitCode, 143);
});

// Modes of ordinary files do not bind root, under whom containers run their tests; these two files of Linux bind everybody.

test('15: the torrent cannot be opened', async (t) => {
  const directory = workDirectory(t);
  const result = await runCli(['get', '/proc/sys/vm/compact_memory', '-o', 'out'], { cwd: directory });
  assertFailed(result, 15, /compact_memory/, directory);
});

test('17: the torrent cannot be read', async (t) => {
  const directory = workDirectory(t);
  const result = await runCli(['get', '/proc/self/mem', '-o', 'out'], { cwd: directory });
  assertFailed(result, 17, /proc\/self\/mem/, directory);
});

test('16: nothing can be created in the output directory', async (t) => {
  const directory = workDirectory(t);
  const result = await runCli(['get', 'a.torrent', '-o', '/proc/self'], { cwd: directory });
  assertFailed(result, 16, /\/proc\//, directory);
});

test('18: the output directory cannot be created: only its last level is', async (t) => {
  const directory = workDirectory(t);
  const result = await runCli(['get', 'a.torrent', '-o', 'missing/out'], { cwd: directory });
  assertFailed(result, 18, /missing\/out/, directory);
});

test('28: the port that was asked for is taken', async (t) => {
  const directory = workDirectory(t);
  const other = await seeder(t);
  const { port } = other;
  assertFailed(
    await get(directory, ['--peer', other.address, '-p', String(port)]),
    28,
    new RegExp(`port ${port}: another program`),
    directory,
  );
});

test('28: a peer that is no address', async (t) => {
  for (const peer of ['127.0.0.1', '::1:6881', '127.0.0.1:0', '127.0.0.1:65536', 'x\x1b[2J:1 ']) {
    const directory = workDirectory(t);
    assertFailed(await get(directory, ['--peer', peer]), 28, /HOST:PORT.*from 1 to 65535/, directory);
    assert.deepEqual(readdirSync(path.join(directory, 'out')), []);
  }
});

test('40: no source: the tracker cannot be reached and nobody else is known', async (t) => {
  const tracker = await FakeTracker.start();
  const { url } = tracker;
  await tracker.close();
  const directory = workDirectory(t);
  const result = await get(directory, ['-a', url, '--stall-timeout', '1s']);
  assertFailed(result, 40, /./, directory);
  assert.match(result.stderr, /127\.0\.0\.1:\d+\/announce failed: /);
});

test('40: no source: the tracker answers and knows nobody', async (t) => {
  const tracker = await FakeTracker.start();
  t.after(() => tracker.close());
  const directory = workDirectory(t);
  assertFailed(await get(directory, ['-a', tracker.url, '--stall-timeout', '1s']), 40, /./, directory);
});

test('41: the tracker refuses: its words, made harmless, are the message', async (t) => {
  const refusal = bencode({ 'failure reason': 'unregistered torrent\u001b[2J' });
  const tracker = await FakeTracker.start({ reply: (_announce, response) => void response.end(refusal) });
  t.after(() => tracker.close());
  const directory = workDirectory(t);
  const result = await get(directory, ['-a', tracker.url, '--stall-timeout', '1s']);
  assertFailed(result, 41, /unregistered torrent/, directory);
  assert.ok(!result.stderr.includes('\u001b'));
});

test('42: only corrupt sources are left', async (t) => {
  const directory = workDirectory(t);
  const liars = [await seeder(t, { behaviour: corruptEvery(1) }), await seeder(t, { behaviour: corruptEvery(1), host: '127.0.0.2' })];
  const result = await get(directory, [...liars.flatMap((liar) => ['--peer', liar.address]), '--stall-timeout', '3s']);
  assertFailed(result, 42, /./, directory);
  assert.match(result.stderr, /2 peers banned/);
});
