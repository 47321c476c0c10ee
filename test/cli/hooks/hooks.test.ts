// Hooks through the command line: what they are told, what their failures mean, and that they end.

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { type RunResult, runCli, startCli } from '../../support/run-cli.ts';
import type { SeederOptions } from '../../support/seeder.ts';
import { album, startSeeder, workDirectory } from '../../support/work-directory.ts';

interface Place {
  readonly directory: string;
  /** `get` of the torrent, from one seeder. */
  readonly args: readonly string[];
}

/** A directory with a torrent, a seeder, and a hook `tell.sh` that puts what it is told into `variables` and `stdin`. */
async function place(t: TestContext, options: Partial<SeederOptions> = {}): Promise<Place> {
  const directory = workDirectory(t);
  writeFileSync(path.join(directory, 'tell.sh'), 'env | grep ^TTORRENT_ > variables; cat > stdin; echo told "$@"\n');
  const seeder = await startSeeder(t, options);
  return { directory, args: ['get', 'a.torrent', '-o', 'out', '--peer', seeder.address] };
}

function run({ directory, args }: Place, ...more: string[]): Promise<RunResult> {
  return runCli([...args, ...more], { cwd: directory });
}

function told({ directory }: Place): { readonly variables: Record<string, string>; readonly object: Record<string, unknown> } {
  const lines = readFileSync(path.join(directory, 'variables'), 'utf8').trimEnd().split('\n');
  const variables = Object.fromEntries(lines.map((line) => [line.slice(9, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
  return { variables, object: JSON.parse(readFileSync(path.join(directory, 'stdin'), 'utf8')) as Record<string, unknown> };
}

test('--on-done runs without a shell when all is complete, and its stdout goes to stderr', async (t) => {
  const where = await place(t);
  const result = await run(where, '--on-done', "sh tell.sh 'of $HOME'");
  assert.equal(result.exitCode, 0, result.stderr);
  assert.match(result.stderr, /^told of \$HOME$/m);
  assert.equal(result.stdout.split('\n').length, 4, 'the paths alone');
  const { variables, object } = told(where);
  const out = path.join(where.directory, 'out');
  const expected = {
    HOOK: 'on-done',
    INFOHASH: album.infohash.toString('hex'),
    NAME: 'album',
    OUTPUT_DIR: out,
    PATH: path.join(out, 'album'),
    FILES: '3',
    TOTAL_BYTES: '300000',
    EXIT_CODE: '0',
    EXIT_NAME: 'complete',
  };
  for (const [name, value] of Object.entries(expected)) assert.equal(variables[name], value, name);
  assert.ok(Number(variables['DOWNLOADED_BYTES']) >= 300_000);
  assert.match(variables['DURATION_MS'] ?? '', /^\d+$/);
  assert.deepEqual([object['hook'], object['totalBytes'], (object['files'] as unknown[]).length], ['on-done', 300_000, 3]);
});

test('--hook-shell asks a shell', async (t) => {
  const where = await place(t);
  const result = await run(where, '--hook-shell', '--on-done', 'echo "$TTORRENT_NAME" | tr a-z A-Z');
  assert.equal(result.exitCode, 0);
  assert.match(result.stderr, /^ALBUM$/m);
});

test('an --on-done that fails ends with 44, says so, and --on-fail is told', async (t) => {
  const where = await place(t);
  const result = await run(where, '--on-done', 'sh -c "exit 3"', '--on-fail', 'sh tell.sh');
  assert.equal(result.exitCode, 44);
  assert.match(result.stderr, /the download is complete, but the --on-done command exited with code 3/);
  assert.equal(told(where).variables['EXIT_CODE'], '44');
  assert.ok(existsSync(path.join(where.directory, 'out', 'album', 'one.bin')));
});

test('a command that cannot be started ends with 44', async (t) => {
  const result = await run(await place(t), '--on-done', './nowhere');
  assert.equal(result.exitCode, 44);
  assert.match(result.stderr, /cannot be started: .*ENOENT/);
});

test('--on-fail is told why a run failed, even when the torrent could not be read', async (t) => {
  const where = await place(t, { has: () => false });
  const stalled = await run(where, '--stall-timeout', '300ms', '--on-fail', 'sh tell.sh');
  const { variables, object } = told(where);
  assert.equal(variables['EXIT_CODE'], String(stalled.exitCode));
  assert.ok(stalled.exitCode === 7 || stalled.exitCode === 40, stalled.stderr);
  assert.ok(stalled.stderr.includes(variables['REASON'] ?? '-'));
  assert.equal(object['verifiedBytes'], 0);

  const missing = await runCli(['get', 'none.torrent', '--on-fail', 'sh tell.sh'], { cwd: where.directory });
  assert.equal(missing.exitCode, 3);
  assert.deepEqual([told(where).object['exitCode'], told(where).object['infohash']], [3, null]);
});

test('an --on-fail that fails hides nothing', async (t) => {
  const where = await place(t);
  const result = await run(where, '-s', 'nothing*', '--on-fail', 'sh -c "exit 9"');
  assert.equal(result.exitCode, 43);
  assert.match(result.stderr, /warning: the --on-fail command exited with code 9/);
});

test('--gate sees the finished file under its temporary name, and lets it pass', async (t) => {
  const where = await place(t);
  const gate = 'sh -c \'wc -c <"$TTORRENT_FILE_PART"; test ! -e "$TTORRENT_FILE_PATH"\'';
  const result = await run(where, '--gate', gate);
  assert.equal(result.exitCode, 0, result.stderr);
  assert.match(result.stderr, /^200000$/m);
  assert.match(result.stderr, /^100000$/m);
});

test('a --gate that refuses ends with 44, the file keeps its temporary name; a milder gate lets it pass without a byte received', async (t) => {
  const where = await place(t);
  const result = await run(where, '-s', '1', '--gate', 'sh -c "sh tell.sh; false"', '--on-fail', 'echo failed');
  assert.equal(result.exitCode, 44);
  assert.match(result.stderr, /one\.bin\.part keeps its temporary name: the --gate command exited with code 1/);
  assert.match(result.stderr, /^failed$/m);
  assert.deepEqual(readdirSync(path.join(where.directory, 'out', 'album')), ['one.bin.part']);
  const { variables, object } = told(where);
  assert.deepEqual(
    ['HOOK', 'FILE_NUMBER', 'FILE_NAME', 'FILE_BYTES', 'FILE_PATH'].map((name) => variables[name]),
    ['gate', '1', 'album/one.bin', '200000', path.join(where.directory, 'out', 'album', 'one.bin')],
  );
  assert.equal((object['file'] as { number: number }).number, 1);
  const again = await run(where, '-s', '1', '--gate', 'true');
  assert.equal(again.exitCode, 0, again.stderr);
  assert.match(again.stderr, /all of it was there/);
});

test('a hook that does not end is killed with all that it started', async (t) => {
  const where = await place(t);
  const script = 'trap "" TERM; (trap "" TERM; sleep 600) & echo $! >child; wait; sleep 600';
  writeFileSync(path.join(where.directory, 'hang.sh'), script);
  const result = await run(where, '--on-done', 'sh hang.sh', '--hook-timeout', '1s');
  assert.equal(result.exitCode, 44);
  assert.match(result.stderr, /did not end within 1s and was killed/);
  assert.ok(!isRunning(Number(readFileSync(path.join(where.directory, 'child'), 'utf8'))));
});

test('after a signal --on-fail runs, and the exit code is the signal’s', async (t) => {
  const where = await place(t, { rateBytesPerSecond: 60_000 });
  const running = startCli([...where.args, '-v', '--progress', 'none', '--on-fail', 'sh tell.sh'], { cwd: where.directory });
  await running.stderrMatches(/connected/);
  running.child.kill('SIGTERM');
  const result = await running.finished;
  assert.equal(result.exitCode, 143, result.stderr);
  const { variables } = told(where);
  assert.deepEqual([variables['EXIT_CODE'], variables['EXIT_NAME'], variables['REASON']], ['143', 'SIGTERM', 'stopped by SIGTERM']);
});

test('a signal ends a hook, and a second one ends even the hook that follows', async (t) => {
  const where = await place(t);
  const hang = (name: string): string => `sh -c 'echo $$ >${name}.pid; echo ${name} runs; exec sleep 600'`;
  const running = startCli([...where.args, '--hook-shell', '--on-done', hang('done'), '--on-fail', hang('fail')], { cwd: where.directory });
  await running.stderrMatches(/done runs/);
  running.child.kill('SIGINT');
  await running.stderrMatches(/fail runs/);
  running.child.kill('SIGINT');
  const result = await running.finished;
  assert.equal(result.exitCode, 130, result.stderr);
  for (const name of ['done', 'fail']) {
    const pid = Number(readFileSync(path.join(where.directory, `${name}.pid`), 'utf8'));
    await until(() => !isRunning(pid));
  }
});

test('a signal ends a gate, and its file keeps its temporary name', async (t) => {
  const where = await place(t);
  const gate = "sh -c 'echo $$ >gate.pid; echo gate runs; exec sleep 600'";
  const running = startCli([...where.args, '-s', '1', '--gate', gate], { cwd: where.directory });
  await running.stderrMatches(/gate runs/);
  running.child.kill('SIGTERM');
  const result = await running.finished;
  assert.equal(result.exitCode, 143, result.stderr);
  assert.deepEqual(readdirSync(path.join(where.directory, 'out', 'album')), ['one.bin.part']);
  assert.ok(!isRunning(Number(readFileSync(path.join(where.directory, 'gate.pid'), 'utf8'))));
});

test('a command that only a shell understands is a bad option', async (t) => {
  const where = await place(t);
  const result = await run(where, '--on-done', 'echo $TTORRENT_NAME');
  assert.equal(result.exitCode, 28);
  assert.match(
    result.stderr,
    /^ttorrent: option '--on-done <CMD>' argument 'echo \$TTORRENT_NAME' is invalid\. Only a shell .*--hook-shell/,
  );
});

/** Whether the process is there and not a zombie that nobody has waited for. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 100_000 && !condition(); turn++) await new Promise((resolve) => setImmediate(resolve));
  assert.ok(condition());
}
