// `ttorrent create` as a user runs it.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { bencode } from '../../support/make-torrent.ts';
import { skipWithout } from '../../support/programs.ts';
import { runCli, startCli, startProgram } from '../../support/run-cli.ts';
import { scratchDirectory } from '../../support/scratch.ts';

const KiB = 1024;
const builtCli = fileURLToPath(new URL('../../../bundle/ttorrent.js', import.meta.url));
const hello = createHash('sha1').update('hello').digest();
const helloInfo = { length: 5, name: 'hello.txt', 'piece length': 16 * KiB, pieces: hello };
const helloHash = createHash('sha1').update(bencode(helloInfo)).digest('hex');

/** A directory with `hello.txt`, and `music` with three files of which one is hidden. */
function directoryWithContent(t: TestContext): string {
  const cwd = scratchDirectory(t);
  writeFileSync(path.join(cwd, 'hello.txt'), 'hello');
  mkdirSync(path.join(cwd, 'music'));
  writeFileSync(path.join(cwd, 'music', 'one.ogg'), Buffer.alloc(40_000, 1));
  writeFileSync(path.join(cwd, 'music', 'two.ogg'), Buffer.alloc(30_000, 2));
  writeFileSync(path.join(cwd, 'music', '.hidden'), 'x');
  return cwd;
}

test('writes NAME.torrent here and prints KEY<tab>VALUE', async (t) => {
  const cwd = directoryWithContent(t);
  const { exitCode, stdout, stderr } = await runCli(['create', 'hello.txt', '--no-date', '--progress', 'none'], { cwd });
  assert.equal(exitCode, 0, stderr);
  const rows = [
    'path\thello.txt.torrent',
    `infohash\t${helloHash}`,
    'name\thello.txt',
    'totalLength\t5',
    'pieceLength\t16384',
    'pieceCount\t1',
  ];
  assert.equal(stdout, `${rows.join('\n')}\n`);
  assert.equal(stderr, `ttorrent: hello.txt.torrent: 5 B in 1 file, 1 piece of 16.0 KiB, infohash ${helloHash}\n`);
  const written = readFileSync(path.join(cwd, 'hello.txt.torrent'));
  assert.deepEqual(written, bencode({ 'created by': 'ttorrent/0.1.0', info: helloInfo }));
  assert.deepEqual(readdirSync(cwd).toSorted(), ['hello.txt', 'hello.txt.torrent', 'music']);
});

test('puts what was typed into the torrent: tiers, web seeds and the rest', async (t) => {
  const cwd = directoryWithContent(t);
  const tiers = ['-t', 'http://a.example/announce,udp://b.example:6969/a,b', '--tracker', 'https://c.example/announce'];
  const rest = ['-w', 'https://w.example/', '--private', '--source', 'SITE', '--comment', 'hé', '-l', '32K', '--name', 'Musik'];
  const options = { cwd, env: { SOURCE_DATE_EPOCH: '1600000000' } };
  const { exitCode, stdout, stderr } = await runCli(['create', 'music', ...tiers, ...rest, '-o', 'm.torrent', '--json'], options);
  assert.equal(exitCode, 0, stderr);
  assert.match(stderr, /warning: music\/\.hidden is hidden: left out\n/);
  const { infohash, ...told } = JSON.parse(stdout) as Record<string, unknown>;
  assert.match(String(infohash), /^[0-9a-f]{40}$/);
  const trackers = [['http://a.example/announce', 'udp://b.example:6969/a,b'], ['https://c.example/announce']];
  assert.deepEqual(told, {
    path: 'm.torrent',
    name: 'Musik',
    totalLength: 70_000,
    pieceLength: 32 * KiB,
    pieceCount: 3,
    private: true,
    files: [
      { path: 'Musik/one.ogg', length: 40_000 },
      { path: 'Musik/two.ogg', length: 30_000 },
    ],
    trackers,
    webSeeds: ['https://w.example/'],
    comment: 'hé',
    createdBy: 'ttorrent/0.1.0',
    creationDate: 1_600_000_000,
    source: 'SITE',
  });
  const info = await runCli(['info', 'm.torrent', '--json'], { cwd });
  assert.deepEqual(JSON.parse(info.stdout), { infohash, ...Object.fromEntries(Object.entries(told).filter(([key]) => key !== 'path')) });
});

