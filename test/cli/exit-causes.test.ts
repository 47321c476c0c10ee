// Every exit code that can occur by now, brought about through the real command line, with what goes to stdout and stderr on the way.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { exitCodeOf, exitCodes } from '../../src/cli/exit-codes.ts';
import { corruptEvery, neverUnchoke, silent } from '../support/behaviours.ts';
import { bencode, type FileShape, makeTorrent } from '../support/make-torrent.ts';
import { preload, type RunOptions, type RunResult, type RunningCli, runCli, startCli } from '../support/run-cli.ts';
import type { Seeder, SeederOptions } from '../support/seeder.ts';
import { FakeTracker } from '../support/tracker.ts';
import { startSeeder, workDirectory } from '../support/work-directory.ts';
import { closedPort, serveHttp } from '../tracker/loopback-server.ts';

const torrent = makeTorrent({ name: 'content.bin', pieceLength: 32_768, length: 300_000 });

/** The exit codes that have a case below. */
const covered = new Set<number>();

/** A case of `exitCode`: the run that `run` resolves to, having looked at what it said and did, ends with it. */
function exits(exitCode: number, why: string, run: (t: TestContext) => Promise<RunResult>, skip: string | false = false): void {
  covered.add(exitCode);
  test(`${exitCode}: ${why}`, { skip }, async (t) => {
    const result = await run(t);
    assert.equal(result.exitCode, exitCode, result.stderr);
  });
}

function directoryFor(t: TestContext, bytes: Uint8Array = torrent.bytes): string {
  return workDirectory(t, bytes);
}

function get(directory: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return runCli(['get', 'a.torrent', '-o', 'out', ...args], { cwd: directory, timeoutMs: 30_000, ...options });
}

function seeder(t: TestContext, options: Partial<SeederOptions> = {}): Promise<Seeder> {
  return startSeeder(t, { torrent, ...options });
}

/** The run ended with an error line that matches, and nothing on stdout; and no file has its final name. */
function assertFailed(result: RunResult, message: RegExp, directory: string): RunResult {
  assert.equal(result.stdout, '', result.stderr);
  const lines = result.stderr.trimEnd().split('\n');
  const lastLine = lines.findLast((line) => !line.startsWith('  because: ')) ?? ''; // which --verbose adds
  assert.match(lastLine, /^ttorrent: /);
  assert.match(lastLine, message);
  assert.ok(!readdirSync(path.join(directory, 'out')).includes('content.bin'));
  return result;
}

/** A download that has begun, from a peer that takes its time. */
async function startSlowly(t: TestContext, directory: string, options: RunOptions = {}): Promise<RunningCli> {
  const slow = await seeder(t, { rateBytesPerSecond: 20_000 });
  const running = startCli(['get', 'a.torrent', '-o', 'out', '-v', '--peer', slow.address], { cwd: directory, ...options });
  await running.stderrMatches(/connected/);
  return running;
}

exits(0, 'complete and verified, the path on stdout', async (t) => {
  const directory = directoryFor(t);
  const result = await get(directory, ['--peer', (await seeder(t)).address]);
  const target = path.join(directory, 'out', 'content.bin');
  assert.equal(result.stdout, `${target}\n`, result.stderr);
  assert.ok(readFileSync(target).equals(torrent.read(0, torrent.totalLength)));
  return result;
});

exits(1, 'an internal error is one line that asks for a report', async (t) => {
  const directory = directoryFor(t);
  const mute = await seeder(t, { behaviour: silent() });
  const sabotage = 'setTimeout(() => { throw new Error("sabotage\\u001b[2J"); }, 400)';
  const result = await get(directory, ['--peer', mute.address], { nodeOptions: preload(sabotage) });
  assert.doesNotMatch(result.stderr, /\n\s+at /);
  return assertFailed(result, /internal error, please report it: sabotage\?/, directory);
});

exits(2, '--deadline reached', async (t) => {
  const directory = directoryFor(t);
  const slow = await seeder(t, { rateBytesPerSecond: 20_000 });
  const result = await get(directory, ['--peer', slow.address, '--deadline', '1s']);
  assert.ok(result.durationMs < 8000, `ended after ${result.durationMs} ms`);
  return assertFailed(result, /deadline/, directory);
});

exits(3, 'no such torrent', async (t) => {
  const directory = directoryFor(t);
  return assertFailed(await runCli(['get', 'gone.torrent'], { cwd: directory }), /gone\.torrent/, directory);
});

