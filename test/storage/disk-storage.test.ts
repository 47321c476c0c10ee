import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { StorageError } from '../../src/errors.ts';
import { scratchDirectory } from '../support/scratch.ts';
import { allFiles, assertOnDisk, download, listFiles, makeContent, open, piecesOf, writePieces } from './fixture.ts';

const single = makeContent('image.iso', 16_384, [{ length: 100_000 }]);
const many = makeContent('set', 16_384, [
  { path: 'empty-first', length: 0 },
  { path: 'a', length: 5_000 },
  { path: 'b/c', length: 70_000 },
  { path: '.pad/1', length: 6_920, pad: true },
  { path: 'b/d/e', length: 40_000 },
  { path: 'empty-last', length: 0 },
]);

test('a fresh download ends with every file under its final name and nothing else', async (t) => {
  for (const allocation of ['sparse', 'none', 'prealloc'] as const) {
    for (const content of [single, many]) {
      const dir = scratchDirectory(t);
      const told = await download(content, dir, { allocation });
      assertOnDisk(content, dir, allFiles(content));
      assert.equal(told.completed.length, allFiles(content).length);
      assert.equal(told.checkedBytes, 0);
      assert.deepEqual(told.warnings, []);
    }
  }
});

test('while it is downloaded a file has its .part name only', async (t) => {
  const dir = scratchDirectory(t);
  const { storage } = await open(single, dir);
  await writePieces(storage, single, [0, 3]);
  assert.deepEqual(listFiles(dir), ['image.iso.part', 'image.iso.ttorrent.lock']);
  assert.equal(statSync(path.join(dir, 'image.iso.part')).size, 100_000);
  await storage.close();
  assert.deepEqual(listFiles(dir), ['image.iso.part', 'image.iso.ttorrent']);
});

test('a stopped download goes on from its state without hashing anything', async (t) => {
  const dir = scratchDirectory(t);
  const first = await open(many, dir);
  await writePieces(first.storage, many, [0, 2, 5]);
  await first.storage.close();
  const second = await open(many, dir);
  assert.equal(second.told.checkedBytes, 0);
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5, 6, 7].filter((piece) => second.storage.verified.has(piece)),
    [0, 2, 5],
  );
  await writePieces(second.storage, many, piecesOf(many, allFiles(many)));
  await second.storage.finish();
  assertOnDisk(many, dir, allFiles(many));
});

test('without a state file everything that is there is hashed', async (t) => {
  const dir = scratchDirectory(t);
  const partial = Buffer.from(single.bytes);
  partial.fill(1, 20_000, 20_001);
  writeFileSync(path.join(dir, 'image.iso.part'), partial);
  const { storage, told } = await open(single, dir);
  assert.equal(told.checkedBytes, 100_000);
  assert.equal(storage.verified.count, 6);
  assert.ok(!storage.verified.has(1));
  await writePieces(storage, single, [1]);
  await storage.finish();
  assertOnDisk(single, dir, [0]);
});

test('a complete download is recognised and nothing is written to it', async (t) => {
  const dir = scratchDirectory(t);
  await download(many, dir);
  const before = listFiles(dir).map((name) => statSync(path.join(dir, name)).mtimeMs);
  const { storage, told } = await open(many, dir);
  assert.ok(storage.verified.isFull);
  assert.equal(told.completed.length, allFiles(many).length);
  await storage.finish();
  assert.deepEqual(
    listFiles(dir).map((name) => statSync(path.join(dir, name)).mtimeMs),
    before,
  );
});

test('a file edited after the state was saved is hashed again, even when its size is the same', async (t) => {
  const dir = scratchDirectory(t);
  const first = await open(single, dir);
  await writePieces(first.storage, single, [0, 1, 2, 3]);
  await first.storage.close();
  const part = path.join(dir, 'image.iso.part');
  const edited = readFileSync(part);
  edited[40_000] = (edited[40_000] ?? 0) ^ 1;
  writeFileSync(part, edited);
  const second = await open(single, dir);
  assert.deepEqual(
    [0, 1, 2, 3].map((piece) => second.storage.verified.has(piece)),
    [true, true, false, true],
  );
  await second.storage.close();
});

test('with resume off the state is not looked at', async (t) => {
  const dir = scratchDirectory(t);
  const first = await open(single, dir);
  await writePieces(first.storage, single, [0, 1]);
  await first.storage.close();
  const second = await open(single, dir, { resume: false });
  assert.equal(second.told.checkedBytes, 100_000);
  assert.equal(second.storage.verified.count, 2);
  await second.storage.close();
});

test('verified pieces of an incomplete final file are kept, and it is replaced only by the complete one', async (t) => {
  const dir = scratchDirectory(t);
  const damaged = Buffer.from(single.bytes);
  damaged.fill(0, 0, 10);
  writeFileSync(path.join(dir, 'image.iso'), damaged);
  const { storage } = await open(single, dir);
  assert.equal(storage.verified.count, 6);
  assert.ok(readFileSync(path.join(dir, 'image.iso')).equals(damaged), 'untouched so far');
  await writePieces(storage, single, [0]);
  await storage.finish();
  assertOnDisk(single, dir, [0]);
});

