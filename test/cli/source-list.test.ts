import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { parseSourceList } from '../../src/cli/source-list.ts';
import { InputError } from '../../src/errors.ts';
import { mutate, seededRandom } from '../support/mutation.ts';

test('takes a source a line, without comments, blank lines, a byte order mark and the line ends of Windows', () => {
  const text = '\ufeff# a comment\r\na.torrent\r\n\r\n \t \n  with blanks within.torrent \n#b\nhttps://h/x#part\n-';
  assert.deepEqual(parseSourceList(text), ['a.torrent', 'with blanks within.torrent', 'https://h/x#part', '-']);
  assert.deepEqual(parseSourceList(''), []);
});

test('any list of paths comes back, however it is adorned', () => {
  const source = fc
    .string({ minLength: 1, maxLength: 50 })
    .filter((text) => /^(?!d\d+:)[^\s#\0\ufeff]([^\n\r\0]*[^\s\0\ufeff])?$/.test(text));
  const noise = fc.constantFrom('', '#x\n', '\n', ' \r\n', '\t');
  fc.assert(
    fc.property(fc.array(fc.tuple(noise, source, fc.constantFrom('\n', '\r\n', ' \n'))), (lines) => {
      const text = lines.map((parts) => parts.join('')).join('');
      assert.deepEqual(
        parseSourceList(text),
        lines.map(([, name]) => name),
      );
    }),
  );
});

test('refuses more sources, and longer ones, than anyone has', () => {
  assert.equal(parseSourceList('a\n'.repeat(10_000)).length, 10_000);
  assert.throws(() => parseSourceList('a\n'.repeat(10_001)), /more than 10000 torrents/);
  assert.throws(() => parseSourceList(`a\n${'b'.repeat(8193)}`), /line 2 of the list/);
  assert.throws(() => parseSourceList('a\0b'), /line 1 of the list/);
});

test('refuses a torrent in the place of a list', () => {
  assert.throws(() => parseSourceList('d8:announce4:http4:infodee'), /the list is a torrent itself/);
  assert.deepEqual(parseSourceList('d8/announce'), ['d8/announce']);
});

test('whatever the bytes, it gives sources of one line or refuses', () => {
  const random = seededRandom(6);
  const good = Buffer.from('# list\r\na.torrent\nhttps://example.org/b.torrent?x=1#y\n\n-\n');
  for (let round = 0; round < 3000; round++) {
    try {
      const text = Buffer.from(mutate(good, random, Buffer.from('\n\r# \0\ufeff'))).toString('utf8');
      for (const source of parseSourceList(text)) assert.match(source, /^[^\n#\0][^\n\0]*$/);
    } catch (error) {
      assert.ok(error instanceof InputError, String(error));
    }
  }
});
