// What other programs write to the files of a download while it runs, between two runs, or before the first.

import assert from 'node:assert/strict';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { storageError } from '../../src/storage/storage-error.ts';
import { inDirectoryOfSync } from '../../src/storage/held-directory.ts';
import { HandClock } from '../support/hand-clock.ts';
import { scratchDirectory } from '../support/scratch.ts';
import { assertOnDisk, download, edit, listFiles, makeContent, open, piecesOf, writePieces } from './fixture.ts';

const content = makeContent('image.iso', 16_384, [{ length: 200_000 }]);
const last = content.metainfo.pieceCount - 1;
const allButLast = Array.from({ length: last }, (_, i) => i);

function partIn(dir: string): string {
  return path.join(dir, 'image.iso.part');
}

/** `edits` damages piece 1 while every other piece is there; then the last piece is written. `lastFirst`: before the damage is done. */
async function assertNoticed(t: TestContext, lastFirst: boolean, edits: (part: string) => void): Promise<void> {
  const dir = scratchDirectory(t);
  const { storage } = await open(content, dir, {}, new HandClock());
  await writePieces(storage, content, lastFirst ? [...allButLast, last] : allButLast);
  edits(partIn(dir));
  await writePieces(storage, content, [last]);
  await assert.rejects(storage.finish(), { code: 'read-write-failed' });
  await storage.close();
  assert.ok(!existsSync(path.join(dir, 'image.iso')));
  const again = await open(content, dir);
  assert.deepEqual(
    [...allButLast, last].filter((piece) => !again.storage.verified.has(piece)),
    [1],
    'the state vouches for nothing of it',
  );
  await again.storage.writePiece(1, content.piece(1));
  await again.storage.finish();
  assertOnDisk(content, dir, [0]);
}

test('a verified piece that another program overwrites before or after the last one is written is never called complete', async (t) => {
  for (const lastFirst of [false, true]) {
    for (const keepsMtime of [false, true]) await assertNoticed(t, lastFirst, (part) => edit(part, 'EDITED', 20_000, keepsMtime));
  }
});

test('a state saved after a foreign write does not vouch for the file', async (t) => {
  const dir = scratchDirectory(t);
  const first = await open(content, dir);
  await writePieces(first.storage, content, [0, 1, 2]);
  edit(partIn(dir), 'EDITED', 20_000);
  await first.storage.writePiece(3, content.piece(3));
  await first.storage.close();
  const second = await open(content, dir);
  assert.deepEqual(
    [0, 1, 2, 3].map((piece) => second.storage.verified.has(piece)),
    [true, false, true, true],
  );
  await second.storage.close();
});

test('a .part that was only touched is hashed again and completed', async (t) => {
  const dir = scratchDirectory(t);
  const { storage } = await open(content, dir);
  await writePieces(storage, content, allButLast);
  utimesSync(partIn(dir), 1, 1);
  await storage.writePiece(last, content.piece(last));
  await storage.finish();
  assertOnDisk(content, dir, [0]);
});

test('an edit between two runs is found even when the mtime was put back', async (t) => {
  const dir = scratchDirectory(t);
  const first = await open(content, dir);
  await writePieces(first.storage, content, [0, 1, 2]);
  await first.storage.close();
  edit(partIn(dir), 'EDITED', 20_000, true);
  const second = await open(content, dir);
  assert.deepEqual(
    [0, 1, 2].map((piece) => second.storage.verified.has(piece)),
    [true, false, true],
  );
  await second.storage.close();
});

test('the state of a partial selection holds for its final files as they are, and not once one was edited', async (t) => {
  const set = makeContent('set', 1_024, [
    { path: 'a', length: 3_000 },
    { path: 'b', length: 3_000 },
  ]);
  const dir = scratchDirectory(t);
  const selection = new Set([0]);
  await download(set, dir, { selection });
  const kept = await open(set, dir, { selection });
  assert.equal(kept.told.checkedBytes, 0);
  assert.equal(kept.storage.verified.count, 3);
  await kept.storage.close();
  edit(path.join(dir, 'set/a'), 'EDITED', 1_100, true);
  const edited = await open(set, dir, { selection });
  assert.ok(!edited.storage.verified.has(1));
  await edited.storage.close();
});

