// Promises to scripts that no other test looks at through the real command line.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { silent } from '../support/behaviours.ts';
import { eventsOf, readEventLines, readEvents } from '../support/events.ts';
import { cannotTrace } from '../support/programs.ts';
import { preload, type RunResult, runCli, startCli } from '../support/run-cli.ts';
import { FakeUdpTracker } from '../support/udp-tracker.ts';
import { album, startSeeder, workDirectory } from '../support/work-directory.ts';

test('an event is with whoever reads before the next one happens: what was told before kill -9 is there', async (t) => {
  const directory = workDirectory(t);
  const slow = await startSeeder(t, { rateBytesPerSecond: 20_000 });
  const args = ['get', 'a.torrent', '-o', 'out', '-v', '--json', '--events', 'events.jsonl', '--peer', slow.address];
  const running = startCli(args, { cwd: directory });
  await running.stderrMatches(/connected/);
  running.child.kill('SIGKILL');
  const { signal, stdout } = await running.finished;
  assert.equal(signal, 'SIGKILL');
  for (const text of [stdout, readFileSync(path.join(directory, 'events.jsonl'), 'utf8')]) {
    const types = readEventLines(text).map(({ type }) => type);
    assert.deepEqual(types.slice(0, 2), ['start', 'torrent']);
    assert.ok(text.endsWith('}\n'), 'whole lines');
  }
});

test('--progress-interval sets how often progress is told', async (t) => {
  const directory = workDirectory(t);
  const { address } = await startSeeder(t, { rateBytesPerSecond: 100_000 });
  const args = ['get', 'a.torrent', '-o', 'out', '--json', '--progress-interval', '2s', '--peer', address];
  const { exitCode, stdout, stderr } = await runCli(args, { cwd: directory });
  assert.equal(exitCode, 0, stderr);
  const times = eventsOf(readEvents(stdout), 'progress').map(({ t: ms }) => ms);
  assert.ok(times.length >= 2, String(times));
  for (const [index, ms] of times.entries()) assert.ok(index === 0 || ms - (times[index - 1] ?? 0) >= 1999, String(times));
});

test('tells a stall', async (t) => {
  const directory = workDirectory(t);
  const mute = await startSeeder(t, { behaviour: silent() });
  // Ten seconds without a byte are a stall: here they pass in one.
  const haste = 'const now = performance.now.bind(performance); performance.now = () => 20 * now();';
  const args = ['get', 'a.torrent', '-o', 'out', '--json', '--deadline', '3s', '--peer', mute.address];
  const { exitCode, stdout, stderr } = await runCli(args, { cwd: directory, nodeOptions: preload(haste) });
  assert.equal(exitCode, 2, stderr);
  const [stall] = eventsOf(readEvents(stdout), 'stall');
  assert.deepEqual([stall?.['state'], stall?.['receivedBytes']], ['begun', 0]);
  assert.ok(Number(stall?.['idleMs']) >= 10_000);
});