test('a final file that is cut short or too long is repaired', async (t) => {
  for (const found of [single.bytes.subarray(0, 80_000), Buffer.concat([single.bytes, Buffer.alloc(10)])]) {
    const dir = scratchDirectory(t);
    writeFileSync(path.join(dir, 'image.iso'), found);
    await download(single, dir);
    assertOnDisk(single, dir, [0]);
  }
});

test("another client's preallocated file of zeros and some pieces is taken over", async (t) => {
  const dir = scratchDirectory(t);
  const found = Buffer.alloc(100_000);
  single.bytes.copy(found, 16_384, 16_384, 32_768);
  writeFileSync(path.join(dir, 'image.iso'), found);
  const { storage } = await open(single, dir);
  assert.equal(storage.verified.count, 1);
  await storage.close();
});

test("somebody else's file is refused and left untouched, unless overwriting is asked for", async (t) => {
  const dir = scratchDirectory(t);
  const other = Buffer.alloc(50_000, 'other');
  writeFileSync(path.join(dir, 'image.iso'), other);
  await assert.rejects(open(single, dir), (error) => {
    assert.ok(error instanceof StorageError);
    assert.equal(error.code, 'in-the-way');
    assert.match(error.message, /exists and differs \(0 of 4 pieces match\)/);
    return true;
  });
  assert.ok(readFileSync(path.join(dir, 'image.iso')).equals(other));
  assert.deepEqual(listFiles(dir), ['image.iso']);
  await download(single, dir, { overwrite: true });
  assertOnDisk(single, dir, [0]);
});

test('a small file whose only piece it shares is judged when its verified bytes are there', async (t) => {
  const content = makeContent('notes', 32_768, [
    { path: 'readme', length: 1_000 },
    { path: 'data', length: 20_000 },
  ]);
  const repaired = scratchDirectory(t);
  mkdirSync(path.join(repaired, 'notes'));
  writeFileSync(path.join(repaired, 'notes/readme'), content.file(0));
  await download(content, repaired);
  assertOnDisk(content, repaired, [0, 1]);

  const foreign = scratchDirectory(t);
  mkdirSync(path.join(foreign, 'notes'));
  writeFileSync(path.join(foreign, 'notes/readme'), Buffer.alloc(1_000, 'mine'));
  await assert.rejects(download(content, foreign), { code: 'in-the-way' });
  assert.ok(readFileSync(path.join(foreign, 'notes/readme')).equals(Buffer.alloc(1_000, 'mine')));
});

test('a file that appears under a final name during the download is not replaced', async (t) => {
  const dir = scratchDirectory(t);
  const { storage } = await open(single, dir);
  writeFileSync(path.join(dir, 'image.iso'), 'mine');
  await writePieces(storage, single, piecesOf(single, [0]));
  await assert.rejects(storage.finish(), { code: 'in-the-way' });
  await storage.close();
  assert.equal(readFileSync(path.join(dir, 'image.iso'), 'utf8'), 'mine');
  assert.ok(readFileSync(path.join(dir, 'image.iso.part')).equals(single.bytes), 'what was downloaded is kept');
});

test('a .part that was cut or replaced during the download never gets the final name', async (t) => {
  const damages: ((part: string) => void)[] = [
    (part) => writeFileSync(part, single.bytes.subarray(0, 99_999)),
    (part) => {
      writeFileSync(`${part}.new`, single.bytes);
      renameSync(`${part}.new`, part);
    },
  ];
  for (const damage of damages) {
    const dir = scratchDirectory(t);
    const { storage } = await open(single, dir);
    await writePieces(storage, single, [0, 1, 2, 3, 4, 5]);
    damage(path.join(dir, 'image.iso.part'));
    await assert.rejects(async () => {
      await writePieces(storage, single, [6]);
      // The last piece makes a file of the full length again when only the end was cut: then the next look must tell.
      writeFileSync(path.join(dir, 'image.iso.part'), single.bytes.subarray(0, 50_000));
      await storage.finish();
    }, StorageError);
    await storage.close();
    assert.ok(!existsSync(path.join(dir, 'image.iso')));
  }
});

test('after the first failure every call gives that failure', async (t) => {
  const dir = scratchDirectory(t);
  const { storage } = await open(single, dir);
  writeFileSync(path.join(dir, 'image.iso'), 'mine');
  await writePieces(storage, single, piecesOf(single, [0]));
  const failure = await storage.finish().catch((error: unknown) => error);
  await assert.rejects(storage.finish(), (error) => error === failure);
  await assert.rejects(storage.writePiece(0, single.piece(0)), (error) => error === failure);
  await storage.close();
});

