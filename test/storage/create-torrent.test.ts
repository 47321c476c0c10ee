import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, mkdirSync, renameSync, rmSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { StorageError, TtorrentError } from '../../src/errors.ts';
import { parseTorrent } from '../../src/metainfo/parse-torrent.ts';
import { createTorrent, type CreateOptions } from '../../src/storage/create-torrent.ts';
import { bencode, makeTorrent } from '../support/make-torrent.ts';
import { scratchDirectory } from '../support/scratch.ts';

const KiB = 1024;

/** A directory `content` with these files, by path; returns its path. */
function contentOf(t: TestContext, files: Readonly<Record<string, string | Uint8Array>>): string {
  const top = path.join(scratchDirectory(t), 'content');
  for (const [name, bytes] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(top, name)), { recursive: true });
    writeFileSync(path.join(top, name), bytes);
  }
  return top;
}

async function pathsIn(top: string, options: CreateOptions = {}): Promise<string[]> {
  const { metainfo } = await createTorrent(top, options);
  return metainfo.files.map((file) => file.path.slice(1).join('/'));
}

function refusal(code: string, complaint: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof TtorrentError, String(error));
    assert.match(error.message, complaint);
    return error.code === code;
  };
}

// 9 MiB of several files are hashed by threads, 1 MiB on the main one.
for (const lastLength of [9 * 1024 * KiB, KiB]) {
  test(`hashes pieces across files, the last of ${lastLength} bytes`, async (t) => {
    const shape = { name: 'content', pieceLength: 32 * KiB };
    const files = [
      { path: ['a'], length: 100_000 },
      { path: ['b'], length: 0 },
      { path: ['c', 'd'], length: 70_001 },
      { path: ['e'], length: lastLength },
    ];
    for (const padFiles of [false, true]) {
      const made = makeTorrent({ ...shape, files, padFiles });
      const content = Object.fromEntries(
        made.files.filter(({ pad }) => !pad).map((file) => [file.path.slice(1).join('/'), made.read(file.offset, file.length)]),
      );
      const progress: number[] = [];
      const onProgress = (done: number, total: number): void => {
        assert.equal(total, made.totalLength);
        progress.push(done);
      };
      const created = await createTorrent(contentOf(t, content), { pieceLength: shape.pieceLength, padFiles, onProgress });
      assert.deepEqual(Buffer.from(created.bytes), made.bytes);
      assert.equal(created.metainfo.infohashHex, made.infohash.toString('hex'));
      assert.deepEqual(created.metainfo, parseTorrent(created.bytes));
      assert.equal(progress.at(-1), made.totalLength);
    }
  });
}

test('makes a single-file torrent of a file, also by way of a link that was named', async (t) => {
  const top = contentOf(t, { 'song.ogg': 'la la la' });
  symlinkSync('song.ogg', path.join(top, 'latest'));
  const bytesOf = (name: string): Buffer => {
    const pieces = createHash('sha1').update('la la la').digest();
    return bencode({ info: { length: 8, name, 'piece length': 16 * KiB, pieces } });
  };
  assert.deepEqual(Buffer.from((await createTorrent(path.join(top, 'song.ogg'))).bytes), bytesOf('song.ogg'));
  assert.deepEqual(Buffer.from((await createTorrent(path.join(top, 'latest'))).bytes), bytesOf('latest'));
  assert.deepEqual(Buffer.from((await createTorrent(path.join(top, 'song.ogg'), { name: 'x' })).bytes), bytesOf('x'));
});

test('sorts files by the bytes of their paths, whatever their times', async (t) => {
  const names = ['b', 'B', 'a.b/x', 'a/y', 'a/Z', 'a-1', 'é', '\u{ff5e}', '\u{1f600}', 'z/z/z', '0'];
  const top = contentOf(t, Object.fromEntries(names.map((name) => [name, name])));
  const sorted = ['0', 'B', 'a-1', 'a.b/x', 'a/Z', 'a/y', 'b', 'z/z/z', 'é', '\u{ff5e}', '\u{1f600}'];
  const { bytes } = await createTorrent(top);
  const lists = [
    ...Buffer.from(bytes)
      .toString('utf8')
      .matchAll(/4:pathl(.*?)ee/g),
  ].map(([, list = '']) => list.replace(/\d+:/g, '/').slice(1));
  assert.deepEqual(lists, sorted);
  utimesSync(path.join(top, 'b'), 1, 1);
  assert.deepEqual((await createTorrent(top)).bytes, bytes);
});

