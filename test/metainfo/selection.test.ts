import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InputError } from '../../src/errors.ts';
import { parseTorrent } from '../../src/metainfo/parse-torrent.ts';
import { selectFiles } from '../../src/metainfo/selection.ts';
import { multiFile, singleFile } from './torrent-text.ts';

/** File numbers 1 to 7 are indexes 0, 2, 3, 4, 5, 6, 7: index 1 is a pad file. */
const metainfo = parseTorrent(
  multiFile([
    { length: 1, path: ['a.txt'] },
    { attr: 'p', length: 1, path: ['.pad', '1'] },
    { length: 1, path: ['b.txt'] },
    { length: 1, path: ['sub', 'c.txt'] },
    { length: 1, path: ['sub', 'd.iso'] },
    { length: 1, path: ['sub', 'deep', 'e.iso'] },
    { length: 1, path: ['sub', '.hidden.iso'] },
    { length: 1, path: ['weird [1]{x}.txt'] },
  ]),
);

const table: readonly (readonly [selectors: readonly string[], indexes: readonly number[]])[] = [
  [[], [0, 2, 3, 4, 5, 6, 7]],
  [['1'], [0]],
  [['2'], [2]],
  [['1-3'], [0, 2, 3]],
  [['6-'], [6, 7]],
  [['6-100'], [6, 7]],
  [['1,3,5-6'], [0, 3, 5, 6]],
  [[' 2 , 1 '], [0, 2]],
  [
    ['1', '1-2', 'a.txt'],
    [0, 2],
  ],
  [['*.iso'], [4, 5, 6]],
  [['*.txt'], [0, 2, 3, 7]],
  [['a.txt'], [0]],
  [['e.iso'], [5]],
  [['sub/*.iso'], [4, 6]],
  [['sub/**'], [3, 4, 5, 6]],
  [['dir/sub/**/*.iso'], [4, 5, 6]],
  [['**/deep/*'], [5]],
  [['dir/*.txt'], [0, 2, 7]],
  [['sub/deep/e.iso'], [5]],
  [['dir/sub/deep/e.iso'], [5]],
  [['?.txt'], [0, 2, 3]],
  [['{a,b}.txt'], [0, 2]],
  [['[ab].txt'], [0, 2]],
  [['weird [1]{x}.txt'], [7]],
  [['dir/weird [1]{x}.txt'], [7]],
  [['**'], [0, 2, 3, 4, 5, 6, 7]],
];
for (const [selectors, indexes] of table) {
  test(`${JSON.stringify(selectors)} selects files ${indexes.join()}`, () => {
    assert.deepEqual(
      [...selectFiles(metainfo, selectors)].sort((a, b) => a - b),
      indexes,
    );
  });
}

test('a single file is selected by its name or its number', () => {
  const single = parseTorrent(singleFile());
  for (const selector of ['1', 'file.bin', '*.bin', '1-']) assert.deepEqual([...selectFiles(single, [selector])], [0]);
  assert.throws(() => selectFiles(single, ['x/*.bin']), InputError);
});

const malformed = ['', '  ', '0', '0-3', '3-1', '-', '-3', '1--2', '1-2-3', '1,', ',', '1,,2', '1 2'];
for (const selector of malformed) {
  test(`refuses ${JSON.stringify(selector)} as making no sense`, () => {
    assert.throws(
      () => selectFiles(metainfo, ['1', selector]),
      (error) => error instanceof InputError && error.code === 'bad-argument',
    );
  });
}

const matchingNothing = [
  '8',
  '8-',
  '8-9',
  '1,8',
  '99999999999999999999999',
  '*.mp4',
  'sub',
  'other/*.txt',
  'A.TXT',
  '.pad/*',
  '.pad/1',
  '!*.txt',
];
for (const selector of matchingNothing) {
  test(`says that ${JSON.stringify(selector)} matches no file`, () => {
    assert.throws(
      () => selectFiles(metainfo, ['1', selector]),
      (error) => error instanceof InputError && error.code === 'nothing-selected',
    );
  });
}

test('refuses a glob too long to be one', () => {
  assert.throws(
    () => selectFiles(metainfo, ['*'.repeat(70_000)]),
    (error) => error instanceof InputError && error.code === 'bad-argument',
  );
});

test('shows a selector without its control characters', () => {
  assert.throws(() => selectFiles(metainfo, ['\x1b[2J']), /"\\x1b\[2J" matches no file/);
});