test('a checksum is made while the file is written: nothing of it is read', { skip: cannotTrace() }, async (t) => {
  const directory = workDirectory(t);
  const { address } = await startSeeder(t);
  const log = path.join(directory, 'calls');
  const file = album.files[0];
  const sum = createHash('sha256')
    .update(album.read(0, file?.length ?? 0))
    .digest('hex');
  const args = ['get', 'a.torrent', '-o', 'out', '-s', '1', '--checksum', `sha256:${sum}`, '--peer', address];
  const wrapper = ['strace', '-f', '-qq', '-y', '-e', 'trace=read,pread64,readv,preadv,preadv2,write,pwrite64,pwritev,writev', '-o', log];
  const { exitCode, stderr } = await runCli(args, { cwd: directory, wrapper });
  assert.equal(exitCode, 0, stderr);
  const calls = readFileSync(log, 'utf8')
    .split('\n')
    .filter((call) => call.includes('one.bin'));
  assert.ok(calls.some((call) => /p?write/.test(call)));
  assert.deepEqual(
    calls.filter((call) => /\bp?readv?\d*\(/.test(call)),
    [],
  );
});

test('a flag goes before a variable, that before the config file, and that before the default', async (t) => {
  const directory = workDirectory(t);
  const file = path.join(directory, 'config.json');
  writeFileSync(file, '{"deadline": "3m"}');
  const effective = async (args: readonly string[], env: Record<string, string>): Promise<string | undefined> => {
    const { stdout } = await runCli(['config', ...args], { env });
    return /^deadline\t(.*?)\t.*$/m.exec(stdout)?.[0];
  };
  const [variable, configFile] = [{ TTORRENT_DEADLINE: '2m' }, { TTORRENT_CONFIG: file }];
  assert.equal(await effective(['--deadline', '1m'], { ...variable, ...configFile }), 'deadline\t1m\tflag\t');
  assert.equal(await effective([], { ...variable, ...configFile }), 'deadline\t2m\tvariable\tTTORRENT_DEADLINE');
  assert.equal(await effective([], configFile), `deadline\t3m\tfile\t${file}`);
  assert.match((await effective([], {})) ?? '', /^deadline\t[^\t]*\tdefault\t$/);
});

test('what is mistyped is told with what was probably meant', async () => {
  const cases: readonly [args: string[], meant: string][] = [
    [['gte', 'a.torrent'], 'get'],
    [['help', 'gett'], 'get'],
    [['get', 'a.torrent', '--deadlin', '5m'], '--deadline'],
  ];
  for (const [args, meant] of cases) {
    const { exitCode, stdout, stderr } = await runCli(args);
    assert.deepEqual([exitCode, stdout], [28, '']);
    assert.ok(stderr.includes(`Did you mean ${meant}?`), stderr);
  }
});

test('the container gets the one file that is built, and runs it without rights', () => {
  const lines = readFileSync('Dockerfile', 'utf8').split('\n');
  const built = /^COPY --from=build \/source\/(\S+)/.exec(lines.find((line) => line.startsWith('COPY --from')) ?? '')?.[1];
  assert.ok(built !== undefined && existsSync(built), 'what is copied is what `npm run build` makes');
  for (const line of lines.filter((text) => text.startsWith('FROM'))) assert.match(line, /^FROM node:\d+-slim\b/);
  const user = lines.findIndex((line) => /^USER (?!root|0)/.test(line));
  assert.ok(user !== -1 && user < lines.findIndex((line) => line.startsWith('ENTRYPOINT')));
});

test('every command but `completion` and `help` speaks JSON when asked', async (t) => {
  const directory = workDirectory(t);
  const json = async (...args: string[]): Promise<RunResult> => {
    const result = await runCli([...args, '--json'], { cwd: directory });
    assert.match(result.stdout, /^\{[^\n]*\}\n$/, args.join(' '));
    assert.equal(typeof JSON.parse(result.stdout), 'object');
    return result;
  };
  await json('info', 'a.torrent');
  await json('verify', 'a.torrent', '-o', 'out');
  await json('create', 'a.torrent', '-o', 'b.torrent');
  await json('edit', 'b.torrent', '--set-comment', 'x', '-o', 'c.torrent');
  const tracker = await FakeUdpTracker.start(t, { peers: [{ host: '10.0.0.1', port: 4000 }] });
  await json('scrape', 'a.torrent', '--announce', tracker.url);
  await json('peers', 'a.torrent', '--announce', tracker.url);
  await json('config');
  await json('get', '-S', 'a.torrent');
  await json('get', '--dry-run', 'a.torrent');
  const help = (await runCli(['--help'])).stdout;
  const commands = [...help.slice(help.indexOf('Commands:')).matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name);
  assert.deepEqual(
    commands,
    ['get', 'seed', 'info', 'verify', 'create', 'edit', 'scrape', 'peers', 'config', 'completion', 'help'],
    'a new command wants its line here',
  );
});