test('leaves hidden files out and says so, unless they are wanted', async (t) => {
  const top = contentOf(t, { a: '1', '.git/config': '2', 'sub/.keep': '3' });
  const { metainfo, warnings } = await createTorrent(top);
  assert.deepEqual(
    metainfo.files.map((file) => file.path.join('/')),
    ['content/a'],
  );
  assert.deepEqual(warnings.toSorted(), [`${top}/.git is hidden: left out`, `${top}/sub/.keep is hidden: left out`]);
  assert.deepEqual(await pathsIn(top, { hidden: true }), ['.git/config', 'a', 'sub/.keep']);
});

test('leaves a FIFO out and says so', async (t) => {
  const top = contentOf(t, { a: '1' });
  assert.equal(spawnSync('mkfifo', [path.join(top, 'pipe')]).status, 0);
  const { metainfo, warnings } = await createTorrent(top);
  assert.equal(metainfo.files.length, 1);
  assert.deepEqual(warnings, [`${top}/pipe is a FIFO: left out`]);
  await assert.rejects(createTorrent(path.join(top, 'pipe')), refusal('bad-argument', /found a FIFO/));
});

test('leaves out what globs name: paths, names anywhere, whole directories', async (t) => {
  const top = contentOf(t, { a: '1', 'a.tmp': '2', 'sub/b.tmp': '3', 'sub/c': '4', 'node_modules/x/y': '5', 'sub/node_modules/z': '6' });
  assert.deepEqual(await pathsIn(top, { exclude: ['*.tmp', 'node_modules/'] }), ['a', 'sub/c']);
  assert.deepEqual(await pathsIn(top, { exclude: ['sub/*.tmp', 'sub/node_modules', 'a'] }), ['a.tmp', 'node_modules/x/y', 'sub/c']);
  const { warnings } = await createTorrent(top, { exclude: ['*.bak', '**/*.tmp'] });
  assert.deepEqual(warnings, ['--exclude *.bak leaves nothing out']);
  await assert.rejects(createTorrent(top, { exclude: ['**'] }), refusal('bad-argument', /no file to make a torrent of/));
});

test('refuses symbolic links, or takes what they lead to', async (t) => {
  const top = contentOf(t, { 'a/file': '1' });
  const elsewhere = contentOf(t, { other: '2', 'more/third': '3' });
  symlinkSync(path.join(elsewhere, 'other'), path.join(top, 'link'));
  await assert.rejects(
    createTorrent(top),
    refusal('bad-argument', /link cannot be in a torrent: it is a symbolic link.*--follow-symlinks/),
  );
  assert.deepEqual(await pathsIn(top, { exclude: ['link'] }), ['a/file']);
  symlinkSync(elsewhere, path.join(top, 'dir'));
  assert.deepEqual(await pathsIn(top, { followSymlinks: true }), ['a/file', 'dir/more/third', 'dir/other', 'link']);

  symlinkSync('..', path.join(top, 'a', 'up'));
  await assert.rejects(createTorrent(top, { followSymlinks: true }), refusal('bad-argument', /up .* a directory that it lies in/));
  rmSync(path.join(top, 'a', 'up'));
  symlinkSync('nowhere', path.join(top, 'broken'));
  await assert.rejects(createTorrent(top, { followSymlinks: true }), refusal('open-failed', /broken: no such file/));
});

test('refuses names that are not UTF-8', { skip: process.platform !== 'linux' && 'needs names of any bytes' }, async (t) => {
  const top = contentOf(t, { a: '1' });
  writeFileSync(Buffer.concat([Buffer.from(`${top}/caf`), Buffer.from([0xe9]), Buffer.from('.txt')]), 'x');
  await assert.rejects(createTorrent(top), refusal('bad-argument', /caf.\.txt cannot be in a torrent: its name is not UTF-8/));
  assert.deepEqual(await pathsIn(top, { exclude: ['caf*'] }), ['a']);
});

