// The whole command line as a child process, as far as it needs no swarm.

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { version } from '../../src/index.ts';
import { makeTorrent, type MadeTorrent } from '../support/make-torrent.ts';
import { runCli, type RunResult, startCli, startProgram } from '../support/run-cli.ts';
import { scratchDirectory } from '../support/scratch.ts';

const main = fileURLToPath(new URL('../../bundle/ttorrent.js', import.meta.url));

const torrent = makeTorrent({
  name: 'album',
  pieceLength: 16_384,
  files: [
    { path: ['one.bin'], length: 40_000 },
    { path: ['sub', 'two.bin'], length: 10_000 },
    { path: ['empty'], length: 0 },
  ],
  trackers: [['http://127.0.0.1:1/announce']],
});

/** A directory with `album.torrent` and, under their final names, the files of which `content` says so. */
function directoryWith(t: TestContext, content: (file: MadeTorrent['files'][number]) => Buffer | undefined): string {
  const directory = scratchDirectory(t);
  writeFileSync(path.join(directory, 'album.torrent'), torrent.bytes);
  for (const file of torrent.files) {
    const bytes = content(file);
    if (bytes === undefined) continue;
    const target = path.join(directory, ...file.path);
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, bytes);
  }
  return directory;
}

const original = (file: MadeTorrent['files'][number]): Buffer => torrent.read(file.offset, file.length);

/** Runs a shell's command line in which `$TTORRENT` stands for the program. */
function runShell(script: string, cwd: string): Promise<RunResult> {
  return startProgram(['/bin/sh', '-c', script.replaceAll('$TTORRENT', `"${process.execPath}" "${main}"`)], { cwd }).finished;
}

test('--version prints the version alone', async () => {
  const result = await runCli(['--version']);
  assert.equal(result.stdout, `${version}\n`);
  assert.deepEqual([result.exitCode, result.stderr], [0, '']);
  assert.deepEqual((await runCli(['-V'])).stdout, result.stdout);
});

test('--help goes to stdout with exit code 0', async () => {
  const result = await runCli(['get', '--help']);
  assert.deepEqual([result.exitCode, result.stderr], [0, '']);
  assert.match(result.stdout, /^Examples:/);
});

test('what a hostile torrent says reaches neither stdout nor stderr raw, whatever is asked', async (t) => {
  const nasty = '\x1b]52;c;AAAA\x07\r\n\x9b31m\u202e\u00ad\u180e\u{e0041}\u2028';
  const hostile = makeTorrent({
    name: `n${nasty}`,
    pieceLength: 16_384,
    files: [
      { path: [`d${nasty}`, `f${nasty}`], length: 5 },
      { path: [`D${nasty}`, `F${nasty}`], length: 0 },
    ],
    trackers: [[`http://127.0.0.1:1/${nasty}`]],
    root: { comment: nasty, 'created by': nasty },
  });
  const directory = scratchDirectory(t);
  writeFileSync(path.join(directory, 'a.torrent'), hostile.bytes);
  writeFileSync(path.join(directory, 'b.torrent'), hostile.bytes.subarray(0, -1));
  writeFileSync(path.join(directory, 'c.torrent'), `d4:info${nasty}`);
  for (const file of ['a.torrent', 'b.torrent', 'c.torrent'])
    for (const args of [['info'], ['info', '--json'], ['verify'], ['verify', '-q'], ['get', '-S']]) {
      const { stdout, stderr } = await runCli([...args, file], { cwd: directory });
      assert.doesNotMatch((stdout + stderr).replaceAll(/[\n\t]/g, ''), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u, `${args.join(' ')} ${file}`);
      if (file !== 'a.torrent') assert.match(stderr, /^ttorrent: [^\n]+\n$/);
    }
});

test('a senseless command line ends with 28, the reason and the usage on stderr, and nothing on stdout', async () => {
  for (const args of [
    [],
    ['get'],
    ['info', 'a', 'b'],
    ['get', '--nonsense', 'a'],
    ['get', 'a', '--port', '70000'],
    ['get', 'a', '-o', ''],
  ]) {
    const result = await runCli(args);
    assert.deepEqual([result.exitCode, result.stdout], [28, ''], args.join(' '));
    assert.match(result.stderr, /^ttorrent: [^\n]+\nusage: ttorrent [^\n]+\n$/, args.join(' '));
  }
});

