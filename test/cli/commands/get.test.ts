// `ttorrent get` as a child process in a swarm on loopback: what it prints, what it does when run again, and how it stops on a signal.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type RunningCli, type RunResult, runCli, startCli, startProgram } from '../../support/run-cli.ts';
import type { Seeder, SeederOptions } from '../../support/seeder.ts';
import { FakeTracker, silentAtGoodbye } from '../../support/tracker.ts';
import { album, startSeeder, workDirectory } from '../../support/work-directory.ts';

const main = fileURLToPath(new URL('../../../bundle/ttorrent.js', import.meta.url));

interface Swarm {
  readonly directory: string;
  readonly seeder: Seeder;
  readonly tracker: FakeTracker;
  /** What `get` is given: the torrent, the output directory and the tracker. */
  readonly args: readonly string[];
}

/** A seeder and a tracker that names it, and a fresh directory with the torrent. */
async function swarm(t: TestContext, options: Partial<SeederOptions> = {}): Promise<Swarm> {
  const directory = workDirectory(t);
  const seeder = await startSeeder(t, options);
  const tracker = await FakeTracker.start({ peers: [seeder] });
  t.after(() => tracker.close());
  return { directory, seeder, tracker, args: ['get', 'a.torrent', '-o', 'out', '-a', tracker.url] };
}

function run({ directory, args }: Swarm, ...more: string[]): Promise<RunResult> {
  return runCli([...args, ...more], { cwd: directory });
}

function outputPath({ directory }: Swarm, ...elements: string[]): string {
  return path.join(directory, 'out', 'album', ...elements);
}

function assertComplete(where: Swarm): void {
  for (const file of album.files) {
    const target = path.join(where.directory, 'out', ...file.path);
    assert.ok(readFileSync(target).equals(album.read(file.offset, file.length)), target);
  }
}

test('says one line, the cause, when it ends before it begins', async (t) => {
  const where = await swarm(t);
  const result = await run(where, '-o', path.join('none', 'out'));
  assert.deepEqual([result.exitCode, result.stdout], [18, ''], result.stderr);
  assert.match(
    result.stderr,
    /^ttorrent: creating the output directory none\/out: [^\n]*none is not there, and only the last level is made\n$/,
  );
});

test('prints the final path of each file on stdout and everything else on stderr', async (t) => {
  const where = await swarm(t);
  const result = await run(where);
  assert.equal(result.exitCode, 0, result.stderr);
  const paths = [outputPath(where, 'one.bin'), outputPath(where, 'sub', 'two.bin'), outputPath(where, 'empty')];
  assert.equal(result.stdout, `${paths.join('\n')}\n`);
  assert.match(result.stderr, /ttorrent: complete and verified: 3 files, 293 KiB/);
  assert.ok(!result.stderr.includes('\u001b'));
  assertComplete(where);
});

test('prints nothing with --quiet when all goes well', async (t) => {
  const where = await swarm(t);
  const result = await run(where, '-q');
  assert.deepEqual([result.exitCode, result.stdout, result.stderr], [0, '', '']);
  assertComplete(where);
});

test('tells of trackers, peers and files with --verbose', async (t) => {
  const where = await swarm(t);
  const result = await run(where, '-v');
  assert.equal(result.exitCode, 0, result.stderr);
  assert.match(result.stderr, /announce named 1 peer/);
  assert.ok(result.stderr.includes(`peer ${where.seeder.address} connected`));
  assert.ok(result.stderr.includes(`complete: ${outputPath(where, 'one.bin')}`));
});

test('downloads only the selected files', async (t) => {
  const where = await swarm(t);
  const result = await run(where, '-s', 'two.bin');
  assert.deepEqual([result.exitCode, result.stdout], [0, `${outputPath(where, 'sub', 'two.bin')}\n`], result.stderr);
  assert.deepEqual(readdirSync(outputPath(where)), ['sub']);
});

