// Whatever else than a file has one of our names, or leads out of the output directory, is refused before anything is changed.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { linkSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { InvariantError, StorageError } from '../../src/errors.ts';
import { scratchDirectory } from '../support/scratch.ts';
import { assertOnDisk, listFiles, makeContent, open, writePieces } from './fixture.ts';

const content = makeContent('set', 1_024, [
  { path: 'sub/file', length: 3_000 },
  { path: 'other', length: 3_000 },
]);

interface Place {
  readonly dir: string;
  readonly outside: string;
  readonly victim: string;
}

function place(t: TestContext): Place {
  const outside = scratchDirectory(t);
  const victim = path.join(outside, 'victim');
  writeFileSync(victim, 'precious');
  return { dir: scratchDirectory(t), outside, victim };
}

async function assertRefused(t: TestContext, obstacle: (place: Place) => void | Promise<void>, named: string): Promise<void> {
  const at = place(t);
  await obstacle(at);
  const before = [listFiles(at.dir), listFiles(at.outside)];
  await assert.rejects(open(content, at.dir), (error) => {
    assert.ok(error instanceof StorageError);
    assert.equal(error.code, 'in-the-way');
    assert.ok(error.message.includes(path.join(at.dir, named)), error.message);
    return true;
  });
  assert.deepEqual([listFiles(at.dir), listFiles(at.outside)], before);
  assert.equal(readFileSync(at.victim, 'utf8'), 'precious');
}

for (const name of ['set/sub/file', 'set/sub/file.part']) {
  const inSub = ({ dir }: Place): string => {
    mkdirSync(path.join(dir, 'set/sub'), { recursive: true });
    return path.join(dir, name);
  };

  test(`${name} as a symbolic link to a file, to nothing or to itself is refused`, async (t) => {
    await assertRefused(t, (at) => symlinkSync(at.victim, inSub(at)), name);
    await assertRefused(t, (at) => symlinkSync(path.join(at.outside, 'nothing'), inSub(at)), name);
    await assertRefused(t, (at) => symlinkSync('file', inSub(at)), name);
  });

  test(`${name} as a directory or a FIFO is refused`, async (t) => {
    await assertRefused(t, (at) => mkdirSync(inSub(at)), name);
    await assertRefused(t, (at) => void execFileSync('mkfifo', [inSub(at)]), name);
  });

  test(`${name} as a socket is refused`, async (t) => {
    const server = net.createServer();
    t.after(() => server.close());
    await assertRefused(t, (at) => new Promise((resolve) => void server.listen(inSub(at), () => resolve())), name);
  });
}

test('a directory on the way that is a symbolic link, a file or a FIFO is refused', async (t) => {
  await assertRefused(t, ({ dir, outside }) => symlinkSync(outside, path.join(dir, 'set')), 'set');
  await assertRefused(t, ({ dir }) => writeFileSync(path.join(dir, 'set'), 'a file'), 'set');
  const sub = ({ dir }: Place): string => {
    mkdirSync(path.join(dir, 'set'));
    return path.join(dir, 'set/sub');
  };
  await assertRefused(t, (at) => symlinkSync(at.outside, sub(at)), 'set/sub');
  await assertRefused(t, (at) => symlinkSync('.', sub(at)), 'set/sub');
  await assertRefused(t, (at) => void execFileSync('mkfifo', [sub(at)]), 'set/sub');
});

test('a .part that has a second name is refused', async (t) => {
  await assertRefused(
    t,
    (at) => {
      mkdirSync(path.join(at.dir, 'set'));
      linkSync(at.victim, path.join(at.dir, 'set/other.part'));
    },
    'set/other.part',
  );
});

test('a final file that has a second name is replaced, and the other name keeps its bytes', async (t) => {
  const at = place(t);
  mkdirSync(path.join(at.dir, 'set'));
  linkSync(at.victim, path.join(at.dir, 'set/other'));
  const { storage } = await open(content, at.dir, { overwrite: true });
  await writePieces(storage, content, [0, 1, 2, 3, 4, 5]);
  await storage.finish();
  assert.equal(readFileSync(at.victim, 'utf8'), 'precious');
  assertOnDisk(content, at.dir, [0, 1]);
});

