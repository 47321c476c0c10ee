// `ttorrent seed` and `get --seed` through the real command line: when they end and how, what they leave alone, what they refuse.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, lstatSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { contentFaults, writeContent } from '../support/content-files.ts';
import { type EventLine, eventsOf, readEvents } from '../support/events.ts';
import { bencode, makeTorrent } from '../support/make-torrent.ts';
import { type RunningCli, type RunOptions, type RunResult, runCli, startCli } from '../support/run-cli.ts';
import { scratchDirectory } from '../support/scratch.ts';
import { Seeder } from '../support/seeder.ts';
import { FakeTracker, type RecordedAnnounce } from '../support/tracker.ts';

const torrent = makeTorrent({
  name: 'album',
  pieceLength: 32_768,
  files: [
    { path: ['one.bin'], length: 300_000 },
    { path: ['sub', 'two.bin'], length: 100_000 },
    { path: ['empty'], length: 0 },
  ],
});

interface Place {
  readonly directory: string;
  readonly tracker: FakeTracker;
  /** The port that was announced first. */
  readonly port: Promise<number>;
  readonly start: (...args: string[]) => RunningCli;
  readonly run: (...args: string[]) => Promise<RunResult>;
  /** Downloads from the announced port into `to`. */
  readonly leech: (to: string) => Promise<RunResult>;
}

/** A directory with `a.torrent`, whose tracker waits for announces, and its content in `data`. */
async function place(t: TestContext, shape = torrent): Promise<Place> {
  const directory = scratchDirectory(t);
  let announced: (announce: RecordedAnnounce) => void = () => {};
  const port = new Promise<RecordedAnnounce>((resolve) => {
    announced = resolve;
  }).then(({ query }) => Number(query.get('port')));
  const tracker = await FakeTracker.start({
    reply: (announce, response) => {
      announced(announce);
      response.end(bencode({ interval: 1800, peers: Buffer.alloc(0) }));
    },
  });
  t.after(() => tracker.close());
  writeFileSync(path.join(directory, 'a.torrent'), shape.bytes);
  writeContent(shape, path.join(directory, 'data'));
  const options: RunOptions = { cwd: directory };
  return {
    directory,
    tracker,
    port,
    start: (...args) => startCli([...args, '-a', tracker.url], options),
    run: (...args) => runCli([...args, '-a', tracker.url], options),
    leech: async (to) => runCli(['get', 'a.torrent', '-o', to, '--no-listen', '--peer', `127.0.0.1:${await port}`], options),
  };
}

/** Everything below `directory` with what a write would change. */
function snapshot(directory: string): unknown[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .concat('.')
    .sort()
    .map((name) => {
      const { mtimeMs, ctimeMs, size, ino } = lstatSync(path.join(directory, name));
      return [name, mtimeMs, ctimeMs, size, ino];
    });
}

function lastOf(stdout: string, type: string): EventLine & { totals: Record<string, number> } {
  return eventsOf(readEvents(stdout), type).at(-1) as EventLine & { totals: Record<string, number> };
}

test('seed gives everything up to its ratio, says goodbye, ends with 0 and has written nothing', async (t) => {
  const { directory, tracker, start, leech } = await place(t);
  const before = snapshot(path.join(directory, 'data'));
  const seeding = start('seed', 'a.torrent', '-o', 'data', '--seed-ratio', '1');
  assert.equal((await leech('out')).exitCode, 0);
  const { exitCode, stdout, stderr } = await seeding.finished;
  assert.deepEqual([exitCode, stdout], [0, ''], stderr);
  assert.deepEqual(contentFaults(torrent, path.join(directory, 'out')), []);
  assert.deepEqual(snapshot(path.join(directory, 'data')), before);
  assert.deepEqual([tracker.events[0], tracker.events.at(-1)], ['started', 'stopped']);
  assert.equal(tracker.announces.at(-1)?.query.get('uploaded'), '400000');
  assert.match(stderr, /^ttorrent: complete and verified: 3 files, 391 KiB, all of it was there; seeding up to ratio 1$/m);
  assert.match(stderr, /^ttorrent: seeded for [\d.]+s until the ratio was reached, sent 391 KiB, ratio 1\.00$/m);
});

