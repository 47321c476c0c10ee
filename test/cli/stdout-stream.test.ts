// `ttorrent get -o -` in pipelines: through the real command line and a shell, data and words captured apart.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Environment } from '../../src/cli/env.ts';
import { startStream } from '../../src/cli/stdout-stream.ts';
import type { Metainfo } from '../../src/index.ts';
import { corruptEvery } from '../support/behaviours.ts';
import { type MadeFile, type MadeTorrent, makeTorrent } from '../support/make-torrent.ts';
import { type RunResult, runCli, startProgram } from '../support/run-cli.ts';
import { scratchDirectory } from '../support/scratch.ts';
import { Seeder, type SeederOptions } from '../support/seeder.ts';

const main = fileURLToPath(new URL('../../bundle/ttorrent.js', import.meta.url));
const single = makeTorrent({ name: 'image.bin', pieceLength: 32_768, length: 1_000_001 });
const album = makeTorrent({
  name: 'album',
  pieceLength: 32_768,
  padFiles: true,
  root: { 'creation date': 1_700_000_000 },
  files: [
    { path: ['one.bin'], length: 200_000 },
    { path: ['empty'], length: 0 },
    { path: ['sub', 'ünïcode.bin'], length: 100_000 },
  ],
});

interface Place {
  readonly directory: string;
  /** `--peer` with each address. */
  readonly peers: readonly string[];
  /** Runs a shell's pipeline in which `$get` stands for the command, up to `-o -`. */
  readonly shell: (pipeline: string) => Promise<RunResult>;
}