async function assertRefused(t: TestContext, found: Uint8Array): Promise<void> {
  const dir = scratchDirectory(t);
  writeFileSync(partIn(dir), found);
  await assert.rejects(open(content, dir), { code: 'in-the-way' });
  assert.ok(readFileSync(partIn(dir)).equals(found), 'untouched');
  assert.deepEqual(listFiles(dir), ['image.iso.part']);
  await download(content, dir, { overwrite: true });
  assertOnDisk(content, dir, [0]);
}

test("somebody else's .part is refused and left untouched, unless overwriting is asked for", async (t) => {
  const other = makeContent('other', 16_384, [{ length: 300_000 }]).bytes;
  await assertRefused(t, other);
  await assertRefused(t, other.subarray(0, 200_000));
  await assertRefused(t, other.subarray(0, 50_000));
});

test('a .part without a state is ours when it holds zeros, valid pieces and pieces that a kill cut short', async (t) => {
  const dir = scratchDirectory(t);
  const killed = Buffer.alloc(200_000);
  for (const piece of [2, 5, 7]) killed.set(content.piece(piece).subarray(0, 8_192), piece * 16_384);
  killed.set(content.piece(3), 3 * 16_384);
  writeFileSync(partIn(dir), killed);
  const { storage } = await open(content, dir);
  assert.equal(storage.verified.count, 1);
  await writePieces(storage, content, piecesOf(content, [0]));
  await storage.finish();
  assertOnDisk(content, dir, [0]);
});

test("somebody else's .part beside a complete file stays", async (t) => {
  const dir = scratchDirectory(t);
  writeFileSync(path.join(dir, 'image.iso'), content.bytes);
  writeFileSync(partIn(dir), 'mine');
  await assert.doesNotReject(download(content, dir));
  assert.equal(readFileSync(partIn(dir), 'utf8'), 'mine');
});

test('nothing is created in a directory that was exchanged for a link', { skip: process.platform !== 'linux' }, (t) => {
  const [dir, outside] = [scratchDirectory(t), scratchDirectory(t)];
  mkdirSync(path.join(dir, 'd'));
  const create = (swap: () => void): void =>
    inDirectoryOfSync(path.join(dir, 'd', 'new'), (heldPath) => {
      swap();
      closeSync(openSync(heldPath, 'wx'));
    });
  create(() => {
    renameSync(path.join(dir, 'd'), path.join(dir, 'moved'));
    symlinkSync(outside, path.join(dir, 'd'));
  });
  assert.deepEqual([listFiles(outside), listFiles(path.join(dir, 'moved'))], [[], ['new']]);
  assert.throws(() => create(() => undefined), { code: 'in-the-way' });
  assert.deepEqual(listFiles(outside), []);
});

test('a directory that cannot be written is enough for a download that is complete', async (t) => {
  const dir = scratchDirectory(t);
  await download(content, dir);
  chmodSync(dir, 0o555);
  // Stands for a read-only mount: the lock cannot be created.
  if (process.geteuid?.() === 0) {
    process.seteuid?.(65_534);
    t.after(() => process.seteuid?.(0));
  }
  const { storage, told } = await open(content, dir);
  assert.deepEqual(told.completed, ['image.iso']);
  assert.ok(storage.verified.isFull);
  await storage.finish();
  await storage.close();
  process.seteuid?.(process.getuid?.() ?? 0);
});

test('a quota that is used up is a full disk, although Node has no name for it', () => {
  const errno = process.platform === 'linux' ? -122 : -69;
  const error = Object.assign(new Error(`Unknown system error ${errno}: Unknown system error ${errno}, write`), {
    errno,
    code: `Unknown system error ${errno}`,
  });
  const failure = storageError('writing x', error, 'read-write-failed');
  assert.equal(failure.code, 'disk-full');
  assert.equal(failure.message, 'writing x: disk quota exceeded (EDQUOT)');
});

test('a failure in the background is told at once', async (t) => {
  const dir = scratchDirectory(t);
  let failed: (error: Error) => void = () => undefined;
  const failure = new Promise<Error>((resolve) => (failed = resolve));
  const listener = { checked: () => {}, fileCompleted: () => {}, warned: () => {}, failed: (error: Error) => failed(error) };
  const { storage } = await open(content, dir, { listener });
  writeFileSync(path.join(dir, 'image.iso'), 'mine');
  await writePieces(storage, content, [...allButLast, last]);
  assert.equal((await failure).message, `${path.join(dir, 'image.iso')} appeared while the download went on`);
  await assert.rejects(storage.finish(), await failure);
  await storage.close();
});