test('seed works in a directory that cannot be written', async (t) => {
  const { directory, run } = await place(t);
  const data = path.join(directory, 'data');
  const setModes = (mode: number): void => ['album/sub', 'album', '.'].forEach((name) => chmodSync(path.join(data, name), mode));
  setModes(0o555);
  try {
    const before = snapshot(data);
    const { exitCode, stderr } = await run('seed', 'a.torrent', '-o', 'data', '--seed-time', '100ms');
    assert.equal(exitCode, 0, stderr);
    assert.match(stderr, /until the time was over, sent 0 B, ratio 0\.00$/m);
    assert.deepEqual(snapshot(data), before);
  } finally {
    setModes(0o755);
  }
});

test('seed of what is not complete ends with 32 and tells nobody; -s looks at what is selected only', async (t) => {
  const { directory, tracker, run } = await place(t);
  truncateSync(path.join(directory, 'data', 'album', 'sub', 'two.bin'), 10);
  const { exitCode, stdout, stderr } = await run('seed', 'a.torrent', '-o', 'data', '--json');
  assert.equal(exitCode, 32);
  assert.match(stderr, /^ttorrent: seeding album: only 9 of 13 pieces in data are verified; nothing was changed there$/m);
  assert.equal(lastOf(stdout, 'verdict')['code'], 'data-mismatch');
  assert.deepEqual(tracker.events, []);
  writeContent(torrent, path.join(directory, 'data'));
  truncateSync(path.join(directory, 'data', 'album', 'one.bin'), 10);
  assert.equal((await run('seed', 'a.torrent', '-o', 'data', '-s', '3', '--seed-time', '100ms')).exitCode, 0);
});

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  test(`seed without a condition goes on until ${signal} and ends with ${code}, the trackers told`, async (t) => {
    const { tracker, start, port } = await place(t);
    const seeding = start('seed', 'a.torrent', '-o', 'data', '--json');
    await port;
    seeding.child.kill(signal);
    const { exitCode, stdout, stderr } = await seeding.finished;
    assert.equal(exitCode, code, stderr);
    assert.match(stderr, /; seeding until stopped$/m);
    assert.equal(tracker.events.at(-1), 'stopped');
    assert.equal(lastOf(stdout, 'verdict')['exitCode'], code);
  });
}

test('seed ends when the process that it waits for has ended, also when nobody asks how it ended', async (t) => {
  const { start, port } = await place(t);
  const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  const seeding = start('seed', 'a.torrent', '-o', 'data', '--seed-until-exit-of', String(other.pid));
  await port;
  other.kill('SIGKILL');
  const { exitCode, stderr } = await seeding.finished;
  assert.equal(exitCode, 0, stderr);
  assert.match(stderr, /until the process had ended, sent 0 B/);

  if (process.platform !== 'linux') return;
  // A shell that became something else never asks.
  const parent = spawn('sh', ['-c', 'cat <&3 & echo $!; exec cat'], { stdio: ['pipe', 'pipe', 'ignore', 'pipe'] });
  t.after(() => parent.kill('SIGKILL'));
  const [line] = (await once(parent.stdio[1] as net.Socket, 'data')) as [Buffer];
  const waiting = start('seed', 'a.torrent', '-o', 'data', '--seed-until-exit-of', line.toString().trim());
  await waiting.stderrMatches(/seeding until process \d+ has ended/);
  (parent.stdio[3] as net.Socket).destroy();
  assert.equal((await waiting.finished).exitCode, 0);
});

test('a process that is not there is an error, before anybody is contacted', async (t) => {
  const { directory, tracker, run } = await place(t);
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  for (const command of ['seed', 'get']) {
    const { exitCode, stderr } = await run(command, 'a.torrent', '-o', 'out', '--seed-until-exit-of', String(pid));
    assert.equal(exitCode, 28);
    assert.match(stderr, new RegExp(`^ttorrent: seeding until process ${pid} has ended: there is no such process$`, 'm'));
  }
  assert.deepEqual([tracker.events, existsSync(path.join(directory, 'out'))], [[], false]);
});