test('an escape sequence in an argument does not reach the terminal', async () => {
  const result = await runCli(['get', '--\u001b[2J', 'a']);
  assert.equal(result.exitCode, 28);
  assert.ok(!result.stderr.includes('\u001b'));
});

test('a torrent that cannot be used ends with its exit code and one line on stderr', async (t) => {
  const directory = directoryWith(t, () => undefined);
  writeFileSync(path.join(directory, 'page.torrent'), '<!DOCTYPE html><html></html>');
  writeFileSync(path.join(directory, 'hollow.torrent'), 'd8:announce4:http4:infodee');
  const expected: readonly [string, number][] = [
    ['missing.torrent', 3],
    ['page.torrent', 25],
    ['hollow.torrent', 26],
    ['.', 28],
  ];
  for (const [file, exitCode] of expected) {
    for (const command of ['get', 'info', 'verify']) {
      const result = await runCli([command, file], { cwd: directory });
      assert.deepEqual([result.exitCode, result.stdout], [exitCode, ''], `${command} ${file}: ${result.stderr}`);
      assert.match(result.stderr, /^ttorrent: [^\n]+\n$/, `${command} ${file}`);
      assert.ok(result.stderr.includes(file), `names ${file}`);
    }
  }
});

test('info prints key and value, tab separated in a pipe, or one JSON object', async (t) => {
  const directory = directoryWith(t, () => undefined);
  const text = await runCli(['info', 'album.torrent'], { cwd: directory });
  assert.deepEqual([text.exitCode, text.stderr], [0, '']);
  assert.match(text.stdout, new RegExp(`^infohash\t${torrent.infohash.toString('hex')}$`, 'm'));
  const cut = await runShell("$TTORRENT info album.torrent | awk -F '\t' '$1 == \"file\" { print $3 }' | paste -sd+", directory);
  assert.deepEqual([cut.exitCode, cut.stdout], [0, '40000+10000+0\n'], cut.stderr);
  const json = await runCli(['info', '--json', 'album.torrent'], { cwd: directory });
  const object = JSON.parse(json.stdout) as { infohash: string; files: unknown[]; pieceCount: number };
  assert.equal(object.infohash, torrent.infohash.toString('hex'));
  assert.deepEqual([object.files.length, object.pieceCount], [3, 4]);
});

test('get --show-files lists numbers, bytes and paths, tab separated in a pipe', async (t) => {
  const directory = directoryWith(t, () => undefined);
  const all = await runCli(['get', '-S', 'album.torrent'], { cwd: directory });
  assert.deepEqual([all.exitCode, all.stdout], [0, '1\t40000\talbum/one.bin\n2\t10000\talbum/sub/two.bin\n3\t0\talbum/empty\n']);
  const some = await runCli(['get', '-S', '-s', '2-3', 'album.torrent'], { cwd: directory });
  assert.deepEqual([some.exitCode, some.stdout], [0, '2\t10000\talbum/sub/two.bin\n3\t0\talbum/empty\n']);
});

test('get --show-files --json prints the list as one JSON object', async (t) => {
  const directory = directoryWith(t, () => undefined);
  const { exitCode, stdout } = await runCli(['get', '-S', '--json', '-s', '2-3', 'album.torrent'], { cwd: directory });
  const files = [
    { number: 2, length: 10_000, path: 'album/sub/two.bin' },
    { number: 3, length: 0, path: 'album/empty' },
  ];
  assert.deepEqual([exitCode, JSON.parse(stdout)], [0, { files }]);
});

test('verify --json prints one JSON object, whether all is complete or not', async (t) => {
  const directory = directoryWith(t, (file) => (file.path.includes('two.bin') ? undefined : original(file)));
  const { exitCode, stdout, stderr } = await runCli(['verify', '--json', 'album.torrent'], { cwd: directory });
  assert.equal(exitCode, 32, stderr);
  assert.match(stdout, /^[^\n]+\n$/);
  const object = JSON.parse(stdout) as { complete: boolean; pieceCount: number; verifiedPieces: number; files: unknown[] };
  assert.deepEqual([object.complete, object.pieceCount, object.verifiedPieces], [false, 4, 2]);
  assert.deepEqual(object.files[2], {
    state: 'complete',
    verifiedBytes: 0,
    length: 0,
    path: path.join(directory, 'album', 'empty'),
    torrentPath: 'album/empty',
  });
});

