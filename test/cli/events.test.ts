// Event lines through the real command line: which come, that each obeys the schema, and that the verdict is last however a run ends.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { linkSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { corruptEvery, neverUnchoke, silent } from '../support/behaviours.ts';
import { type EventLine, eventsOf, readEvents } from '../support/events.ts';
import { bencode, makeTorrent } from '../support/make-torrent.ts';
import { preload, type RunOptions, type RunResult, runCli, startCli, startProgram } from '../support/run-cli.ts';
import { FakeTracker, silentAtGoodbye } from '../support/tracker.ts';
import { album, startSeeder, workDirectory } from '../support/work-directory.ts';

function get(directory: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return runCli(['get', 'a.torrent', '-o', 'out', '--json', ...args], { cwd: directory, ...options });
}

function verdictOf(events: readonly EventLine[]): { exitCode: unknown; exitName: unknown; code: unknown; reason: string } {
  const { exitCode, exitName, code, reason } = events.at(-1) as EventLine;
  return { exitCode, exitName, code, reason: String(reason) };
}

test('tells a download from start to verdict, and prints no paths', async (t) => {
  const directory = workDirectory(t);
  const peer = await startSeeder(t);
  const tracker = await FakeTracker.start({ peers: [peer] });
  t.after(() => tracker.close());
  const { exitCode, stdout, stderr } = await get(directory, ['-a', `${tracker.url}?passkey=s3cret`, '--piece-events', '-s', '1-2']);
  assert.equal(exitCode, 0, stderr);
  const events = readEvents(stdout);
  const types = [...new Set(events.map(({ type }) => type))];
  assert.deepEqual(
    [types.slice(0, 2), types.slice(-2)],
    [
      ['start', 'torrent'],
      ['summary', 'verdict'],
    ],
  );
  assert.deepEqual(types.slice(2, -2).sort(), ['file', 'piece', 'progress', 'source', 'tracker']);
  assert.ok(!stdout.includes('s3cret'), 'no secrets');

  const one = path.join(directory, 'out', 'album', 'one.bin');
  const two = path.join(directory, 'out', 'album', 'sub', 'two.bin');
  assert.deepEqual(
    eventsOf(events, 'file')
      .map(({ number, path: where, length }) => [number, where, length])
      .sort(([a], [b]) => Number(a) - Number(b)),
    [
      [1, one, 200_000],
      [2, two, 100_000],
    ],
  );
  assert.deepEqual(eventsOf(events, 'start')[0]?.['options'], {
    lsd: false, // a variable of every run in tests
    output: 'out',
    json: true,
    announce: [`${tracker.url}?passkey=***`],
    pieceEvents: true,
    select: ['1-2'],
  });
  assert.equal(eventsOf(events, 'torrent')[0]?.['infohash'], album.infohash.toString('hex'));
  const pieces = eventsOf(events, 'piece').map(({ pieceIndex }) => Number(pieceIndex));
  assert.deepEqual(
    pieces.sort((a, b) => a - b),
    Array.from({ length: album.pieceCount }, (_, index) => index),
  );
  const summary = eventsOf(events, 'summary')[0];
  assert.deepEqual(summary?.['peers'], { serving: 1 });
  for (const key of ['firstPeerMs', 'firstByteMs', 'firstPieceMs']) assert.ok(Number(summary[key]) <= Number(events.at(-1)?.t), key);
  assert.deepEqual(verdictOf(events), { exitCode: 0, exitName: 'complete', code: null, reason: 'complete and verified' });
  assert.equal((events.at(-1) as unknown as { totals: { verifiedBytes: number } }).totals.verifiedBytes, 300_000);
});

test('tells the SHA-256 of each file when it is asked for', async (t) => {
  const directory = workDirectory(t);
  const { stdout, stderr } = await get(directory, ['--peer', (await startSeeder(t)).address, '--print-sums', 'sha256']);
  const files = eventsOf(readEvents(stdout), 'file');
  assert.equal(files.length, 3, stderr);
  for (const { number, sums } of files) {
    const file = album.files[Number(number) - 1];
    const content = album.read(file?.offset ?? 0, file?.length ?? 0);
    assert.deepEqual(sums, { sha256: createHash('sha256').update(content).digest('hex') });
  }
});

test('tells at most one progress a second', async (t) => {
  const directory = workDirectory(t);
  const peer = await startSeeder(t, { rateBytesPerSecond: 100_000 });
  const events = readEvents((await get(directory, ['--peer', peer.address])).stdout);
  const times = eventsOf(events, 'progress').map(({ t: ms }) => ms);
  assert.ok(times.length >= 2, String(times));
  for (const [index, ms] of times.entries()) assert.ok(index === 0 || ms - (times[index - 1] ?? 0) >= 999, String(times));
});