test('get --seed prints the paths and runs --on-done before it seeds, and tells the verdict after it', async (t) => {
  const { directory, start, leech } = await place(t);
  const peer = await Seeder.start({ torrent });
  t.after(() => peer.close());
  const hook = "--on-done=sh -c 'cat >done.json'";
  const getting = start('get', '--seed', 'a.torrent', '-o', 'got', '--seed-ratio=1', '--peer', peer.address, '--events', 'e.jsonl', hook);
  let printed = '';
  getting.child.stdout?.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  await getting.stderrMatches(/; seeding up to ratio 1$/m);
  assert.equal((await leech('out')).exitCode, 0);
  assert.ok(existsSync(path.join(directory, 'done.json')));
  const whole = ['one.bin', 'sub/two.bin', 'empty'].map((name) => `${path.join(directory, 'got', 'album', name)}\n`).join('');
  assert.equal(printed, whole, 'printed while it seeds');
  const { exitCode, stderr } = await getting.finished;
  assert.equal(exitCode, 0, stderr);
  assert.match(stderr, /^ttorrent: seeded for [\d.]+s until the ratio was reached, sent 391 KiB, ratio 1\.00$/m);
  const lines = readFileSync(path.join(directory, 'e.jsonl'), 'utf8');
  assert.equal(readEvents(lines).at(-1)?.type, 'verdict');
  assert.ok(Number(lastOf(lines, 'summary')['seedingMs']) > 0);
  assert.match(String(lastOf(lines, 'verdict')['reason']), /^complete and verified; seeded for [\d.]+s until the ratio was reached/);
  const { uploadedBytes, ratio, verifiedBytes } = lastOf(lines, 'verdict').totals;
  assert.deepEqual([uploadedBytes, ratio, verifiedBytes], [400_000, 1, 400_000]);
  const told = JSON.parse(readFileSync(path.join(directory, 'done.json'), 'utf8')) as {
    uploadedBytes: number;
    files: { complete: boolean }[];
  };
  assert.deepEqual([told.uploadedBytes, told.files.map(({ complete }) => complete)], [0, [true, true, true]]);
});

test('get does not seed when --on-done fails', async (t) => {
  const { tracker, run } = await place(t);
  const { exitCode, stdout, stderr } = await run('get', 'a.torrent', '-o', 'data', '--seed', '--on-done', 'false');
  assert.equal(exitCode, 44);
  assert.match(stderr, /the download is complete, but the --on-done command exited with code 1/);
  assert.equal(stdout.split('\n').length, 4);
  assert.deepEqual(tracker.events, []);
});

test('a deadline ends seeding with 0, a signal with its number', async (t) => {
  const { start, run, port } = await place(t);
  const late = await run('get', 'a.torrent', '-o', 'data', '--seed-ratio', '9', '--deadline', '1500ms');
  assert.equal(late.exitCode, 0, late.stderr);
  assert.match(late.stderr, /until the deadline, sent 0 B/);
  const stopped = start('get', 'a.torrent', '-o', 'data', '--seed=1h');
  await port;
  await stopped.stderrMatches(/seeding for 1h/);
  stopped.child.kill('SIGTERM');
  const { exitCode, stderr } = await stopped.finished;
  assert.equal(exitCode, 143);
  assert.match(stderr, /with exit code 143 \(SIGTERM\): 13 of 13 pieces verified and kept, 0 B received, sent 0 B, ratio 0\.00$/m);
});

test('--max-upload-rate bounds what the progress tells', async (t) => {
  const large = makeTorrent({ name: 'large', pieceLength: 65_536, length: 1_500_000 });
  const { directory, start, leech } = await place(t, large);
  const seeding = start('seed', 'a.torrent', '-o', 'data', '--seed-ratio', '1', '--max-upload-rate', '500KB', '--json');
  assert.equal((await leech('out')).exitCode, 0);
  assert.deepEqual(contentFaults(large, path.join(directory, 'out')), []);
  const { exitCode, stdout, stderr } = await seeding.finished;
  assert.equal(exitCode, 0, stderr);
  const rates = eventsOf(readEvents(stdout), 'progress').map(({ uploadBytesPerSecond }) => Number(uploadBytesPerSecond));
  assert.ok(Math.max(...rates) > 0 && Math.max(...rates) < 750_000, String(rates));
  assert.equal(lastOf(stdout, 'summary')['uploadedBytes'], 1_500_000);
});