for (const status of [404, 410]) {
  exits(3, `the server has no such torrent: ${status}`, async (t) => {
    const { origin } = await serveHttp(t, (_, response) => response.writeHead(status).end('<h1>gone</h1>'));
    const directory = directoryFor(t);
    const result = await runCli(['get', `${origin}/a.torrent`, '-o', 'out'], { cwd: directory });
    return assertFailed(result, new RegExp(`a\\.torrent: the server answers with HTTP ${status}$`), directory);
  });
}

exits(5, 'below --min-rate for its window', async (t) => {
  const directory = directoryFor(t);
  const slow = await seeder(t, { rateBytesPerSecond: 20_000 });
  return assertFailed(await get(directory, ['--peer', slow.address, '--min-rate', '10M:1s']), /rate|slow/, directory);
});

exits(6, 'the server of the torrent cannot be reached', async (t) => {
  const directory = directoryFor(t);
  const url = `http://127.0.0.1:${await closedPort()}/a.torrent`;
  return assertFailed(await runCli(['get', url, '-o', 'out'], { cwd: directory }), /fetching http:.*refused/, directory);
});

exits(6, 'the server of the torrent fails', async (t) => {
  const { origin } = await serveHttp(t, (_, response) => response.writeHead(503).end());
  const directory = directoryFor(t);
  return assertFailed(await runCli(['get', `${origin}/a.torrent`, '-o', 'out'], { cwd: directory }), /HTTP 503$/, directory);
});

exits(6, 'the list of checksums cannot be fetched', async (t) => {
  const directory = directoryFor(t);
  const url = `http://127.0.0.1:${await closedPort()}/SHA256SUMS`;
  return assertFailed(await get(directory, ['--sums', url]), /fetching the checksums/, directory);
});

exits(7, '--stall-timeout reached with peers known', async (t) => {
  const directory = directoryFor(t);
  const miser = await seeder(t, { behaviour: neverUnchoke() });
  const result = await get(directory, ['--peer', miser.address, '--stall-timeout', '1s']);
  assert.match(result.stderr, /exit code 7 \(stalled\): 0 of 10 pieces verified/);
  return assertFailed(result, /1s|piece/, directory);
});

exits(9, 'a limit of the file size', async (t) => {
  const directory = directoryFor(t);
  const limited = ['/bin/sh', '-c', 'ulimit -f 100 && exec "$@"', 'sh'];
  return assertFailed(await get(directory, ['--peer', (await seeder(t)).address], { wrapper: limited }), /content\.bin/, directory);
});

exits(9, 'a torrent larger than the disk', async (t) => {
  const files: FileShape[] = Array.from({ length: 15 }, (_, i) => ({ path: [`${i}.bin`], length: 16 * 2 ** 40 }));
  const vast = makeTorrent({ name: 'vast', pieceLength: 2 ** 29 - 2 ** 14, files, islands: [] });
  const directory = directoryFor(t, vast.bytes);
  return assertFailed(await get(directory, []), /TiB/, directory);
});

/** Runs a program with a small disk of its own at `out`, which nobody else sees and which is gone with the program. */
const smallDisk = ['unshare', '-m', '/bin/sh', '-c', 'mount -t tmpfs -o size=400k none out && exec "$@"', 'sh'];
const noSmallDisk =
  spawnSync('unshare', ['-m', '/bin/sh', '-c', 'mount -t tmpfs none /mnt']).status === 0 ? false : 'may not mount a tmpfs';

exits(
  9,
  'a disk that somebody else fills meanwhile',
  async (t) => {
    const directory = directoryFor(t);
    const running = await startSlowly(t, directory, { wrapper: smallDisk });
    const disk = `/proc/${running.child.pid}/root${path.join(directory, 'out')}`;
    assert.throws(() => appendFileSync(path.join(disk, 'filler'), Buffer.alloc(2 ** 20)), { code: 'ENOSPC' });
    const result = await running.finished;
    return assertFailed(result, /no space left/, directory);
  },
  noSmallDisk,
);

exits(13, 'a different file is in the way, and stays as it is', async (t) => {
  const directory = directoryFor(t);
  const target = path.join(directory, 'out', 'content.bin');
  writeFileSync(target, 'somebody else wrote this');
  const result = await get(directory, ['--peer', (await seeder(t)).address]);
  assert.equal(result.stdout, '', result.stderr);
  assert.equal(readFileSync(target, 'utf8'), 'somebody else wrote this');
  return result;
});

exits(13, 'another ttorrent holds this download', async (t) => {
  const directory = directoryFor(t);
  const first = await startSlowly(t, directory);
  const second = await get(directory, ['--peer', '127.0.0.1:1']);
  first.child.kill('SIGTERM');
  assert.equal((await first.finished).exitCode, 143);
  return assertFailed(second, /another ttorrent/, directory);
});