test('tells of bad data and bans, and of a torrent’s own words nothing raw', async (t) => {
  const nasty = '\u001b]52;c;AAAA\u0007\u202e';
  const hostile = makeTorrent({
    name: `n${nasty}`,
    pieceLength: 32_768,
    length: 300_000,
    trackers: [['http://127.0.0.1:1/0123456789abcdef']],
  });
  const directory = workDirectory(t, hostile.bytes);
  const liar = await startSeeder(t, { torrent: hostile, behaviour: corruptEvery(1) });
  const { exitCode, stdout } = await get(directory, ['--peer', liar.address, '--stall-timeout', '2s']);
  const events = readEvents(stdout);
  assert.ok(eventsOf(events, 'bad-data').length > 0);
  assert.equal(eventsOf(events, 'banned')[0]?.['peer'], liar.address);
  assert.equal(eventsOf(events, 'torrent')[0]?.['name'], 'n_]52;c;AAAA_');
  assert.ok(!stdout.includes('0123456789abcdef'), 'no passkey');
  assert.deepEqual([exitCode, verdictOf(events).exitCode, verdictOf(events).code], [42, 42, 'only-corrupt-sources']);
  assert.deepEqual(eventsOf(events, 'summary')[0]?.['peers'], { 'sent-bad-data': 1 });
});

test('ends with a verdict that explains: what each tracker and group of peers did', async (t) => {
  const refusal = bencode({ 'failure reason': 'unregistered torrent' });
  const tracker = await FakeTracker.start({ reply: (_announce, response) => void response.end(refusal) });
  t.after(() => tracker.close());
  const directory = workDirectory(t);
  const misers = [
    await startSeeder(t, { behaviour: neverUnchoke() }),
    await startSeeder(t, { behaviour: neverUnchoke(), host: '127.0.0.2' }),
  ];
  const peers = [...misers.map(({ address }) => address), '127.0.0.1:1'].flatMap((address) => ['--peer', address]);
  const { exitCode, stdout, stderr } = await get(directory, ['-a', tracker.url, ...peers, '--stall-timeout', '2s']);
  const { reason, code } = verdictOf(readEvents(stdout));
  assert.deepEqual([exitCode, code], [7, 'stalled'], stderr);
  assert.match(reason, /3 peers tried: 2 choked us for [\d.]+s, 1 refused; http:[^ ]+announce refused: .*unregistered torrent/);
  assert.ok(stderr.trimEnd().endsWith(reason), stderr);
});

for (const [what, args, exitCode] of [
  ['its deadline', ['--deadline', '1s'], 2],
  ['its minimum rate', ['--min-rate', '10M:1s'], 5],
  ['its stall timeout', ['--stall-timeout', '1s'], 7],
] as const) {
  test(`ends with a verdict at ${what}`, async (t) => {
    const directory = workDirectory(t);
    const miser = await startSeeder(t, { behaviour: neverUnchoke() });
    const result = await get(directory, ['--peer', miser.address, ...args]);
    const verdict = verdictOf(readEvents(result.stdout));
    assert.deepEqual([result.exitCode, verdict.exitCode], [exitCode, exitCode], result.stderr);
    assert.match(verdict.reason, /1 peer tried: 1 choked us for/);
  });
}

test('ends with a verdict when the torrent cannot be used, the selection matches nothing, or the command line makes no sense', async (t) => {
  const directory = workDirectory(t);
  writeFileSync(path.join(directory, 'page.torrent'), '<!DOCTYPE html>');
  const cases: readonly [args: string[], exitCode: number, types: string[]][] = [
    [['get', 'gone.torrent'], 3, ['start', 'verdict']],
    [['get', 'page.torrent'], 25, ['start', 'verdict']],
    [['get', 'a.torrent', '-s', '*.iso'], 43, ['start', 'verdict']],
    [['get', 'a.torrent', '--events', 'missing/events'], 16, ['verdict']],
    [['get', 'a.torrent', '--events', '99'], 28, ['verdict']],
    [['get', 'a.torrent', '--port', '0'], 28, ['verdict']],
    [['get', 'a.torrent', '-a', 'wss://127.0.0.1:1/0123456789abcdef0123'], 28, ['verdict']],
    [['get'], 28, ['verdict']],
  ];
  for (const [args, exitCode, types] of cases) {
    const result = await runCli([...args, '--json'], { cwd: directory });
    const events = readEvents(result.stdout);
    assert.deepEqual([result.exitCode, verdictOf(events).exitCode, events.map(({ type }) => type)], [exitCode, exitCode, types]);
    assert.ok(!result.stdout.includes('0123456789abcdef'));
    assert.ok(verdictOf(events).reason !== '');
  }
});