test('-p RANGE takes the next free port; --no-listen opens none', async (t) => {
  const taken = net.createServer().listen(0);
  await once(taken, 'listening');
  t.after(() => taken.close());
  const { port: first } = taken.address() as net.AddressInfo;
  const last = Math.min(first + 50, 65_535);
  const listening = await place(t);
  const ranged = listening.start('seed', 'a.torrent', '-o', 'data', '-p', `${first}-${last}`);
  const port = await listening.port;
  assert.ok(port > first && port <= last, `${port} of ${first}-${last}`);
  ranged.child.kill('SIGTERM');
  await ranged.finished;
  const busy = await listening.run('seed', 'a.torrent', '-o', 'data', '-p', String(first));
  assert.equal(busy.exitCode, 28);
  assert.match(busy.stderr, new RegExp(`listening for peers on port ${first}: another program listens there`));

  if (process.platform !== 'linux') return;
  const silent = await place(t);
  const deaf = silent.start('seed', 'a.torrent', '-o', 'data', '--no-listen');
  await silent.port;
  assert.deepEqual(listeningSockets(deaf.child.pid ?? 0), []);
  deaf.child.kill('SIGTERM');
  assert.equal((await deaf.finished).exitCode, 143);
});

/** The listening TCP sockets of a process (Linux). */
function listeningSockets(pid: number): string[] {
  const listening = ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/${pid}/net/${table}`, 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === '0A')
      .map((fields) => `socket:[${fields[9]}]`),
  );
  const own = readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    const { stdout } = spawnSync('readlink', [`/proc/${pid}/fd/${fd}`]);
    return stdout.toString().trim();
  });
  return own.filter((link) => listening.includes(link));
}

test('what makes no sense ends with 28', async (t) => {
  const { directory, run } = await place(t);
  const cases: [args: string[], complaint: RegExp][] = [
    [['--seed=0'], /'--seed \[DURATION\]' argument '0' is invalid\. Expected a duration above zero/],
    [['--seed=soon'], /Expected a duration such as/],
    [['--seed-time', '0'], /Expected a duration above zero/],
    [['--seed-ratio', '0'], /Expected a number above zero/],
    [['--seed-ratio', '-1'], /Expected a number above zero/],
    [['--seed-ratio', '1:2'], /Expected a number above zero/],
    [['--seed-until-exit-of', '0'], /Expected a whole number from 1 to 2147483647/],
    [['--seed=1h', '--seed-time', '2h'], /'--seed \[DURATION\]' cannot be used with option '--seed-time <DURATION>'/],
    [['-p', '7000-6999'], /Expected a range that goes up, such as 6999-7000/],
    [['-p', '0'], /Expected a whole number from 1 to 65535/],
    [['-p', '1-2-3'], /Expected a whole number from 1 to 65535/],
    [['--max-upload-rate', 'fast'], /Expected bytes per second such as/],
    [['--seed', '--dry-run'], /'--seed \[DURATION\]' cannot be used with '--dry-run'/],
    [['--seed-ratio', '1', '-o', '-'], /'--seed-ratio <RATIO>' cannot be used with '-o -'/],
  ];
  for (const [args, complaint] of cases) {
    const { exitCode, stdout, stderr } = await run('get', 'a.torrent', ...args);
    assert.deepEqual([exitCode, stdout], [28, ''], args.join(' '));
    assert.match(stderr, complaint);
  }
  assert.equal((await run('seed', 'a.torrent', '-o', '-')).exitCode, 28);
  const refused = await run('seed', 'a.torrent', '--overwrite', '--json');
  assert.deepEqual([refused.exitCode, lastOf(refused.stdout, 'verdict')['exitCode']], [28, 28]);
  assert.deepEqual(readdirSync(directory).sort(), ['a.torrent', 'data']);
});