async function place(t: TestContext, torrent: MadeTorrent, swarm: readonly Partial<SeederOptions>[] = [{}]): Promise<Place> {
  const directory = scratchDirectory(t);
  writeFileSync(path.join(directory, 'a.torrent'), torrent.bytes);
  const seeders = await Promise.all(swarm.map((options) => Seeder.start({ torrent, ...options })));
  t.after(() => Promise.all(seeders.map((seeder) => seeder.close())));
  const peers = seeders.flatMap((seeder) => ['--peer', seeder.address]);
  const get = `"${process.execPath}" "${main}" get a.torrent --progress none --stall-timeout 20s ${peers.join(' ')} -o -`;
  const shell = (pipeline: string): Promise<RunResult> =>
    startProgram(['/bin/sh', '-c', pipeline.replaceAll('$get', get)], { cwd: directory }).finished;
  return { directory, peers, shell };
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function contentOf(torrent: MadeTorrent, file: MadeFile | undefined): Buffer {
  assert.ok(file !== undefined);
  return torrent.read(file.offset, file.length);
}

test('| sha256sum: one file comes as it is, and nothing is left behind', async (t) => {
  const { directory, shell } = await place(t, single);
  const { exitCode, stdout, stderr } = await shell('$get | sha256sum');
  assert.deepEqual([exitCode, stdout], [0, `${sha256(single.read(0, single.totalLength))}  -\n`], stderr);
  assert.match(stderr, /complete and verified: 1 file/);
  assert.deepEqual(readdirSync(directory), ['a.torrent']);
});

test('| tar x: several files come as a tar, without padding files, the same each time', async (t) => {
  const { directory, shell } = await place(t, album);
  const { exitCode, stdout, stderr } = await shell('mkdir x && $get | tar -xf - -C x');
  assert.deepEqual([exitCode, stdout], [0, ''], stderr);
  const files = album.files.filter(({ pad }) => !pad);
  for (const file of files)
    assert.ok(readFileSync(path.join(directory, 'x', ...file.path)).equals(contentOf(album, file)), file.path.join('/'));
  assert.deepEqual(readdirSync(path.join(directory, 'x', 'album')).sort(), ['empty', 'one.bin', 'sub']);
  const sums = await shell('$get -q | sha256sum; $get -q --spool . --read-ahead 64K | sha256sum; ls');
  const [first, second, ...left] = sums.stdout.trim().split('\n');
  assert.equal(first, second);
  assert.deepEqual([left, sums.stderr], [['a.torrent', 'x'], '']);
});

test('a selected file comes as it is, also an empty one; --tar makes a tar of it', async (t) => {
  const { shell } = await place(t, album);
  const [one, empty] = album.files.filter(({ pad }) => !pad);
  assert.equal((await shell('$get -s one.bin | sha256sum')).stdout, `${sha256(contentOf(album, one))}  -\n`);
  assert.equal((await shell('$get -s empty | wc -c')).stdout.trim(), String(empty?.length));
  assert.equal((await shell('$get -s empty --tar | tar -tf -')).stdout, 'album/empty\n');
});

test('| xz -d | dd: a packed image is unpacked as it arrives', async (t) => {
  const packer = spawnSync('xz', ['--version']).error === undefined ? 'xz' : 'gzip';
  const image = Buffer.from(Array.from({ length: 60_000 }, (_, line) => `line ${line}`).join('\n'));
  const { stdout: packed } = spawnSync(packer, ['-c'], { input: image });
  const { directory, shell } = await place(t, torrentOf('image.packed', packed));
  const { exitCode, stderr } = await shell(`$get -q | ${packer} -d | dd of=image bs=64k 2>/dev/null`);
  assert.deepEqual([exitCode, stderr], [0, '']);
  assert.ok(readFileSync(path.join(directory, 'image')).equals(image));
});

/** A torrent of given content. */
function torrentOf(name: string, content: Buffer): MadeTorrent {
  const pieceLength = 16_384;
  const starts = Array.from({ length: Math.ceil(content.length / pieceLength) }, (_, piece) => piece * pieceLength);
  const hash = (start: number): Buffer =>
    createHash('sha1')
      .update(content.subarray(start, start + pieceLength))
      .digest();
  const made = makeTorrent({ name, pieceLength, length: content.length, info: { pieces: Buffer.concat(starts.map(hash)) } });
  return { ...made, read: (offset, length) => Buffer.from(content.subarray(offset, offset + length)) };
}

test('bytes of a peer that lies never reach stdout', async (t) => {
  const { shell } = await place(t, single, [{ behaviour: corruptEvery(2) }, { rateBytesPerSecond: 400_000 }]);
  const { exitCode, stdout, stderr } = await shell('$get | sha256sum');
  assert.deepEqual([exitCode, stdout], [0, `${sha256(single.read(0, single.totalLength))}  -\n`], stderr);
});

test('| head -c 1 ends it with 141 and without a word', async (t) => {
  const { shell } = await place(t, single, [{ rateBytesPerSecond: 500_000 }]);
  const { stdout, stderr } = await shell('{ $get 2>words; echo $? >code; } | head -c 1 | wc -c; cat code words');
  assert.deepEqual([stdout.trim().split(/\s+/), stderr], [['1', '141'], '']);
});

test('a full disk behind stdout is exit 9, a limit of the file size too', async (t) => {
  const { shell } = await place(t, single);
  const full = await shell('$get >/dev/full');
  assert.equal(full.exitCode, 9);
  assert.match(full.stderr, /ttorrent: cannot write to stdout: .*no space left/);
  const limited = await shell('ulimit -f 100; $get >out');
  assert.equal(limited.exitCode, 9, limited.stderr);
});

test('a closed stdout is told and nothing is fetched; /dev/null is fine', async (t) => {
  const { shell } = await place(t, single);
  const closed = await shell('$get >&-');
  assert.equal(closed.exitCode, 17);
  assert.match(closed.stderr, /^ttorrent: cannot write to stdout: it is closed/);
  assert.equal((await shell('$get >/dev/null')).exitCode, 0);
});

test('goes on in a file where others left off, and leaves stdin and stderr alone when they are closed', async (t) => {
  const { directory, shell } = await place(t, single);
  assert.equal((await shell('{ echo head; $get <&- 2>&-; echo tail; } >out')).exitCode, 0);
  const expected = Buffer.concat([Buffer.from('head\n'), single.read(0, single.totalLength), Buffer.from('tail\n')]);
  assert.ok(readFileSync(path.join(directory, 'out')).equals(expected));
});

test('a reader that rests is no stall', async (t) => {
  const { shell } = await place(t, single);
  const { stdout, stderr } = await shell('$get --stall-timeout 1s --read-ahead 64K | { sleep 3; sha256sum; }');
  assert.equal(stdout, `${sha256(single.read(0, single.totalLength))}  -\n`, stderr);
});

test('a slow reader slows the swarm: no more is fetched than it took and the read-ahead', async (t) => {
  const torrent = makeTorrent({ name: 'long.bin', pieceLength: 65_536, length: 24 * 2 ** 20 });
  const directory = scratchDirectory(t);
  writeFileSync(path.join(directory, 'a.torrent'), torrent.bytes);
  const seeder = await Seeder.start({ torrent });
  t.after(() => seeder.close());
  const args = [main, 'get', 'a.torrent', '-q', '--read-ahead', '2M', '--peer', seeder.address, '-o', '-'];
  const child = spawn(process.execPath, args, { cwd: directory, stdio: ['ignore', 'pipe', 'inherit'] });
  const sum = createHash('sha256');
  let readBytes = 0;
  let mostAhead = 0;
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    sum.update(chunk);
    readBytes += chunk.length;
    mostAhead = Math.max(mostAhead, seeder.counts.payloadSent - readBytes);
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (child.exitCode === null) await once(child, 'exit');
  assert.equal(child.exitCode, 0);
  assert.equal(sum.digest('hex'), sha256(torrent.read(0, torrent.totalLength)));
  // The read-ahead, and what the pipe and its two ends hold.
  assert.ok(mostAhead <= 2 * 2 ** 20 + 2 ** 20, `${mostAhead} bytes ahead of the reader`);
});

test('a signal ends it while the reader takes nothing', async (t) => {
  const { directory, peers } = await place(t, single);
  const args = [main, 'get', 'a.torrent', '-v', '--read-ahead', '64K', ...peers, '-o', '-'];
  const child = spawn(process.execPath, args, { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] });
  t.after(() => child.kill('SIGKILL'));
  const ended = once(child, 'exit');
  for await (const line of child.stderr as AsyncIterable<Buffer>) if (line.includes('connected')) break;
  child.kill('SIGINT');
  assert.deepEqual(await ended, [130, null]);
});

test('refuses a terminal', () => {
  const env = { stdout: { isTerminal: true } } as Environment;
  assert.throws(() => startStream({} as Metainfo, { tar: false }, { outputDir: '-' }, env), {
    code: 'bad-argument',
    message: /stdout is a terminal/,
  });
});

test('--sequential to disk gives the same files', async (t) => {
  const { directory, peers } = await place(t, album);
  const { exitCode, stderr } = await runCli(['get', 'a.torrent', '--sequential', '--read-ahead', '64K', ...peers], { cwd: directory });
  assert.equal(exitCode, 0, stderr);
  for (const file of album.files.filter(({ pad }) => !pad)) {
    assert.ok(readFileSync(path.join(directory, ...file.path)).equals(contentOf(album, file)), file.path.join('/'));
  }
});
