// Run again on a complete download: nothing is hashed, no socket is opened, and whatever differs is found all the same.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { makeTorrent } from '../support/make-torrent.ts';
import { type RunOptions, type RunResult, runCli, startCli } from '../support/run-cli.ts';
import { scratchDirectory } from '../support/scratch.ts';
import { cannotTrace } from '../support/programs.ts';
import { Seeder } from '../support/seeder.ts';

const torrent = makeTorrent({
  name: 'tree',
  pieceLength: 32_768,
  files: [
    { path: ['a.bin'], length: 200_000 },
    { path: ['sub', 'b.bin'], length: 90_000 },
    { path: ['empty'], length: 0 },
  ],
  trackers: [['http://127.0.0.1:1/announce']],
});

interface Place {
  readonly directory: string;
  /** A file of the download. */
  readonly file: string;
  get(args: readonly string[], options?: RunOptions): Promise<RunResult>;
}

/** A directory with a complete download in it, and a state directory of its own. */
async function completeDownload(t: TestContext): Promise<Place> {
  const directory = scratchDirectory(t);
  const out = path.join(directory, 'out');
  writeFileSync(path.join(directory, 'a.torrent'), torrent.bytes);
  mkdirSync(out);
  const env = { XDG_STATE_HOME: path.join(directory, 'state') };
  const get: Place['get'] = (args, options) => runCli(['get', 'a.torrent', '-o', 'out', ...args], { cwd: directory, env, ...options });
  const seeder = await Seeder.start({ torrent });
  const first = await get(['--peer', seeder.address]);
  await seeder.close();
  assert.equal(first.exitCode, 0, first.stderr);
  return { directory, file: path.join(out, 'tree', 'a.bin'), get };
}

test('run again, it prints the same and leaves nothing behind', async (t) => {
  const where = await completeDownload(t);
  const again = await where.get([]);
  const names = ['a.bin', path.join('sub', 'b.bin'), 'empty'];
  const paths = names.map((name) => `${path.join(where.directory, 'out', 'tree', name)}\n`).join('');
  assert.deepEqual([again.exitCode, again.stdout], [0, paths], again.stderr);
  assert.match(again.stderr, /all of it was there/);
  assert.deepEqual(readdirSync(path.join(where.directory, 'out')), ['tree']);
  assert.deepEqual(readdirSync(path.join(where.directory, 'state')), ['ttorrent']);
});

test('run again, it opens no socket and reads no file of the download', { skip: cannotTrace() }, async (t) => {
  const where = await completeDownload(t);
  const log = path.join(where.directory, 'calls');
  const wrapper = ['strace', '-f', '-qq', '-e', 'trace=%network,open,openat', '-o', log];
  const again = await where.get(['-a', 'http://127.0.0.1:1/announce', '--peer', '127.0.0.1:1'], { wrapper });
  assert.equal(again.exitCode, 0, again.stderr);
  const calls = readFileSync(log, 'utf8').split('\n');
  assert.ok(calls.some((call) => /openat\(.*a\.torrent"/.test(call)));
  // Node makes pairs of sockets to talk to itself; nothing else of the network may be there.
  assert.deepEqual(
    calls.filter((call) => /\b(?:socket|bind|connect|listen|accept4?|send(?:to|msg|mmsg))\(/.test(call)),
    [],
  );
  assert.deepEqual(
    calls.filter((call) => /open(?:at)?\(.*\/tree\//.test(call)),
    [],
  );
});

test('--recheck and --no-resume hash everything, and a file that changed is hashed without being asked', async (t) => {
  const where = await completeDownload(t);
  const records = path.join(where.directory, 'state', 'ttorrent', 'complete');
  // Whoever has hashed everything writes the record anew.
  const stamp = (): string =>
    readdirSync(records)
      .map((name) => `${name} ${statSync(path.join(records, name), { bigint: true }).ctimeNs}`)
      .join();
  const hashes = async (args: readonly string[]): Promise<boolean> => {
    const before = stamp();
    const result = await where.get(args);
    assert.equal(result.exitCode, 0, result.stderr);
    return stamp() !== before;
  };
  assert.equal(await hashes([]), false);
  assert.equal(await hashes(['--recheck']), true);
  assert.equal(await hashes(['--no-resume']), true);
  assert.equal(await hashes([]), false);
  utimesSync(where.file, 1, 1);
  assert.equal(await hashes([]), true);
  assert.equal(await hashes([]), false);

  const bytes = readFileSync(where.file);
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  writeFileSync(where.file, bytes);
  assert.equal((await where.get(['--stall-timeout', '1s'])).exitCode, 40);
});

test('verify hashes whatever is remembered', async (t) => {
  const where = await completeDownload(t);
  const env = { XDG_STATE_HOME: path.join(where.directory, 'state') };
  const verified = await runCli(['verify', 'a.torrent', '-o', 'out', '--progress', 'plain'], { cwd: where.directory, env });
  assert.deepEqual([verified.exitCode, /checked/.test(verified.stderr)], [0, true], verified.stderr);
});

test('a run that was killed leaves its lock, which the next one takes over', async (t) => {
  const directory = scratchDirectory(t);
  writeFileSync(path.join(directory, 'a.torrent'), torrent.bytes);
  const slow = await Seeder.start({ torrent, rateBytesPerSecond: 20_000 });
  t.after(() => slow.close());
  const killed = startCli(['get', 'a.torrent', '-v', '--peer', slow.address], { cwd: directory });
  await killed.stderrMatches(/connected/);
  killed.child.kill('SIGKILL');
  await killed.finished;
  const lock = path.join(directory, 'tree.ttorrent.lock');
  assert.ok(existsSync(lock));
  const seeder = await Seeder.start({ torrent });
  t.after(() => seeder.close());
  const next = await runCli(['get', 'a.torrent', '--peer', seeder.address], { cwd: directory });
  assert.equal(next.exitCode, 0, next.stderr);
  assert.ok(!existsSync(lock));
});