test('verified bytes can be read back from .part and final files; pad files read as zeros', async (t) => {
  const dir = scratchDirectory(t);
  const { storage } = await open(many, dir);
  await writePieces(storage, many, [0, 1, 2, 3, 4]);
  const into = Buffer.alloc(16_000, 0xee);
  await storage.read(4, 300, into);
  assert.ok(into.equals(many.bytes.subarray(4 * 16_384 + 300, 4 * 16_384 + 16_300)));
  assert.ok(storage.holds(4));
  assert.ok(!storage.holds(5));
  await storage.close();
});

test('a download with nothing selected but empty files is complete at once', async (t) => {
  const dir = scratchDirectory(t);
  const { storage, told } = await open(many, dir, { selection: new Set([0, 5]) });
  assert.deepEqual(told.completed.sort(), ['set/empty-first', 'set/empty-last']);
  await storage.finish();
  assertOnDisk(many, dir, [0, 5]);
});

test('a torrent of empty files only needs no piece', async (t) => {
  const dir = scratchDirectory(t);
  const content = makeContent('nothing', 16_384, [{ path: 'x', length: 0 }]);
  await download(content, dir);
  assertOnDisk(content, dir, [0]);
});

test('files get the mode that the umask leaves of 0666', async (t) => {
  const dir = scratchDirectory(t);
  await download(single, dir);
  assert.equal(statSync(path.join(dir, 'image.iso')).mode & 0o7777, 0o666 & ~process.umask());
});

test('the output directory may be a symbolic link, and its last level is created', async (t) => {
  const dir = scratchDirectory(t);
  mkdirSync(path.join(dir, 'real'));
  symlinkSync('real', path.join(dir, 'link'));
  await download(single, path.join(dir, 'link', 'new'));
  assertOnDisk(single, path.join(dir, 'real', 'new'), [0]);
});

test('an output directory that cannot be made is refused', async (t) => {
  const dir = scratchDirectory(t);
  writeFileSync(path.join(dir, 'file'), '');
  for (const outputDir of [path.join(dir, 'no', 'such'), path.join(dir, 'file')]) {
    await assert.rejects(open(single, outputDir), { code: 'mkdir-failed' });
  }
  assert.deepEqual(listFiles(dir), ['file']);
});

test('an output directory that cannot be written is refused', async (t) => {
  const dir = scratchDirectory(t);
  chmodSync(dir, 0o555);
  // Root may write everywhere: then the test is somebody else meanwhile.
  if (process.geteuid?.() === 0) {
    process.seteuid?.(65_534);
    t.after(() => process.seteuid?.(0));
  }
  await assert.rejects(open(single, dir), { code: 'create-failed' });
  process.seteuid?.(process.getuid?.() ?? 0);
});

test('a torrent that needs more than the disk has is refused before anything is allocated', async (t) => {
  const dir = scratchDirectory(t);
  const pieceLength = 2 ** 29;
  const length = 2 ** 48 - 1;
  const pieceCount = Math.ceil(length / pieceLength);
  const file = { index: 0, path: ['huge'], length, torrentOffset: 0, pad: false, executable: false };
  const { metainfo } = single;
  const huge = {
    ...metainfo,
    name: 'huge',
    files: [file],
    totalLength: length,
    pieceLength,
    pieceCount,
    pieceHashes: new Uint8Array(pieceCount * 20),
  };
  await assert.rejects(open({ metainfo: huge }, dir), (error) => {
    assert.ok(error instanceof StorageError);
    assert.equal(error.code, 'disk-full');
    assert.match(error.message, /needs 256 TiB, .* free/);
    return true;
  });
  assert.deepEqual(listFiles(dir), []);
});

test('an aborted check rejects with the reason, frees the lock and changes nothing', async (t) => {
  const dir = scratchDirectory(t);
  writeFileSync(path.join(dir, 'image.iso.part'), single.bytes);
  utimesSync(path.join(dir, 'image.iso.part'), 1, 1);
  const stop = new AbortController();
  const reason = new Error('enough');
  const listener = { checked: () => stop.abort(reason), fileCompleted: () => {}, warned: () => {} };
  await assert.rejects(open(single, dir, { signal: stop.signal, listener }), (error) => error === reason);
  assert.deepEqual(listFiles(dir), ['image.iso.part']);
  assert.equal(statSync(path.join(dir, 'image.iso.part')).mtimeMs, 1000);
});

test('preallocation fills what is missing and leaves what is verified', async (t) => {
  const dir = scratchDirectory(t);
  const first = await open(single, dir);
  await writePieces(first.storage, single, [2]);
  await first.storage.close();
  const second = await open(single, dir, { allocation: 'prealloc' });
  assert.ok(statSync(path.join(dir, 'image.iso.part')).blocks * 512 >= 100_000);
  assert.ok(readFileSync(path.join(dir, 'image.iso.part')).subarray(32_768, 49_152).equals(single.piece(2)));
  await second.storage.close();
});
