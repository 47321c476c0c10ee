// What a complete download leaves behind is trusted as long as every file looks the same, and not a moment longer.

import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { storageLimits } from '../../src/config.ts';
import { openRemembered } from '../../src/storage/completion-record.ts';
import { openStorage } from '../../src/storage/disk-storage.ts';
import type { StorageOptions } from '../../src/storage/storage.ts';
import { mutate, seededRandom } from '../support/mutation.ts';
import { scratchDirectory } from '../support/scratch.ts';
import { allFiles, assertOnDisk, type Content, fromAnotherBoot, makeContent, piecesOf, writePieces } from './fixture.ts';

const tree = makeContent('tree', 1_000, [
  { path: 'a', length: 4_500 },
  { path: 'b/c', length: 2_600 },
  { path: 'empty', length: 0 },
]);

interface Place {
  readonly out: string;
  readonly state: string;
}

function place(t: TestContext): Place {
  const directory = scratchDirectory(t);
  return { out: path.join(directory, 'out'), state: path.join(directory, 'state') };
}

interface Run {
  /** Whether the download was opened in earnest: lock, state, hashing. */
  readonly isOpened: boolean;
  readonly completed: readonly string[];
}

/** One run: opens, writes what is missing, finishes. */
async function run(content: Content, where: Place, options: Partial<StorageOptions> = {}): Promise<Run> {
  const completed: string[] = [];
  let isOpened = false;
  const storage = await openRemembered(
    content.metainfo,
    {
      outputDir: where.out,
      selection: new Set(allFiles(content)),
      allocation: 'sparse',
      fsync: false,
      resume: true,
      overwrite: false,
      signal: new AbortController().signal,
      listener: {
        checked: () => undefined,
        fileCompleted: (_file, absolutePath) => completed.push(path.relative(where.out, absolutePath)),
        warned: () => undefined,
      },
      ...options,
    },
    where.state,
    (metainfo, opened) => {
      isOpened = true;
      return openStorage(metainfo, opened);
    },
  );
  await writePieces(storage, content, piecesOf(content, options.selection ?? allFiles(content)));
  await storage.finish();
  return { isOpened, completed: completed.toSorted() };
}

const everything = ['tree/a', 'tree/b/c', 'tree/empty'];

test('a complete download is not opened again, whatever a stat would show of its size', async (t) => {
  const where = place(t);
  assert.deepEqual(await run(tree, where), { isOpened: true, completed: everything });
  assert.deepEqual(await run(tree, where), { isOpened: false, completed: everything });
  assertOnDisk(tree, where.out, allFiles(tree));
});

test('so it is when everything was there and had to be hashed', async (t) => {
  const where = place(t);
  await run(tree, where);
  rmSync(where.state, { recursive: true });
  assert.equal((await run(tree, where)).isOpened, true);
  assert.equal((await run(tree, where)).isOpened, false);
});

test('without `resume` all is checked', async (t) => {
  const where = place(t);
  await run(tree, where);
  assert.equal((await run(tree, where, { resume: false })).isOpened, true);
});

test('whatever happens to a file, all is checked, and repaired', async (t) => {
  const file = (where: Place): string => path.join(where.out, 'tree', 'a');
  const changes: [what: string, change: (where: Place) => void][] = [
    ['removed', (where) => rmSync(file(where))],
    ['cut', (where) => writeFileSync(file(where), readFileSync(file(where)).subarray(0, -1))],
    ['touched', (where) => utimesSync(file(where), 1, 1)],
    ['another mode', (where) => chmodSync(file(where), 0o600)],
    [
      'edited, and its mtime put back',
      (where) => {
        const { atime, mtime } = statSync(file(where));
        const bytes = readFileSync(file(where));
        bytes[0] = (bytes[0] ?? 0) ^ 1;
        writeFileSync(file(where), bytes);
        utimesSync(file(where), atime, mtime);
      },
    ],
    [
      'another file in its place',
      (where) => {
        writeFileSync(`${file(where)}.new`, readFileSync(file(where)));
        renameSync(`${file(where)}.new`, file(where));
      },
    ],
  ];
  for (const [what, change] of changes) {
    const where = place(t);
    await run(tree, where);
    change(where);
    assert.deepEqual(await run(tree, where), { isOpened: true, completed: everything }, what);
    assertOnDisk(tree, where.out, allFiles(tree));
    assert.equal((await run(tree, where)).isOpened, false, what);
  }
});

test('a link in the place of a file or directory is refused as always', async (t) => {
  for (const name of ['tree/a', 'tree/b']) {
    const where = place(t);
    await run(tree, where);
    renameSync(path.join(where.out, name), path.join(where.out, 'elsewhere'));
    symlinkSync(path.join(where.out, 'elsewhere'), path.join(where.out, name));
    await assert.rejects(run(tree, where), /symbolic link/);
  }
});

test('the same torrent in another directory is another download; through a link it is the same', async (t) => {
  const where = place(t);
  await run(tree, where);
  const other = { ...where, out: `${where.out}-other` };
  assert.equal((await run(tree, other)).isOpened, true);
  const linked = { ...where, out: `${where.out}-linked` };
  symlinkSync(where.out, linked.out);
  assert.equal((await run(tree, linked)).isOpened, false);
});