// Modes of ordinary files do not bind root, under whom containers run their tests; these two files of Linux bind everybody.

exits(15, 'the torrent cannot be opened', async (t) => {
  const directory = directoryFor(t);
  const result = await runCli(['get', '/proc/sys/vm/compact_memory', '-o', 'out'], { cwd: directory });
  return assertFailed(result, /compact_memory/, directory);
});

/** Options of Node that leave the program, under a limit of 128, only so many descriptors. */
function descriptorsLeft(count: number): RunOptions {
  const takeOthers = `import { closeSync, openSync } from 'node:fs';
const taken = [];
try { for (;;) taken.push(openSync('/dev/null')); } catch { for (const fd of taken.splice(-${count})) closeSync(fd); }`;
  return { nodeOptions: preload(takeOthers), wrapper: ['sh', '-c', 'ulimit -n 128; exec "$@"', 'sh'] };
}

// Node 20 has several modules open at once while it loads them, newer ones one.
const loadsOneByOne = !process.version.startsWith('v20.');

exits(15, 'too few file descriptors to load all of the program', async (t) => {
  const directory = directoryFor(t);
  const result = await get(directory, ['-v', '--stall-timeout', '1s'], descriptorsLeft(loadsOneByOne ? 1 : 4));
  assert.doesNotMatch(result.stderr, /\n\s+at /);
  return assertFailed(result, /too few file descriptors \(ulimit -n 256 allows enough\): EMFILE/, directory);
});

exits(0, 'what too few file descriptors ended goes on with more', async (t) => {
  const directory = directoryFor(t);
  const peers = (await Promise.all([seeder(t), seeder(t), seeder(t)])).flatMap(({ address }) => ['--peer', address]);
  for (let count = 8; count <= 20; count += 3) {
    const { exitCode, stderr } = await get(directory, ['-v', '--stall-timeout', '1s', ...peers], descriptorsLeft(count));
    assert.ok(exitCode === 0 || (exitCode === 15 && stderr.includes('ttorrent: too few file descriptors')), stderr);
    assert.doesNotMatch(stderr, /\n\s+at /);
  }
  const result = await get(directory, peers);
  assert.ok(readFileSync(path.join(directory, 'out', 'content.bin')).equals(torrent.read(0, torrent.totalLength)));
  return result;
});