test('what it makes, verify finds complete', async (t) => {
  const cwd = directoryWithContent(t);
  for (const options of [[], ['--pad-files'], ['--hidden']]) {
    assert.equal((await runCli(['create', 'music/', '-q', '--force', ...options], { cwd })).exitCode, 0);
    const { exitCode, stderr } = await runCli(['verify', 'music.torrent'], { cwd });
    assert.equal(exitCode, 0, stderr);
  }
});

test('writes the same bytes to stdout each time, and nothing else', async (t) => {
  const cwd = directoryWithContent(t);
  const pipe = `"${process.execPath}" "${builtCli}" create hello.txt -o - | sha1sum`;
  const env = { SOURCE_DATE_EPOCH: '7' };
  const first = await startProgram(['sh', '-c', pipe], { cwd, env }).finished;
  const second = await startProgram(['sh', '-c', pipe], { cwd, env }).finished;
  const expected = bencode({ 'created by': 'ttorrent/0.1.0', 'creation date': 7, info: helloInfo });
  assert.equal(first.stdout.split(' ')[0], createHash('sha1').update(expected).digest('hex'));
  assert.equal(second.stdout, first.stdout);
  assert.match(first.stderr, new RegExp(`stdout: 5 B in 1 file.*${helloHash}`));
  assert.deepEqual(readdirSync(cwd).toSorted(), ['hello.txt', 'music']);
});

test('refuses to write a torrent to a terminal, and JSON beside it', { skip: skipWithout('script') }, async (t) => {
  const cwd = directoryWithContent(t);
  const command = `'${process.execPath}' '${builtCli}' create hello.txt -o -`;
  const terminal = await startProgram(['script', '-qec', command, '/dev/null'], { cwd, env: { TERM: 'xterm' } }).finished;
  assert.equal(terminal.exitCode, 28, terminal.stdout);
  assert.match(terminal.stdout, /no text for a terminal/);
  assert.equal((await runCli(['create', 'hello.txt', '-o', '-', '--json'], { cwd })).exitCode, 28);
});

test('tells a person in a line, with a bar', { skip: skipWithout('script') }, async (t) => {
  const cwd = directoryWithContent(t);
  const command = `'${process.execPath}' '${builtCli}' create hello.txt --no-color`;
  const { exitCode, stdout } = await startProgram(['script', '-qec', command, '/dev/null'], { cwd, env: { TERM: 'xterm' } }).finished;
  assert.equal(exitCode, 0, stdout);
  assert.ok(stdout.includes(`${helloHash}  hello.txt.torrent`), stdout);
  assert.match(stdout, /\[=+\]/);
});

test('replaces nothing without --force, and says so before it hashes', async (t) => {
  const cwd = directoryWithContent(t);
  writeFileSync(path.join(cwd, 'music.torrent'), 'mine');
  const refused = await runCli(['create', 'music'], { cwd });
  assert.deepEqual([refused.exitCode, refused.stdout], [13, '']);
  assert.equal(refused.stderr, 'ttorrent: music.torrent exists: --force replaces it\n');
  assert.equal(readFileSync(path.join(cwd, 'music.torrent'), 'utf8'), 'mine');
  assert.equal((await runCli(['create', 'music', '--force'], { cwd })).exitCode, 0);
  assert.equal((await runCli(['verify', 'music.torrent', '-q'], { cwd })).exitCode, 0);
});

test('run in the directory itself, it does not take its own torrent for content', async (t) => {
  const cwd = path.join(directoryWithContent(t), 'music');
  const first = await runCli(['create', '.', '--json'], { cwd });
  assert.equal(first.exitCode, 0, first.stderr);
  const second = await runCli(['create', '.', '--json', '--force'], { cwd });
  assert.match(second.stderr, /music\.torrent is the torrent itself: left out/);
  assert.equal((JSON.parse(second.stdout) as { infohash: string }).infohash, (JSON.parse(first.stdout) as { infohash: string }).infohash);
});

