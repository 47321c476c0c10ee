import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseTorrent } from '../../src/metainfo/parse-torrent.ts';
import { Warnings } from '../../src/metainfo/warnings.ts';
import { filesAt } from './torrent-text.ts';

test('tells a few warnings of each sort and counts the rest, without making their texts', () => {
  const warnings = new Warnings();
  let made = 0;
  warnings.add('apples', () => 'a red apple');
  for (let i = 0; i < 1000; i++) warnings.add('pears', () => `pear ${++made}`);
  warnings.add('apples', () => 'a green apple');
  assert.deepEqual(warnings.lines(), ['a red apple', 'a green apple', 'pear 1', 'pear 2', 'pear 3', 'pear 4', 'pear 5', '995 more pears']);
  assert.equal(made, 5);
});

test('of a thousand odd names only a handful is told', () => {
  const { warnings } = parseTorrent(filesAt(...Array.from({ length: 1000 }, (_, i) => [`\x1b[${i}m`])));
  assert.equal(warnings[0], '"\\x1b[0m" is written as "_[0m"');
  assert.equal(warnings.at(-1), '995 more names changed');
  assert.equal(warnings.length, 6);
});
