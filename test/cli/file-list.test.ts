import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileList } from '../../src/cli/file-list.ts';

const files = ['a', 'b', '.pad', 'c\u202etxt'].map((name, index) => ({
  index,
  path: ['dir', name],
  length: 1000 * (index + 1),
  torrentOffset: 0,
  pad: name === '.pad',
  executable: false,
}));

test('numbers the files from 1 as --select counts them: pad files have no number', () => {
  assert.equal(fileList({ files }, undefined, false), '1\t1000\tdir/a\n2\t2000\tdir/b\n3\t4000\tdir/c\u202etxt\n');
});

test('keeps the numbers when only some files are listed', () => {
  assert.equal(fileList({ files }, new Set([1, 3]), false), '2\t2000\tdir/b\n3\t4000\tdir/c\u202etxt\n');
});

test('aligns columns for people and escapes what could disturb a terminal', () => {
  const ten = Array.from({ length: 10 }, (_, index) => ({
    ...files[0],
    index,
    path: ['x'],
    length: 2048,
    torrentOffset: 0,
    pad: false,
    executable: false,
  }));
  assert.match(fileList({ files: ten }, undefined, true), /^ 1 {4}2\.00 KiB {2}x\n[^]*\n10 {4}2\.00 KiB {2}x\n$/);
  assert.match(fileList({ files }, undefined, true), /dir\/c\\u\{202e\}txt\n$/);
});