test('ends with a verdict after a signal', async (t) => {
  const directory = workDirectory(t);
  const slow = await startSeeder(t, { rateBytesPerSecond: 20_000 });
  const running = startCli(['get', 'a.torrent', '-o', 'out', '--json', '-v', '--peer', slow.address], { cwd: directory });
  await running.stderrMatches(/connected/);
  running.child.kill('SIGTERM');
  const { exitCode, stdout, stderr } = await running.finished;
  const verdict = verdictOf(readEvents(stdout));
  assert.deepEqual([exitCode, verdict.exitCode, verdict.exitName, verdict.reason], [143, 143, 'SIGTERM', 'stopped by SIGTERM']);
  assert.match(stderr, /exit code 143 \(SIGTERM\).*1 peer tried: 1 /);
});

test('ends with a verdict after a second signal, which ends it at once', async (t) => {
  const directory = workDirectory(t);
  const slow = await startSeeder(t, { rateBytesPerSecond: 20_000 });
  const { tracker, stopped } = await silentAtGoodbye(t);
  const args = ['get', 'a.torrent', '-o', 'out', '--json', '-v', '-a', tracker.url, '--peer', slow.address];
  const running = startCli(args, { cwd: directory });
  await running.stderrMatches(/announce named 0 peers/);
  await running.stderrMatches(/connected/);
  running.child.kill('SIGINT');
  await Promise.race([stopped, running.finished]);
  running.child.kill('SIGINT');
  const { exitCode, stdout } = await running.finished;
  const { exitCode: told, reason } = verdictOf(readEvents(stdout));
  assert.deepEqual([exitCode, told, reason], [130, 130, 'stopped by a second signal, SIGINT']);
});

test('ends with the verdict of a hook that failed', async (t) => {
  const directory = workDirectory(t);
  const { exitCode, stdout, stderr } = await get(directory, ['--peer', (await startSeeder(t)).address, '--on-done', 'false']);
  const { exitCode: told, code } = verdictOf(readEvents(stdout));
  assert.deepEqual([exitCode, told, code], [44, 44, 'hook-failed'], stderr);
});

test('ends with a verdict after an internal error', async (t) => {
  const directory = workDirectory(t);
  const mute = await startSeeder(t, { behaviour: silent() });
  // As soon as the download has begun.
  const sabotage = `const { write } = process.stdout;
    process.stdout.write = function (text, ...more) {
      if (text.includes('"type":"progress"')) setImmediate(() => { throw new Error('sabotage'); });
      return write.call(this, text, ...more);
    };`;
  const { exitCode, stdout, stderr } = await get(directory, ['--peer', mute.address], { nodeOptions: preload(sabotage) });
  const { exitCode: told, reason } = verdictOf(readEvents(stdout));
  assert.deepEqual([exitCode, told, reason], [1, 1, 'sabotage'], stderr);
});

test('a reader that goes away ends it with 141 and no word; a full disk is an error', async (t) => {
  const directory = workDirectory(t);
  const peer = await startSeeder(t, { rateBytesPerSecond: 20_000 });
  const running = startCli(['get', 'a.torrent', '-o', 'out', '--json', '--progress', 'none', '--peer', peer.address], { cwd: directory });
  running.child.stdout?.destroy();
  const gone = await running.finished;
  assert.deepEqual([gone.exitCode, gone.stderr], [141, '']);

  const full = await get(directory, ['--peer', peer.address, '--events', '/dev/full']);
  assert.equal(full.exitCode, 9, full.stderr);
  assert.match(full.stderr, /cannot write to \/dev\/full/);
  assert.equal(verdictOf(readEvents(full.stdout)).exitCode, 9, 'stdout is told all the same');
});

test('events in a file end with the verdict when the reader of stdout goes away', async (t) => {
  const directory = workDirectory(t);
  const peer = await startSeeder(t, { rateBytesPerSecond: 20_000 });
  const args = ['get', 'a.torrent', '-o', 'out', '--json', '--events', 'events.jsonl', '--peer', peer.address];
  const running = startCli(args, { cwd: directory });
  running.child.stdout?.destroy();
  assert.equal((await running.finished).exitCode, 141);
  const written = readEvents(readFileSync(path.join(directory, 'events.jsonl'), 'utf8'));
  assert.equal(verdictOf(written).exitCode, 141);
});

test('writes the events beside data that goes to stdout', async (t) => {
  const directory = workDirectory(t);
  const peer = await startSeeder(t);
  const args = ['get', 'a.torrent', '-o', '-', '-s', '1', '--events', 'events.jsonl', '--peer', peer.address];
  const script = '"$@" | wc -c';
  const command = ['/bin/sh', '-c', script, 'sh', process.execPath, path.resolve('dist/bundle/ttorrent.js'), ...args];
  const { stdout, stderr } = await startProgram(command, { cwd: directory }).finished;
  assert.equal(stdout.trim(), '200000', stderr);
  const events = readEvents(readFileSync(path.join(directory, 'events.jsonl'), 'utf8'));
  assert.deepEqual([verdictOf(events).exitCode, eventsOf(events, 'file').map((event) => event['path'])], [0, ['album/one.bin']]);
  const refused = await runCli([...args, '--json'], { cwd: directory });
  assert.deepEqual([refused.exitCode, refused.stdout], [28, '']);
});