test('what was complete of one selection counts for a smaller one, and is kept beside that of another', async (t) => {
  const where = place(t);
  await run(tree, where, { selection: new Set([0]) });
  assert.equal((await run(tree, where)).isOpened, true);
  assert.equal((await run(tree, where, { selection: new Set([1]) })).isOpened, false);
  const apart = place(t);
  await run(tree, apart, { selection: new Set([0]) });
  await run(tree, apart, { selection: new Set([1]) });
  assert.equal((await run(tree, apart, { selection: new Set([0]) })).isOpened, false);
  assert.equal((await run(tree, apart, { selection: new Set([0, 1]) })).isOpened, false);
});

test('a download that is not complete leaves nothing', async (t) => {
  const where = place(t);
  const storage = await openRemembered(
    tree.metainfo,
    {
      outputDir: where.out,
      selection: new Set(allFiles(tree)),
      allocation: 'sparse',
      fsync: false,
      resume: true,
      overwrite: false,
      signal: new AbortController().signal,
      listener: { checked: () => undefined, fileCompleted: () => undefined, warned: () => undefined },
    },
    where.state,
    openStorage,
  );
  await writePieces(storage, tree, [0, 1]);
  await storage.close();
  assert.throws(() => readdirSync(where.state), /ENOENT/);
});

test('a record that is damaged, or not a file of ours, is as good as none', async (t) => {
  const where = place(t);
  await run(tree, where);
  const directory = path.join(where.state, 'complete');
  const record = path.join(directory, readdirSync(directory)[0] ?? '');
  const good = readFileSync(record);
  const random = seededRandom(7);
  for (let i = 0; i < 200; i++) {
    const damaged = mutate(good, random);
    if (good.equals(damaged)) continue;
    writeFileSync(record, damaged);
    assert.equal((await run(tree, where)).isOpened, true);
  }
  rmSync(record);
  mkdirSync(record);
  assert.equal((await run(tree, where)).isOpened, true);
  rmSync(record, { recursive: true });
  writeFileSync(path.join(where.out, 'copy'), good);
  symlinkSync(path.join(where.out, 'copy'), record);
  assert.equal((await run(tree, where)).isOpened, true);
});

test('what was not made to last is not trusted any more when the system was started anew, else it is', async (t) => {
  for (const fsync of [false, true]) {
    const where = place(t);
    await run(tree, where, { fsync });
    const records = path.join(where.state, 'complete');
    const [name = ''] = readdirSync(records);
    const record = readFileSync(path.join(records, name));
    assert.equal(record.subarray(36, 52).equals(Buffer.alloc(16)), fsync || process.platform !== 'linux');
    if (!fsync) writeFileSync(path.join(records, name), fromAnotherBoot(record));
    assert.equal((await run(tree, where, { fsync: true })).isOpened, !fsync);
  }
});

test('where nothing can be remembered all goes on as without it', async (t) => {
  const where = place(t);
  for (const state of ['/dev/null', '/proc/nowhere', path.join(where.out, 'tree', 'a')]) {
    assert.equal((await run(tree, { ...where, state })).isOpened, true);
    assert.equal((await run(tree, { ...where, state })).isOpened, true);
  }
});

test('a directory that cannot be written is remembered too; what another user wrote is not trusted', async (t) => {
  if (process.getuid?.() !== 0) return t.skip('needs root, to be somebody else for a while');
  const where = place(t);
  await run(tree, where);
  rmSync(where.state, { recursive: true });
  mkdirSync(where.state);
  chmodSync(where.out, 0o555);
  const nobody = 65_534;
  for (const directory of [where.state, path.dirname(where.state)]) chownSync(directory, nobody, nobody);
  process.seteuid?.(nobody);
  t.after(() => process.seteuid?.(0));
  assert.deepEqual(await run(tree, where), { isOpened: true, completed: everything });
  process.seteuid?.(0);
  const directory = path.join(where.state, 'complete');
  const [record = ''] = readdirSync(directory);
  const written = readFileSync(path.join(directory, record));
  assert.equal((await run(tree, where)).isOpened, true);

  // The same bytes, had they been ours.
  writeFileSync(path.join(directory, record), written);
  assert.equal((await run(tree, where)).isOpened, false);
});

test('as many downloads are remembered as may be, the newest', async (t) => {
  const where = place(t);
  const directory = path.join(where.state, 'complete');
  mkdirSync(directory, { recursive: true });
  const count = storageLimits.completionRecords;
  for (let i = 0; i < count; i++) {
    const name = path.join(directory, i.toString(16).padStart(40, '0'));
    writeFileSync(name, '');
    utimesSync(name, i, i);
  }
  writeFileSync(path.join(directory, 'not ours'), '');
  await run(tree, where);
  const names = readdirSync(directory);
  assert.equal(names.length, count + 1);
  assert.ok(!names.includes('0'.repeat(40)) && names.includes('1'.padStart(40, '0')) && names.includes('not ours'));
  assert.equal((await run(tree, where)).isOpened, false);
});
