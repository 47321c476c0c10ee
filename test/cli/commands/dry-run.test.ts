// `get --dry-run` and `get --interactive` through the command line.

import assert from 'node:assert/strict';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeTorrent } from '../../support/make-torrent.ts';
import { type RunResult, runCli, startProgram } from '../../support/run-cli.ts';
import { scratchDirectory } from '../../support/scratch.ts';
import { FakeTracker } from '../../support/tracker.ts';

const main = fileURLToPath(new URL('../../../bundle/ttorrent.js', import.meta.url));

const torrent = makeTorrent({
  name: 'album',
  pieceLength: 16_384,
  files: [
    { path: ['one.bin'], length: 40_000 },
    { path: ['sub', 'two\u001b[2J.bin'], length: 10_000 },
  ],
});

function directoryWithTorrent(t: TestContext): string {
  const directory = scratchDirectory(t);
  writeFileSync(path.join(directory, 'a.torrent'), torrent.bytes);
  return directory;
}

test('--dry-run says what would be done, does nothing, asks nobody and runs no hook', async (t) => {
  const directory = directoryWithTorrent(t);
  const tracker = await FakeTracker.start({ peers: [] });
  t.after(() => tracker.close());
  const args = ['get', 'a.torrent', '-o', 'out', '-a', tracker.url, '--dry-run', '--on-done', 'touch ran'];
  const result = await runCli(args, { cwd: directory });
  assert.equal(result.exitCode, 0, result.stderr);
  const at = (...elements: string[]): string => path.join(directory, 'out', 'album', ...elements);
  assert.equal(result.stdout, `fetch\t40000\t40000\t${at('one.bin')}\nfetch\t10000\t10000\t${at('sub', 'two_[2J.bin')}\n`);
  assert.match(
    result.stderr,
    /^ttorrent: dry run: would fetch 48\.8 KiB of 48\.8 KiB for 2 files from what 1 tracker and 0 typed peers offer; needs/m,
  );
  assert.deepEqual(readdirSync(directory), ['a.torrent']);
  assert.deepEqual(tracker.events, []);
});

test('--dry-run --json prints one JSON object', async (t) => {
  const directory = directoryWithTorrent(t);
  const { exitCode, stdout } = await runCli(['get', 'a.torrent', '--dry-run', '--json', '-s', '1'], { cwd: directory });
  assert.equal(exitCode, 0);
  const { files, missingBytes, freeBytes } = JSON.parse(stdout) as { files: unknown[]; missingBytes: number; freeBytes: number };
  const one = {
    action: 'fetch',
    missingBytes: 40_000,
    length: 40_000,
    path: path.join(directory, 'album', 'one.bin'),
    torrentPath: 'album/one.bin',
  };
  assert.deepEqual([files, missingBytes, freeBytes > 0], [[one], 40_000, true]);
});

test('--dry-run reads what checksums are published, but fetches none', async (t) => {
  const directory = directoryWithTorrent(t);
  const run = (...args: string[]): Promise<RunResult> => runCli(['get', 'a.torrent', '--dry-run', ...args], { cwd: directory });
  assert.equal((await run('--sums', 'nowhere')).exitCode, 3);
  assert.equal((await run('--checksum', 'sha256:12')).exitCode, 28);
  writeFileSync(path.join(directory, 'sums'), `${'0'.repeat(64)}  one.bin\n`);
  const listed = await run('--sums', 'sums');
  assert.equal(listed.exitCode, 0, listed.stderr);
  assert.match(listed.stderr, /no checksum is listed for 1 of 2 selected files/);
  assert.equal((await run('--sums', 'http://127.0.0.1:1/sums')).exitCode, 0);
});

test('--dry-run fails as the download would', async (t) => {
  const directory = directoryWithTorrent(t);
  const run = (...args: string[]): Promise<RunResult> => runCli(['get', 'a.torrent', '--dry-run', ...args], { cwd: directory });
  assert.equal((await run('-s', '*.iso')).exitCode, 43);
  assert.equal((await run('-o', 'no/where')).exitCode, 18);
  const vastInfo = { length: 2 ** 43, 'piece length': 2 ** 28, pieces: Buffer.alloc(20 * 2 ** 15) };
  const vast = makeTorrent({ name: 'vast', pieceLength: 16_384, length: 1, info: vastInfo });
  writeFileSync(path.join(directory, 'vast.torrent'), vast.bytes);
  const full = await runCli(['get', 'vast.torrent', '--dry-run'], { cwd: directory });
  assert.equal(full.exitCode, 9, full.stderr);
  assert.match(full.stderr, /needs 8\.00 TiB/);
});

test('--interactive without a terminal is refused', async (t) => {
  const directory = directoryWithTorrent(t);
  const result = await runCli(['get', 'a.torrent', '--interactive'], { cwd: directory });
  assert.deepEqual([result.exitCode, result.stdout], [28, '']);
  assert.match(result.stderr, /needs a terminal/);
});

/** Runs `get --interactive --dry-run` on a terminal of its own, with `typed` as what a person types. */
async function runOnTerminal(directory: string, typed: string): Promise<RunResult> {
  const command = `'${process.execPath}' '${main}' get a.torrent --interactive --dry-run 2>&1`;
  return startProgram(['script', '-qec', command, '/dev/null'], { cwd: directory, stdin: typed, env: { TERM: 'xterm' } }).finished;
}

const skip = process.platform !== 'linux' || !existsSync('/usr/bin/script') ? 'needs script(1) of util-linux' : false;

test('--interactive lists the files, asks until the answer makes sense, and names never move the cursor', { skip }, async (t) => {
  const result = await runOnTerminal(directoryWithTorrent(t), "9\n'two*\n'two*'\n");
  assert.equal(result.exitCode, 0, result.stdout);
  assert.match(result.stdout, /^1 +39\.1 KiB +album\/one\.bin\r?$/m);
  assert.match(result.stdout, /there is no file 9/);
  assert.match(result.stdout, /quote ' at character 1 is not closed/);
  assert.match(result.stdout, /chosen: 1 file, 9\.77 KiB/);
  assert.match(result.stdout, /^fetch .*two_\[2J\.bin\r?$/m);
  assert.doesNotMatch(result.stdout, /^fetch .*one\.bin/m);
  assert.ok(!result.stdout.includes('\u001b[2J'));
});

test('--interactive takes Enter for all files, and the end of input for none', { skip }, async (t) => {
  const all = await runOnTerminal(directoryWithTorrent(t), '\n');
  assert.match(all.stdout, /chosen: 2 files/);
  const none = await runOnTerminal(directoryWithTorrent(t), '');
  assert.equal(none.exitCode, 43);
  assert.match(none.stdout, /no file was chosen/);
});