test('warns of names that a download changes, and of a private torrent without a tracker', async (t) => {
  const cwd = directoryWithContent(t);
  writeFileSync(path.join(cwd, 'music', 'ONE.ogg'), 'x');
  const { exitCode, stderr } = await runCli(['create', 'music', '--private'], { cwd });
  assert.equal(exitCode, 0);
  assert.match(stderr, /warning: in a download "one\.ogg" is written as "one\.1\.ogg"/);
  assert.match(stderr, /warning: it is private and names no tracker/);
});

test('ends with the exit code of what is wrong, leaving nothing behind', async (t) => {
  const cwd = directoryWithContent(t);
  symlinkSync('one.ogg', path.join(cwd, 'music', 'link'));
  const cases: readonly [args: readonly string[], exitCode: number, complaint: RegExp][] = [
    [['missing'], 15, /missing: no such file/],
    [['music'], 28, /link cannot be in a torrent: it is a symbolic link/],
    [['hello.txt', '-l', '100K'], 28, /power of two from 16K to 256M/],
    [['hello.txt', '-l', 'x'], 28, /Expected a size/],
    [['hello.txt', '-t', 'ftp://a/'], 28, /scheme/],
    [['hello.txt', '-n', 'a/b'], 28, /no name for a torrent/],
    [['hello.txt', '-o', 'nowhere/x.torrent'], 16, /writing the torrent nowhere\/x\.torrent/],
    [['hello.txt', '-o', 'music', '--force'], 13, /is no file/],
    [['hello.txt', '-x', 'a', '--exclude', ''], 28, /Expected a glob/],
    [['hello.txt', 'music'], 28, /too many arguments/],
    [[], 28, /missing required argument 'PATH'/],
    [[''], 28, /Expected a path/],
    [['/dev/null'], 28, /found a device/],
  ];
  for (const [args, exitCode, complaint] of cases) {
    const ended = await runCli(['create', ...args], { cwd });
    assert.deepEqual([ended.exitCode, ended.stdout], [exitCode, ''], `${args.join(' ')}: ${ended.stderr}`);
    assert.match(ended.stderr, complaint);
  }
  const date = await runCli(['create', 'hello.txt'], { cwd, env: { SOURCE_DATE_EPOCH: 'today' } });
  assert.equal(date.exitCode, 28);
  assert.match(date.stderr, /SOURCE_DATE_EPOCH: expected seconds since 1970, found "today"/);
  assert.deepEqual(readdirSync(cwd).toSorted(), ['hello.txt', 'music']);
});

test('a signal ends it while it hashes, and no file is there', async (t) => {
  const cwd = directoryWithContent(t);
  writeFileSync(path.join(cwd, 'large'), '');
  truncateSync(path.join(cwd, 'large'), 2 ** 40);
  const running = startCli(['create', 'large', '--progress', 'plain'], { cwd });
  await running.stderrMatches(/of 1.00 TiB hashed/);
  running.child.kill('SIGINT');
  const { exitCode, stdout, stderr } = await running.finished;
  assert.deepEqual([exitCode, stdout], [130, '']);
  assert.match(stderr, /ttorrent: stopped by SIGINT\n$/);
  assert.deepEqual(readdirSync(cwd).toSorted(), ['hello.txt', 'large', 'music']);
});

test('settings of downloads are not taken for its own', async (t) => {
  const cwd = directoryWithContent(t);
  const env = {
    TTORRENT_OUTPUT: 'elsewhere',
    TTORRENT_OVERWRITE: '1',
    TTORRENT_NAME: 'hook',
    TTORRENT_TRACKER: 'http://a.example/\nhttp://b.example/',
  };
  const { exitCode, stdout } = await runCli(['create', 'hello.txt', '--json'], { cwd, env });
  assert.equal(exitCode, 0);
  const { name, trackers } = JSON.parse(stdout) as { name: string; trackers: string[][] };
  assert.deepEqual({ name, trackers }, { name: 'hello.txt', trackers: [['http://a.example/'], ['http://b.example/']] });
  assert.ok(existsSync(path.join(cwd, 'hello.txt.torrent')));
  assert.equal((await runCli(['create', 'hello.txt'], { cwd, env })).exitCode, 13);
});