test('a selector that matches nothing ends with 43 and names it', async (t) => {
  const directory = directoryWith(t, () => undefined);
  for (const command of ['get', 'verify']) {
    const result = await runCli([command, '-s', '*.iso', 'album.torrent'], { cwd: directory });
    assert.deepEqual([result.exitCode, result.stdout], [43, '']);
    assert.match(result.stderr, /\*\.iso/);
  }
});

test('verify says of each file whether it is complete, and ends with 0 or 32', async (t) => {
  const complete = directoryWith(t, original);
  const good = await runCli(['verify', 'album.torrent'], { cwd: complete });
  assert.equal(good.exitCode, 0, good.stderr);
  assert.deepEqual(
    good.stdout.split('\n').map((line) => line.split('\t').slice(0, 3)),
    [['complete', '40000', '40000'], ['complete', '10000', '10000'], ['complete', '0', '0'], ['']],
  );

  // The last byte of the first file is wrong, the second is missing: the piece that both share fails.
  const damaged = directoryWith(t, (file) => {
    if (file.path.includes('two.bin')) return undefined;
    const bytes = original(file);
    if (bytes.length > 0) bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
    return bytes;
  });
  const bad = await runCli(['verify', 'album.torrent', '-o', damaged], { cwd: damaged });
  assert.equal(bad.exitCode, 32, bad.stderr);
  assert.deepEqual(
    bad.stdout.split('\n').map((line) => line.split('\t')[0]),
    ['partial', 'missing', 'complete', ''],
  );
  assert.match(bad.stderr, /2 of 3 files/);
});

test('verify --quiet speaks by its exit code alone', async (t) => {
  const good = await runCli(['verify', '-q', 'album.torrent'], { cwd: directoryWith(t, original) });
  assert.deepEqual([good.exitCode, good.stdout, good.stderr], [0, '', '']);
});

test('a reader of stdout that went away ends it with 141 and no word', async (t) => {
  const directory = directoryWith(t, () => undefined);
  for (const args of [['info', 'album.torrent'], ['get', '-S', 'album.torrent'], ['--help'], ['--version']]) {
    const running = startCli(args, { cwd: directory });
    running.child.stdout?.destroy(); // closed long before Node has started on the other side
    const result = await running.finished;
    assert.deepEqual([result.exitCode, result.stderr], [141, ''], args.join(' '));
  }
});

test('a stdout that takes nothing is told as an error, and a closed one is no trouble', async (t) => {
  const directory = directoryWith(t, () => undefined);
  const full = await runShell('$TTORRENT info album.torrent >/dev/full', directory);
  assert.equal(full.exitCode, 9);
  assert.match(full.stderr, /^ttorrent: cannot write to stdout: [^\n]+\n$/);
  assert.equal((await runShell('$TTORRENT info album.torrent 1</dev/null', directory)).exitCode, 17);
  assert.equal((await runShell('$TTORRENT info album.torrent >&-', directory)).exitCode, 0);
});

test('a stderr that is closed or full, and a closed stdin, change nothing', async (t) => {
  const directory = directoryWith(t, () => undefined);
  for (const redirection of ['2>&-', '2>/dev/full', '<&-']) {
    const fine = await runShell(`$TTORRENT get -S album.torrent ${redirection}`, directory);
    assert.deepEqual([fine.exitCode, fine.stdout.split('\n').length], [0, 4], redirection);
    const failing = await runShell(`$TTORRENT info missing.torrent ${redirection}`, directory);
    assert.equal(failing.exitCode, 3, redirection);
  }
});

test('output that is no terminal has no control sequence', async (t) => {
  const directory = directoryWith(t, original);
  for (const args of [['info'], ['verify', '-v', '--progress', 'bar']]) {
    const result = await runCli([...args, 'album.torrent'], { cwd: directory });
    assert.equal(result.exitCode, 0);
    assert.ok(!`${result.stdout}${result.stderr}`.includes('\u001b'), args.join(' '));
  }
});
