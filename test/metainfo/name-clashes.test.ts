import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InputError } from '../../src/errors.ts';
import { resolveClashes } from '../../src/metainfo/name-clashes.ts';

const table: readonly (readonly [title: string, given: readonly string[], becomes: readonly string[]])[] = [
  ['leaves different names alone', ['a', 'b/a', 'b/b'], ['a', 'b/a', 'b/b']],
  ['numbers equal names in order', ['x.txt', 'x.txt', 'x.txt'], ['x.txt', 'x.1.txt', 'x.2.txt']],
  ['numbers names that differ in case', ['README', 'readme', 'ReadMe'], ['README', 'readme.1', 'ReadMe.2']],
  ['numbers names that differ in Unicode form', ['é', 'e\u0301'], ['é', 'e\u0301.1']],
  ['sees through directories that differ in case', ['Dir/a', 'dir/A'], ['Dir/a', 'dir/A.1']],
  ['lets a directory win over a file before it', ['x', 'x/y'], ['x.1', 'x/y']],
  ['lets a directory win over a file after it', ['x/y', 'x'], ['x/y', 'x.1']],
  ['lets a deep directory win', ['a/b', 'a/b/c/d', 'a/b/c'], ['a/b.1', 'a/b/c/d', 'a/b/c.1']],
  ['finds the next free number', ['x', 'x.1', 'x'], ['x', 'x.1', 'x.2']],
  ['gives way to a number that comes later by renaming the later one', ['x', 'x', 'x.1'], ['x', 'x.1', 'x.1.1']],
  ['keeps a name clear of the .part of an earlier file', ['x', 'x.part'], ['x', 'x.1.part']],
  ['keeps the .part of a file clear of an earlier file', ['x.part', 'x'], ['x.part', 'x.1']],
  ['keeps the .part of a file clear of a directory', ['x', 'x.part/y'], ['x.1', 'x.part/y']],
  ['sees .part in any case', ['x', 'X.PART'], ['x', 'X.1.PART']],
  ['the same name in two directories is no clash', ['a/x', 'b/x', 'a/x.part/y'], ['a/x.1', 'b/x', 'a/x.part/y']],
];

for (const [title, given, becomes] of table) {
  test(title, () =>
    assert.deepEqual(
      resolveClashes(given.map((path) => path.split('/'))).map((path) => path.join('/')),
      becomes,
    ),
  );
}

test('no two results are one file, or the .part of another, or a directory of another', () => {
  const names = ['x', 'X', 'x.part', 'x.1', 'x.1.part', 'x/x', 'x.part/x', 'x.PART', 'x'];
  const paths = resolveClashes(names.map((name) => name.split('/'))).map((path) => path.join('/').toLowerCase());
  const onDisk = paths.flatMap((path) => [path, `${path}.part`]);
  assert.equal(new Set(onDisk).size, onDisk.length);
  for (const path of paths) assert.ok(!onDisk.some((other) => path.startsWith(`${other}/`)), path);
});

test('resolves 500 clashes and refuses more, in time', () => {
  const same = (count: number): string[][] => Array.from({ length: count }, () => ['same']);
  const begun = performance.now();
  assert.equal(resolveClashes(same(501)).at(-1)?.[0], 'same.500');
  assert.throws(() => resolveClashes(same(100_000)), InputError);
  const occupied = Array.from({ length: 50_000 }, (_, i) => [`same.${i}`]);
  assert.throws(() => resolveClashes([...occupied, ...same(500)]), /at most 500 clashing names/);
  assert.ok(performance.now() - begun < 1000);
});