test('run again on a complete download, it ends at once without a connection or an announce', async (t) => {
  const where = await swarm(t);
  const first = await run(where);
  const { connections } = where.seeder.counts;
  const announces = where.tracker.announces.length;
  const second = await run(where);
  assert.deepEqual([second.exitCode, second.stdout], [0, first.stdout], second.stderr);
  assert.match(second.stderr, /all of it was there/);
  assert.deepEqual([where.seeder.counts.connections, where.tracker.announces.length], [connections, announces]);
});

test('a reader of stdout that went away, or a full disk behind it, costs nothing but the paths', async (t) => {
  const where = await swarm(t);
  const running = startCli(where.args, { cwd: where.directory });
  running.child.stdout?.destroy();
  assert.equal((await running.finished).exitCode, 0);
  assertComplete(where);

  const other = await swarm(t);
  const script = 'exec "$@" >/dev/full';
  const full = await startProgram(['/bin/sh', '-c', script, 'sh', process.execPath, main, ...other.args], { cwd: other.directory })
    .finished;
  assert.equal(full.exitCode, 0, full.stderr);
  assert.match(full.stderr, /warning: cannot write to stdout/);
  assertComplete(other);
});

test('a closed or full stderr does not disturb a download', async (t) => {
  for (const redirection of ['2>&-', '2>/dev/full']) {
    const where = await swarm(t);
    const script = `exec "$@" ${redirection}`;
    const command = ['/bin/sh', '-c', script, 'sh', process.execPath, main, ...where.args, '-v'];
    assert.equal((await startProgram(command, { cwd: where.directory }).finished).exitCode, 0, redirection);
    assertComplete(where);
  }
});

/** A download of a slow seeder that has begun: at least one piece is verified. */
async function startSlowly(t: TestContext): Promise<{ readonly where: Swarm; readonly running: RunningCli }> {
  const where = await swarm(t, { rateBytesPerSecond: 60_000 });
  const running = startCli([...where.args, '-v', '--progress', 'none'], { cwd: where.directory });
  await running.stderrMatches(/connected/);
  return { where, running };
}

for (const [signal, exitCode] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const) {
  test(`${signal} stops it cleanly: \`stopped\` announced, state saved, exit code ${exitCode}`, async (t) => {
    const { where, running } = await startSlowly(t);
    const sentMs = performance.now();
    running.child.kill(signal);
    const result = await running.finished;
    const tookMs = performance.now() - sentMs;
    assert.deepEqual([result.exitCode, result.stdout], [exitCode, ''], result.stderr);
    assert.ok(tookMs < 4000, `took ${tookMs} ms`);
    assert.match(result.stderr, new RegExp(`ttorrent: stopped by ${signal}\\n$`));
    assert.deepEqual(where.tracker.events, ['started', 'stopped']);

    const again = await startSeeder(t);
    const rerun = await runCli([...where.args, '--peer', again.address], { cwd: where.directory });
    assert.equal(rerun.exitCode, 0, rerun.stderr);
    assertComplete(where);
  });
}

test('a second signal ends it at once', async (t) => {
  const where = await swarm(t, { rateBytesPerSecond: 60_000 });
  const { tracker, stopped } = await silentAtGoodbye(t);
  const args = ['get', 'a.torrent', '-o', 'out', '-v', '-a', tracker.url, '--peer', where.seeder.address];
  const running = startCli(args, { cwd: where.directory });
  // A tracker that has not answered `started` is not told `stopped`.
  await running.stderrMatches(/announce named 0 peers/);
  await running.stderrMatches(/connected/);
  running.child.kill('SIGINT');
  await Promise.race([stopped, running.finished]);
  const sentMs = performance.now();
  running.child.kill('SIGINT');
  const result = await running.finished;
  assert.equal(result.exitCode, 130, result.stderr);
  assert.ok(performance.now() - sentMs < 1000, 'ended at once');
});