exits(16, 'nothing can be created in the output directory', async (t) => {
  const directory = directoryFor(t);
  return assertFailed(await runCli(['get', 'a.torrent', '-o', '/proc/self'], { cwd: directory }), /\/proc\//, directory);
});

exits(17, 'the torrent cannot be read', async (t) => {
  const directory = directoryFor(t);
  const result = await runCli(['get', '/proc/self/mem', '-o', 'out'], { cwd: directory });
  return assertFailed(result, /proc\/self\/mem/, directory);
});

exits(18, 'the output directory cannot be created: only its last level is', async (t) => {
  const directory = directoryFor(t);
  return assertFailed(await runCli(['get', 'a.torrent', '-o', 'missing/out'], { cwd: directory }), /missing\/out/, directory);
});

for (const [exitCode, why, bytes] of [
  [25, 'a page of the web in place of a torrent', '<!DOCTYPE html><html></html>'],
  [26, 'bencode that is no torrent', 'd8:announce4:http4:infodee'],
] as const) {
  exits(exitCode, why, async (t) => {
    const directory = directoryFor(t, Buffer.from(bytes));
    return assertFailed(await get(directory, []), /a\.torrent/, directory);
  });
}

exits(28, 'the port that was asked for is taken', async (t) => {
  const directory = directoryFor(t);
  const { address, port } = await seeder(t);
  const result = await get(directory, ['--peer', address, '-p', String(port)]);
  return assertFailed(result, new RegExp(`port ${port}: another program`), directory);
});

for (const peer of ['127.0.0.1', '::1:6881', '127.0.0.1:0', '127.0.0.1:65536', 'x\x1b[2J:1 ']) {
  exits(28, `a peer that is no address: ${JSON.stringify(peer)}`, async (t) => {
    const directory = directoryFor(t);
    const result = await get(directory, ['--peer', peer]);
    assert.deepEqual(readdirSync(path.join(directory, 'out')), []);
    return assertFailed(result, /HOST:PORT.*from 1 to 65535/, directory);
  });
}

exits(32, 'the file is not the one whose checksum was published', async (t) => {
  const directory = directoryFor(t);
  const result = await get(directory, ['--peer', (await seeder(t)).address, '--checksum', `md5:${'0'.repeat(32)}`]);
  return assertFailed(result, /expected the published md5 sum 0{32}, found [0-9a-f]{32}/, directory);
});

exits(40, 'no source: the tracker cannot be reached and nobody else is known', async (t) => {
  const url = `http://127.0.0.1:${await closedPort()}/announce`;
  const directory = directoryFor(t);
  const result = await get(directory, ['-a', url, '--stall-timeout', '1s']);
  assert.match(result.stderr, /127\.0\.0\.1:\d+\/announce failed: /);
  return assertFailed(result, /./, directory);
});

exits(40, 'no source: the tracker answers and knows nobody', async (t) => {
  const tracker = await FakeTracker.start();
  t.after(() => tracker.close());
  const directory = directoryFor(t);
  return assertFailed(await get(directory, ['-a', tracker.url, '--stall-timeout', '1s']), /./, directory);
});

exits(41, 'the tracker refuses: its words, made harmless, are the message', async (t) => {
  const refusal = bencode({ 'failure reason': 'unregistered torrent\u001b[2J' });
  const tracker = await FakeTracker.start({ reply: (_announce, response) => void response.end(refusal) });
  t.after(() => tracker.close());
  const directory = directoryFor(t);
  const result = await get(directory, ['-a', tracker.url, '--stall-timeout', '1s']);
  assert.ok(!result.stderr.includes('\u001b'));
  return assertFailed(result, /unregistered torrent/, directory);
});

exits(42, 'only corrupt sources are left', async (t) => {
  const directory = directoryFor(t);
  const liars = [await seeder(t, { behaviour: corruptEvery(1) }), await seeder(t, { behaviour: corruptEvery(1), host: '127.0.0.2' })];
  const result = await get(directory, [...liars.flatMap((liar) => ['--peer', liar.address]), '--stall-timeout', '3s']);
  assert.match(result.stderr, /2 peers banned/);
  return assertFailed(result, /./, directory);
});

exits(43, 'nothing of the torrent is selected', async (t) => {
  const directory = directoryFor(t);
  return assertFailed(await get(directory, ['-s', '*.iso']), /\*\.iso/, directory);
});

exits(44, 'a gate refuses the file', async (t) => {
  const directory = directoryFor(t);
  const result = await get(directory, ['--peer', (await seeder(t)).address, '--gate', 'false']);
  return assertFailed(result, /content\.bin\.part keeps its temporary name/, directory);
});

for (const [signal, exitCode] of [
  ['SIGHUP', 129],
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  exits(exitCode, `${signal} stops it, and the state is saved`, async (t) => {
    const directory = directoryFor(t);
    const running = await startSlowly(t, directory);
    running.child.kill(signal);
    const result = await running.finished;
    assert.deepEqual(readdirSync(path.join(directory, 'out')).sort(), ['content.bin.part', 'content.bin.ttorrent']);
    return assertFailed(result, new RegExp(`stopped by ${signal}$`), directory);
  });
}

exits(141, 'whoever reads stdout goes away, and no word is said of it', async (t) => {
  const directory = directoryFor(t);
  const slow = await seeder(t, { rateBytesPerSecond: 100_000 });
  const running = startCli(['get', 'a.torrent', '--progress', 'none', '--peer', slow.address, '-o', '-'], { cwd: directory });
  running.child.stdout?.destroy();
  const result = await running.finished;
  assert.deepEqual([result.stdout, result.stderr], ['', '']);
  return result;
});

/** The causes that some source names: one that none does belongs to a feature that is still to come. */
function causesThatOccur(): string[] {
  const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !['errors.ts', path.join('cli', 'exit-codes.ts')].includes(file))
    .map((file) => readFileSync(path.join('src', file), 'utf8'));
  // Errors of these classes have the code that their class gives them.
  const ofClasses = ['network', 'protocol', 'internal'];
  return Object.keys(exitCodeOf).filter((cause) => ofClasses.includes(cause) || sources.some((text) => text.includes(`'${cause}'`)));
}

test('no exit code that can occur is without a case here', () => {
  const causes = causesThatOccur();
  const stillToCome = Object.entries(exitCodeOf).filter(([cause]) => !causes.includes(cause));
  const numbers = exitCodes.map(({ number }) => number).filter((number) => !stillToCome.some(([, code]) => code === number));
  assert.deepEqual(
    [...covered].sort((a, b) => a - b),
    numbers,
  );
});