test('leaves its own torrent out', async (t) => {
  const top = contentOf(t, { a: '1', 'content.torrent': 'from an earlier run' });
  const leaveOut = path.join(top, 'content.torrent');
  const { metainfo, warnings } = await createTorrent(top, { leaveOut });
  assert.equal(metainfo.files.length, 1);
  assert.deepEqual(warnings, [`${leaveOut} is the torrent itself: left out`]);
});

test('refuses what no torrent, or none that others read, can hold', async (t) => {
  const top = contentOf(t, { a: '1', 'empty/file': '', [`deep/${'x/'.repeat(100)}y`]: '2', _____padding_file_0_: '3' });
  const missing = path.join(top, 'missing');
  await assert.rejects(createTorrent(missing), (error) => error instanceof StorageError && error.code === 'open-failed');
  await assert.rejects(createTorrent(path.join(top, 'empty')), refusal('bad-argument', /not a byte/));
  await assert.rejects(createTorrent(path.join(top, 'empty', 'file')), refusal('bad-argument', /not a byte/));
  await assert.rejects(createTorrent(top), refusal('bad-argument', /more than 100 levels deep/));
  await assert.rejects(
    createTorrent(top, { exclude: ['deep'] }),
    refusal('bad-argument', /_____padding_file_0_ has the name of a padding/),
  );
  for (const name of ['', '.', '..', 'a/b']) {
    await assert.rejects(createTorrent(path.join(top, 'a'), { name }), refusal('bad-argument', /no name for a torrent/));
  }
  await assert.rejects(createTorrent(path.join(top, 'a'), { pieceLength: 1000 }), refusal('bad-argument', /power of two/));
  await assert.rejects(createTorrent(path.join(top, 'a'), { trackers: [['x']] }), refusal('bad-argument', /not a URL/));
});

test('says before it hashes that a torrent would have too many pieces', async (t) => {
  const top = contentOf(t, { sparse: '' });
  truncateSync(path.join(top, 'sparse'), 2_097_153 * 16 * KiB);
  const onProgress = (): void => assert.fail('nothing is to be hashed');
  await assert.rejects(createTorrent(top, { pieceLength: 16 * KiB, onProgress }), refusal('bad-argument', /pieces of 32.0 KiB would do/));
});

test('a file that changes while it is hashed is an error that names it', async (t) => {
  const changes: readonly [what: string, complaint: RegExp, change: (file: string) => void][] = [
    ['grows', /b changed while it was hashed/, (file) => appendFileSync(file, 'more')],
    ['shrinks', /b changed while it was hashed/, (file) => truncateSync(file, 5)],
    ['is written to', /b changed while it was hashed/, (file) => writeFileSync(file, Buffer.alloc(100_000, 2))],
    ['vanishes', /b went away while it was hashed/, (file) => rmSync(file)],
    ['is replaced', /b changed while it was hashed/, (file) => renameSync(path.join(path.dirname(file), 'a'), file)],
    [
      'becomes a directory',
      /b changed while it was hashed/,
      (file) => {
        rmSync(file);
        mkdirSync(file);
      },
    ],
  ];
  for (const [what, complaint, change] of changes) {
    const top = contentOf(t, { a: Buffer.alloc(100_000, 1), b: Buffer.alloc(100_000, 1), c: 'c' });
    let isChanged = false;
    const onProgress = (): void => {
      if (!isChanged) change(path.join(top, 'b'));
      isChanged = true;
    };
    await assert.rejects(createTorrent(top, { exclude: ['a'], onProgress }), refusal('read-write-failed', complaint), what);
  }
});

test('an abort ends it with its reason', async (t) => {
  const top = contentOf(t, { a: Buffer.alloc(100_000, 1) });
  const stop = new AbortController();
  const reason = new Error('enough');
  await assert.rejects(createTorrent(top, { signal: stop.signal, onProgress: () => stop.abort(reason) }), (error) => error === reason);
  await assert.rejects(createTorrent(top, { signal: stop.signal }), (error) => error === reason);
});