test('a lock that is no lock is refused', async (t) => {
  await assertRefused(t, ({ dir, victim }) => symlinkSync(victim, path.join(dir, 'set.ttorrent.lock')), 'set.ttorrent.lock');
  await assertRefused(t, ({ dir }) => mkdirSync(path.join(dir, 'set.ttorrent.lock')), 'set.ttorrent.lock');
  await assertRefused(t, ({ dir }) => void execFileSync('mkfifo', [path.join(dir, 'set.ttorrent.lock')]), 'set.ttorrent.lock');
});

test('a path element that is no plain name never reaches the disk', async (t) => {
  for (const element of ['..', '.', '', 'a/b', '/etc', 'x\0y']) {
    const at = place(t);
    const [file] = content.metainfo.files;
    assert.ok(file !== undefined);
    const evil = {
      metainfo: { ...content.metainfo, files: [{ ...file, path: ['set', element, 'file'] }, ...content.metainfo.files.slice(1)] },
    };
    await assert.rejects(open(evil, at.dir), InvariantError);
    assert.deepEqual(listFiles(at.dir), []);
  }
});

test('two files of one path are refused', async (t) => {
  const [file, other] = content.metainfo.files;
  assert.ok(file !== undefined && other !== undefined);
  for (const elements of [
    ['set', 'x'],
    ['set', 'x.part'],
  ]) {
    const twins = {
      metainfo: {
        ...content.metainfo,
        files: [
          { ...file, path: ['set', 'x'] },
          { ...other, path: elements },
        ],
      },
    };
    await assert.rejects(open(twins, scratchDirectory(t)), { code: 'bad-torrent' });
  }
});

test('links put in place of files and directories during the download are never written through', async (t) => {
  // More files than the pool keeps open, so that files are opened again and again while the swaps go on.
  const sketches = Array.from({ length: 100 }, (_, i) => ({ path: `d${i % 2}/f${i}`, length: 1_024 }));
  const swarm = makeContent('swap', 256, sketches);
  for (let round = 0; round < 12; round++) {
    const at = place(t);
    mkdirSync(path.join(at.outside, 'tree'));
    for (let i = 0; i < 100; i++) writeFileSync(path.join(at.outside, 'tree', `f${i}.part`), 'precious');
    const { storage } = await open(swarm, at.dir);
    const swap = round % 2 === 0 ? swapDirectory : swapFiles;
    for (let piece = 0; piece < swarm.metainfo.pieceCount; piece++) {
      if (piece === 20 * (round + 1)) swap(at);
      const failure = await storage.writePiece(piece, swarm.piece(piece)).catch((error: unknown) => error);
      if (failure !== undefined) {
        assert.ok(failure instanceof StorageError);
        break;
      }
    }
    await assert.rejects(storage.finish());
    await storage.close();
    for (let i = 0; i < 100; i++) assert.equal(readFileSync(path.join(at.outside, 'tree', `f${i}.part`), 'utf8'), 'precious');
    assert.equal(listFiles(path.join(at.outside, 'tree')).length, 100, 'nothing new outside');
  }
});

function swapDirectory({ dir, outside }: Place): void {
  renameSync(path.join(dir, 'swap/d0'), path.join(dir, 'swap/moved'));
  symlinkSync(path.join(outside, 'tree'), path.join(dir, 'swap/d0'));
}

function swapFiles({ dir, outside }: Place): void {
  for (let i = 0; i < 100; i += 2) {
    const part = path.join(dir, `swap/d0/f${i}.part`);
    const isThere = lstatSync(part, { throwIfNoEntry: false }) !== undefined;
    rmSync(part, { force: true });
    symlinkSync(path.join(outside, 'tree', `f${i}.part`), part);
    if (isThere) rmSync(path.join(dir, `swap/d0/f${i}`), { force: true });
  }
}