test('writes the events to a file or a descriptor, and the paths to stdout as ever', async (t) => {
  const directory = workDirectory(t);
  const peer = await startSeeder(t);
  const args = ['get', 'a.torrent', '-o', 'out', '--peer', peer.address];
  const toFile = await runCli([...args, '--events', 'events.jsonl'], { cwd: directory });
  assert.equal(toFile.exitCode, 0, toFile.stderr);
  assert.equal(toFile.stdout.split('\n').length, 4);
  const written = readEvents(readFileSync(path.join(directory, 'events.jsonl'), 'utf8'));
  assert.equal(verdictOf(written).exitCode, 0);

  const script = '"$@" --events 3 3>&1 >/dev/null';
  const command = ['/bin/sh', '-c', script, 'sh', process.execPath, path.resolve('dist/bundle/ttorrent.js'), ...args];
  const toDescriptor = await startProgram(command, { cwd: directory }).finished;
  assert.deepEqual([toDescriptor.exitCode, verdictOf(readEvents(toDescriptor.stdout)).exitCode], [0, 0], toDescriptor.stderr);
});

test('28: a descriptor that is open for reading only', async (t) => {
  const directory = workDirectory(t);
  const peer = await startSeeder(t);
  const readOnly = ['/bin/sh', '-c', '"$@" --events 3 3</dev/null', 'sh', process.execPath, path.resolve('dist/bundle/ttorrent.js')];
  const run = await startProgram([...readOnly, 'get', 'a.torrent', '--peer', peer.address], { cwd: directory }).finished;
  assert.deepEqual([run.exitCode, run.stdout, peer.counts.connections], [28, '', 0], run.stderr);
  assert.match(run.stderr, /descriptor 3 is not open for writing/);
});

test('28: events or a report over the torrent, or both in one file, which stays as it is', async (t) => {
  const directory = workDirectory(t);
  symlinkSync('a.torrent', path.join(directory, 'link.json'));
  for (const args of [
    ['--events', 'a.torrent'],
    ['--events', './out/../a.torrent'],
    ['--report', 'link.json'],
    ['--events', 'r.json', '--report', 'r.json'],
  ]) {
    const run = await runCli(['get', 'a.torrent', '-o', 'out', ...args], { cwd: directory });
    assert.equal(run.exitCode, 28, run.stderr);
    assert.match(run.stderr, /is not written to: it is the same file as/);
    assert.deepEqual(readFileSync(path.join(directory, 'a.torrent')), Buffer.from(album.bytes));
  }
});

test('28: events or a report over what the download writes, which stays as it is', async (t) => {
  const directory = workDirectory(t);
  const peer = await startSeeder(t);
  mkdirSync(path.join(directory, 'out/album'));
  symlinkSync('out/album/one.bin', path.join(directory, 'link.json'));
  const files = ['out/album/one.bin', 'out/album/../album/one.bin.part', 'out/album.ttorrent'];
  for (const args of [...files.map((file) => ['--events', file]), ['--report', 'link.json']]) {
    const run = await runCli(['get', 'a.torrent', '-o', 'out', '--json', '--peer', peer.address, ...args], { cwd: directory });
    assert.deepEqual([run.exitCode, peer.counts.connections], [28, 0], run.stderr);
    assert.match(run.stderr, /is not written to: it is the same file as/);
    assert.deepEqual(
      readEvents(run.stdout).map(({ type }) => type),
      ['start', 'verdict'],
    );
    assert.deepEqual(readdirSync(path.join(directory, 'out'), { recursive: true }), ['album']);
  }
  const there = path.join(directory, 'out/album/one.bin');
  writeFileSync(there, 'kept');
  linkSync(there, path.join(directory, 'hard.json'));
  const run = await runCli(['get', 'a.torrent', '-o', 'out', '--events', 'hard.json'], { cwd: directory });
  assert.deepEqual([run.exitCode, readFileSync(there, 'utf8')], [28, 'kept'], run.stderr);
});

test('events that cannot be written from the first line on end it before a peer is asked', async (t) => {
  const directory = workDirectory(t);
  const peer = await startSeeder(t);
  const run = await runCli(['get', 'a.torrent', '-o', 'out', '--peer', peer.address, '--events', '/dev/full'], { cwd: directory });
  assert.deepEqual([run.exitCode, run.stdout, peer.counts.connections], [9, '', 0], run.stderr);
  assert.match(run.stderr, /^ttorrent: cannot write to \/dev\/full: [^\n]*\n$/);
});
