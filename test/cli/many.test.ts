// `ttorrent get` of several torrents through the real command line: each is told, one that fails stops no other, one exit code for all.

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { type EventLine, eventsOf, readEvents } from '../support/events.ts';
import { bencode, type MadeTorrent, makeTorrent } from '../support/make-torrent.ts';
import { type RunOptions, type RunResult, runCli, startCli } from '../support/run-cli.ts';
import { scratchDirectory } from '../support/scratch.ts';
import type { SeederOptions } from '../support/seeder.ts';
import { FakeTracker } from '../support/tracker.ts';
import { startSeeder } from '../support/work-directory.ts';
import { Leecher } from '../support/leecher.ts';
import { messageIds } from '../support/wire.ts';
import { closedPort, serveHttp } from '../tracker/loopback-server.ts';

interface Swarms {
  readonly directory: string;
  readonly names: readonly string[];
  readonly torrents: readonly MadeTorrent[];
  readonly trackerUrl: string;
}

/** So many torrents `1.torrent`... in a fresh directory, each with a seeder that one tracker names for it. */
async function swarms(t: TestContext, count: number, options: Partial<SeederOptions> = {}, length = 40_000): Promise<Swarms> {
  const ports = new Map<string, number>();
  const reply = ({ infohash }: { infohash: string }, response: { end(bytes: Buffer): unknown }): void => {
    const port = ports.get(infohash);
    const peers = port === undefined ? Buffer.alloc(0) : Buffer.from([127, 0, 0, 1, port >> 8, port & 0xff]);
    response.end(bencode({ interval: 1800, peers }));
  };
  const tracker = await FakeTracker.start({ reply });
  t.after(() => tracker.close());
  const directory = scratchDirectory(t);
  const torrents: MadeTorrent[] = [];
  for (let number = 1; number <= count; number++) {
    const torrent = makeTorrent({ name: `${number}.bin`, pieceLength: 32_768, length, trackers: [[tracker.url]] });
    ports.set(torrent.infohash.toString('hex'), (await startSeeder(t, { torrent, ...options })).port);
    writeFileSync(path.join(directory, `${number}.torrent`), torrent.bytes);
    torrents.push(torrent);
  }
  return { directory, names: torrents.map((_, i) => `${i + 1}.torrent`), torrents, trackerUrl: tracker.url };
}

function get(directory: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return runCli(['get', ...args], { cwd: directory, ...options });
}

function assertComplete({ directory, torrents }: Swarms, numbers: readonly number[]): void {
  for (const number of numbers) {
    const torrent = torrents[number - 1] as MadeTorrent;
    assert.ok(readFileSync(path.join(directory, torrent.name)).equals(torrent.read(0, torrent.totalLength)), torrent.name);
  }
}

/** What became of each, by its source. */
function outcomes(events: readonly EventLine[]): Record<string, unknown> {
  return Object.fromEntries(eventsOf(events, 'outcome').map(({ source, exitCode }) => [source, exitCode]));
}

test('50 sources in one call, 5 of them bad: 45 are complete, each failure is told, the gravest is the exit code', async (t) => {
  const all = await swarms(t, 46);
  const { directory, names } = all;
  writeFileSync(path.join(directory, 'page.torrent'), '<!DOCTYPE html>');
  writeFileSync(path.join(directory, 'info.torrent'), 'd8:announce4:http4:infodee');
  writeFileSync(path.join(directory, '1.bin'), 'somebody else wrote this');
  const url = `http://me:s3cret@127.0.0.1:${await closedPort()}/x.torrent`;
  const bad = ['page.torrent', 'gone.torrent', url, 'info.torrent'];
  const args = [...names.slice(0, 20), ...bad, ...names.slice(20)];
  const { exitCode, stdout, stderr } = await get(directory, [...args, '-j', '10', '--json', '--events', 'copy'], { timeoutMs: 120_000 });
  assert.equal(exitCode, 13, stderr);
  assertComplete(
    all,
    names.map((_, i) => i + 1).filter((number) => number !== 1),
  );
  assert.equal(readFileSync(path.join(directory, '1.bin'), 'utf8'), 'somebody else wrote this');
  const events = readEvents(stdout);
  assert.equal(readFileSync(path.join(directory, 'copy'), 'utf8'), stdout);
  assert.deepEqual(outcomes(events), {
    ...Object.fromEntries(names.map((name) => [name, 0])),
    '1.torrent': 13,
    'page.torrent': 25,
    'gone.torrent': 3,
    'info.torrent': 26,
    [url.replace('me:s3cret', '***')]: 6,
  });
  assert.ok(!(stdout + stderr).includes('s3cret'));
  for (const event of events.slice(0, -1)) assert.ok('source' in event && 'infohash' in event, JSON.stringify(event));
  const { totals, ...verdict } = events.at(-1) as EventLine & { totals: Record<string, number> };
  assert.deepEqual([verdict['exitCode'], totals['files'], totals['downloadedBytes']], [13, 45, 45 * 40_000]);
  assert.match(stderr, /^ttorrent: 45\.torrent: complete and verified: 1 file/m);
  assert.match(stderr, /^ttorrent: gone\.torrent: there is no such file$/m);
  assert.match(stderr, /\nttorrent: 5 of 50 torrents failed: exit code 13 \(in the way\), which is graver than .*\n$/);
});

