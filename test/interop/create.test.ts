// Torrents of `ttorrent create` beside those of other tools: the same infohash for the same parameters, and readable by all.
//
// mktorrent sorts files by the bytes of their paths, as we do. transmission-create sorts without case, leaves out empty files and always
// writes `private`, so it is compared with names of lower case and private torrents. libtorrent keeps its own order but where it pads; it
// pads the last file too, so the last one of these ends with a piece.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { createTorrent, hasCreator, missingClient, clientsAreRequired } from '../support/clients.ts';
import { infohashOf } from '../support/infohash.ts';
import { makeTorrent } from '../support/make-torrent.ts';
import { skipWithout } from '../support/programs.ts';
import { runCli } from '../support/run-cli.ts';
import { scratchDirectory } from '../support/scratch.ts';

const KiB = 1024;
const tracker = 'http://tracker.example/announce';

/** Files whose order every tool agrees on. */
const plainFiles: Readonly<Record<string, number>> = {
  'a one': 100_000,
  'b/deep/er': 70_001,
  'b/file': 3,
  'c.bin': 300 * KiB,
};
/** Files whose order is a matter of bytes: directories among names that sort before and behind a slash. */
const mixedFiles: Readonly<Record<string, number>> = {
  'a-1': 5,
  'a.b/x': 40_000,
  'a/Z': 1,
  'a/y': 0,
  B: 90_000,
  b: 20,
  'é ü': 30,
  'z z/z': 65_536,
};

/** A directory with `content` of these files and, beside it, `single`. */
function contentOf(t: TestContext, files: Readonly<Record<string, number>>): string {
  const directory = scratchDirectory(t);
  const write = (name: string, length: number): void => {
    mkdirSync(path.dirname(path.join(directory, name)), { recursive: true });
    writeFileSync(path.join(directory, name), makeTorrent({ name, pieceLength: 16 * KiB, length }).read(0, length));
  };
  for (const [name, length] of Object.entries(files)) write(`content/${name}`, length);
  write('single', 1_000_001);
  return directory;
}

async function ours(cwd: string, content: string, ...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await runCli(['create', content, '--json', '--force', '-o', 'ours.torrent', ...args], { cwd });
  assert.equal(exitCode, 0, stderr);
  const { infohash } = JSON.parse(stdout) as { infohash: string };
  assert.equal(infohash, infohashOf(readFileSync(path.join(cwd, 'ours.torrent'))));
  return infohash;
}

function theirs(cwd: string, ...command: string[]): string {
  const [program = '', ...args] = command;
  const { error, status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: 'utf8' });
  assert.ok(error === undefined && status === 0, `${command.join(' ')}: ${error?.message ?? stdout + stderr}`);
  return infohashOf(readFileSync(path.join(cwd, 'theirs.torrent')));
}

test('the infohash is that of mktorrent', { skip: skipWithout('mktorrent') }, async (t) => {
  const cases: readonly [mktorrent: readonly string[], create: readonly string[]][] = [
    [
      ['-l', '15'],
      ['-l', '32K'],
    ],
    [
      ['-l', '18', '-p', '-s', 'SITE', '-a', tracker, '-n', 'other'],
      ['-l', '256K', '--private', '--source', 'SITE', '-t', tracker, '--name', 'other'],
    ],
  ];
  for (const files of [plainFiles, mixedFiles]) {
    for (const content of ['content', 'single']) {
      for (const [mktorrent, create] of cases) {
        const cwd = contentOf(t, files);
        assert.equal(
          await ours(cwd, content, ...create),
          theirs(cwd, 'mktorrent', ...mktorrent, '-o', 'theirs.torrent', content),
          `${content} ${create.join(' ')}`,
        );
      }
    }
  }
});

test('the infohash is that of transmission-create', { skip: skipWithout('transmission-create') }, async (t) => {
  for (const content of ['content', 'single']) {
    const cwd = contentOf(t, plainFiles);
    assert.equal(
      await ours(cwd, content, '-l', '128K', '--private', '-t', tracker),
      theirs(cwd, 'transmission-create', '-p', '-t', tracker, '-s', '128', '-o', 'theirs.torrent', content),
      content,
    );
  }
});

test('the infohash is that of libtorrent, pad files included', {
  skip: !hasCreator('libtorrent-v1') && 'libtorrent is not installed',
}, async (t) => {
  const lengths = { ...plainFiles, 'c.bin': 320 * KiB };
  const cwd = contentOf(t, lengths);
  const theirTorrent = path.join(cwd, 'theirs.torrent');
  createTorrent('libtorrent-v1-padded', 64 * KiB, path.join(cwd, 'content'), theirTorrent);
  const padded = infohashOf(readFileSync(theirTorrent));
  // libtorrent's tool leaves its pad files among the content.
  assert.equal(await ours(cwd, 'content', '-l', '64K', '--pad-files', '-x', '.pad'), padded);
  createTorrent('libtorrent-v1', 64 * KiB, path.join(cwd, 'single'), theirTorrent);
  assert.equal(await ours(cwd, 'single', '-l', '64K'), infohashOf(readFileSync(theirTorrent)));
});

/** Programs that print a torrent, and what of theirs names its infohash. */
const readers: readonly [name: string, command: (torrent: string) => readonly string[], skip: string | false][] = [
  ['transmission-show', (torrent) => ['transmission-show', torrent], skipWithout('transmission-show')],
  ['aria2', (torrent) => ['aria2c', '--no-conf', '-S', torrent], skipWithout('aria2c')],
  [
    'libtorrent',
    (torrent) => ['/usr/bin/python3', '-c', 'import libtorrent, sys; print(libtorrent.torrent_info(sys.argv[1]).info_hash())', torrent],
    clientsAreRequired ? false : (missingClient('libtorrent') ?? false),
  ],
];

for (const [name, command, skip] of readers) {
  test(`${name} reads what is made and what is edited`, { skip }, async (t) => {
    const cwd = contentOf(t, mixedFiles);
    for (const options of [
      [],
      ['--pad-files', '--private', '--source', 'x', '-t', `${tracker},udp://b.example:1`, '-w', 'http://w.example/'],
    ]) {
      const infohash = await ours(cwd, 'content', ...options);
      const edits = ['--set-comment', 'hé', '--add-tracker', 'http://c.example/announce', '--add-web-seed', 'http://v.example/'];
      assert.equal((await runCli(['edit', 'ours.torrent', ...edits, '-o', 'edited.torrent', '--force'], { cwd })).exitCode, 0);
      for (const torrent of ['ours.torrent', 'edited.torrent']) {
        const [program = '', ...args] = command(torrent);
        const { error, stdout, stderr } = spawnSync(program, args, { cwd, encoding: 'utf8' });
        assert.ok(stdout.toLowerCase().includes(infohash), `${torrent}: ${error?.message ?? stdout + stderr}`);
      }
    }
  });
}
