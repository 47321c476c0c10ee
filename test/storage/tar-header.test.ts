// Archives are read by the system's tar, which is not ours; what it does not show is looked at in the bytes.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { type TarEntry, tarEnd, tarHeader, tarPadding } from '../../src/storage/tar-header.ts';
import { scratchDirectory } from '../support/scratch.ts';

const entries: readonly (readonly [what: string, path: readonly string[], extended: boolean])[] = [
  ['a short path', ['dir', 'a.bin'], false],
  ['a name of 100 bytes', ['a'.repeat(100)], false],
  ['a name of 101 bytes', ['b'.repeat(101)], true],
  ['a path that a slash splits', ['d'.repeat(100), 'e'.repeat(54), 'f'.repeat(100)], false],
  ['a prefix one byte too long', ['d'.repeat(100), 'e'.repeat(55), 'f'.repeat(100)], true],
  ['a path of 1000 bytes', Array.from({ length: 10 }, (_, i) => String(i).repeat(99)), true],
  ['a name that is not ASCII', ['Überraschung – 日本語 🐧'], true],
  ['a name of spaces and signs', [' =*', '-rf'], false],
];

test('the system tar makes every file with its path, content, mode and time', (t) => {
  const directory = scratchDirectory(t);
  const parts = entries.flatMap(([what, elements, extended], i) => {
    const head = tarHeader({ path: elements, size: i + 1, mtime: 1_700_000_000 + i, executable: i % 2 === 1 });
    assert.equal(head.length > 512, extended, what);
    return [head, Buffer.alloc(i + 1, what), tarPadding(i + 1)];
  });
  const { status, stderr } = spawnSync('tar', ['-xpf', '-', '-C', directory], { input: Buffer.concat([...parts, tarEnd()]) });
  assert.deepEqual([status, stderr.toString()], [0, '']);
  for (const [i, [what, elements]] of entries.entries()) {
    const target = path.join(directory, ...elements);
    assert.ok(readFileSync(target).equals(Buffer.alloc(i + 1, what)), what);
    const { mode, mtimeMs } = statSync(target);
    assert.deepEqual([mode & 0o777, mtimeMs], [i % 2 === 1 ? 0o755 : 0o644, (1_700_000_000 + i) * 1000], what);
  }
});

function header(entry: Partial<TarEntry>): Buffer {
  return Buffer.from(tarHeader({ path: ['f'], size: 0, mtime: 0, executable: false, ...entry }));
}

test('says a size of 8 GiB or more in an extended header', () => {
  assert.equal(header({ size: 2 ** 33 - 1 }).toString('latin1', 124, 136), '77777777777\0');
  const large = header({ size: 2 ** 33 });
  assert.equal(large.length, 3 * 512);
  assert.equal(large.toString('latin1', 512, 512 + 19), '19 size=8589934592\n');
  // A record counts its own digits: 98 bytes without them are 101 with them.
  assert.match(header({ path: [`${'ü'.repeat(45)}x`] }).toString('utf8', 512), /^101 path=ü{45}x\n/);
});

test('writes a date that the header has no room for as none', () => {
  for (const mtime of [-1, 2 ** 40, Number.NaN]) assert.equal(header({ mtime }).toString('latin1', 136, 148), '00000000000\0');
  assert.equal(header({ mtime: 8 ** 11 - 1 }).toString('latin1', 136, 148), '77777777777\0');
});