test('lists name sources: on stdin or in a file, with comments and blank lines, beside those that are typed', async (t) => {
  const all = await swarms(t, 3);
  const list = '\ufeff# images\r\n2.torrent\r\n\r\n  3.torrent  \n';
  writeFileSync(path.join(all.directory, 'list'), list);
  for (const args of [
    ['1.torrent', '-i', 'list'],
    ['1.torrent', '-i', '-'],
  ]) {
    const result = await get(all.directory, args, { stdin: list });
    assert.equal(result.exitCode, 0, result.stderr);
    assert.match(result.stderr, /all complete: 3 torrents\n$/);
    assert.deepEqual(
      result.stdout.trim().split('\n').sort(),
      [1, 2, 3].map((number) => path.join(all.directory, `${number}.bin`)),
    );
  }
  assertComplete(all, [1, 2, 3]);
});

test('a list of nothing, or that is not there, is refused', async (t) => {
  const directory = scratchDirectory(t);
  assert.equal((await get(directory, ['-i', '-'], { stdin: '# nothing\n\n' })).exitCode, 28);
  const gone = await get(directory, ['-i', 'gone', '--json', '--events', 'log']);
  assert.equal(gone.exitCode, 3);
  assert.equal(readEvents(gone.stdout)[0]?.['exitCode'], 3);
  assert.equal(readFileSync(path.join(directory, 'log'), 'utf8'), gone.stdout);
});

test('the same torrent twice is told as the same, whatever the source; stdin can be read once', async (t) => {
  const { directory, torrents } = await swarms(t, 1);
  const stdin = (torrents[0] as MadeTorrent).bytes;
  const result = await get(directory, ['1.torrent', '-', './1.torrent', '-', '--json'], { stdin });
  assert.equal(result.exitCode, 28, result.stderr);
  const ends = eventsOf(readEvents(result.stdout), 'outcome');
  assert.deepEqual(
    ends.map(({ exitCode }) => Number(exitCode)).sort((a, b) => a - b),
    [0, 0, 0, 28],
  );
  assert.equal(ends.filter(({ reason }) => String(reason).includes('the same torrent as')).length, 2);
  assert.equal(eventsOf(readEvents(result.stdout), 'file').length, 1);
});

test('another torrent of the same name is in the way, even with --overwrite', async (t) => {
  const all = await swarms(t, 1);
  const other = makeTorrent({ name: '1.bin', pieceLength: 32_768, length: 40_000, seed: 'other' });
  writeFileSync(path.join(all.directory, 'other.torrent'), other.bytes);
  const { exitCode, stderr } = await get(all.directory, ['1.torrent', 'other.torrent', '--overwrite', '-j', '1']);
  assert.equal(exitCode, 13, stderr);
  assert.match(stderr, /other\.torrent: it has the name of another, 1\.torrent: "1\.bin"/);
  assertComplete(all, [1]);
});

for (const args of [['-o', '-'], ['--interactive'], ['--show-files'], ['--checksum', `md5:${'0'.repeat(32)}`], ['-o', '-', '--json']]) {
  test(`what is for one torrent is refused: ${args.join(' ')}`, async (t) => {
    const { exitCode, stderr } = await get(scratchDirectory(t), ['a.torrent', 'b.torrent', ...args]);
    assert.equal(exitCode, 28);
    assert.match(stderr, /is for one torrent, and there may be several/);
  });
}

test('a checksum with a path is for the torrent that has it; one that no torrent has is told', async (t) => {
  const all = await swarms(t, 2);
  const wrong = await get(all.directory, [...all.names, '--checksum', `md5:${'0'.repeat(32)}:2.bin`]);
  assert.equal(wrong.exitCode, 32, wrong.stderr);
  assertComplete(all, [1]);
  assert.ok(!existsSync(path.join(all.directory, '2.bin')));
  const nobody = await get(all.directory, ['1.torrent', '-i', '-', '--checksum', `md5:${'0'.repeat(32)}:3.bin`], { stdin: '1.torrent' });
  assert.equal(nobody.exitCode, 28, nobody.stderr);
  assert.match(nobody.stderr, /names no file of any of the torrents/);
});

test('hooks run for each torrent, and a report is left of each', async (t) => {
  const { directory, names } = await swarms(t, 2);
  const hook = 'echo "done $TTORRENT_NAME"';
  const onFail = 'echo "failed $TTORRENT_TORRENT"';
  const args = ['--hook-shell', '--on-done', hook, '--on-fail', onFail, '--report', 'r.json', '-j', '1'];
  const { exitCode, stderr } = await get(directory, [...names, 'gone.torrent', ...args]);
  assert.equal(exitCode, 3, stderr);
  for (const line of ['done 1.bin', 'done 2.bin', `failed ${path.join(directory, 'gone.torrent')}`]) assert.ok(stderr.includes(line), line);
  const reports = [1, 2, 3].map((number) => JSON.parse(readFileSync(path.join(directory, `r-${number}.json`), 'utf8')));
  assert.deepEqual(
    reports.map(({ torrent }: { torrent: { name: string } | null }) => torrent?.name),
    ['1.bin', '2.bin', undefined],
  );
});

test('--deadline is for all together', async (t) => {
  const { directory, names } = await swarms(t, 4, { rateBytesPerSecond: 5_000 }, 200_000);
  const { exitCode, stdout, stderr } = await get(directory, [...names, '-j', '2', '--deadline', '2s', '--json']);
  assert.equal(exitCode, 2, stderr);
  assert.deepEqual(Object.values(outcomes(readEvents(stdout))), [2, 2, 2, 2]);
  assert.match(stderr, /the deadline was reached before it began/);
});

test('so many at a time as there may be: nothing is said but what came of each', async (t) => {
  const server = await serveHttp(t, () => {});
  const urls = Array.from({ length: 20 }, (_, i) => `http://127.0.0.1:${server.port}/${i}.torrent`);
  const { exitCode, stderr } = await get(scratchDirectory(t), [...urls, '-j', '20', '--deadline', '1s']);
  assert.equal(exitCode, 2, stderr);
  assert.deepEqual(
    stderr.split('\n').filter((line) => line !== '' && !line.startsWith('ttorrent: ')),
    [],
  );
});

test('a signal stops all cleanly, and none begins after it', async (t) => {
  const { directory, names } = await swarms(t, 4, { rateBytesPerSecond: 5_000 }, 200_000);
  const running = startCli(['get', ...names, '-j', '2', '-v', '--events', 'log'], { cwd: directory });
  await running.stderrMatches(/connected[^]*connected/);
  running.child.kill('SIGINT');
  const { exitCode, stderr } = await running.finished;
  assert.equal(exitCode, 130, stderr);
  assert.match(stderr, /\nttorrent: stopped by SIGINT\n$/);
  assert.deepEqual(Object.values(outcomes(readEvents(readFileSync(path.join(directory, 'log'), 'utf8')))), [130, 130, 130, 130]);
  assert.deepEqual(
    readdirSync(directory).filter((name) => name.endsWith('.lock')),
    [],
  );
});

test('one port serves all torrents, in the clear and encrypted; what seeds keeps nothing from being downloaded', async (t) => {
  const { directory, names, torrents } = await swarms(t, 3);
  const port = await closedPort();
  const running = startCli(['get', ...names, '-j', '1', '--seed', '-p', String(port)], { cwd: directory });
  await running.stderrMatches(/(?:seeding until stopped[^]*){3}/);
  for (const { infohash, name } of torrents) {
    const leecher = await Leecher.connect({ port, infohash });
    assert.ok(await leecher.next(messageIds.haveAll), name);
    leecher.socket.destroy();
  }
  const out = scratchDirectory(t);
  const peer = ['--peer', `127.0.0.1:${port}`, '--encryption', 'require', '-o', out];
  const encrypted = await get(directory, ['2.torrent', '--stall-timeout', '10s', ...peer]);
  assert.equal(encrypted.exitCode, 0, encrypted.stderr);
  const stranger = await Leecher.connect({ port, infohash: Buffer.alloc(20, 7) });
  await stranger.closed();
  running.child.kill('SIGTERM');
  assert.equal((await running.finished).exitCode, 143);
});

test('what is in the way of the events is no reason to begin', async (t) => {
  const args = ['a.torrent', 'b.torrent', '--json', '--events', 'no/such/directory'];
  const { exitCode, stdout, stderr } = await get(scratchDirectory(t), args);
  assert.equal(exitCode, 16, stderr);
  assert.deepEqual(
    readEvents(stdout).map(({ exitCode: said }) => said),
    [16],
  );
});

test('events are written over no file of a torrent, and no torrent over the events', async (t) => {
  const scene = await swarms(t, 2);
  const { directory, names } = scene;
  assert.equal((await get(directory, [...names])).exitCode, 0);
  const over = await get(directory, [...names, '--events', './1.bin']);
  assert.equal(over.exitCode, 28, over.stderr);
  assert.match(over.stderr, /1\.bin is not written to: it is there already, and holds no events/);
  assertComplete(scene, [1, 2]);

  rmSync(path.join(directory, '2.bin'));
  const under = await get(directory, [...names, '--events', '2.bin']);
  assert.equal(under.exitCode, 13, under.stderr);
  assert.match(under.stderr, /2\.torrent: the events are written to .*2\.bin, which is a file of it/);
  assert.deepEqual(outcomes(readEvents(readFileSync(path.join(directory, '2.bin'), 'utf8'))), { '1.torrent': 0, '2.torrent': 13 });
});
