import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BencodeError, type BencodeValue } from '../../src/bencode/bencode-value.ts';
import { DictReader } from '../../src/bencode/dict-reader.ts';

const reader = new DictReader(
  new Map<string, BencodeValue>([
    ['number', 5],
    ['bytes', Buffer.from('h\xe9llo', 'utf8')],
    ['list', [1]],
    ['dict', new Map([['inner', 1]])],
    ['escape', Buffer.from('\x1b[2J')],
    ['long', new Uint8Array(100)],
  ]),
  'info',
);

test('gives the values that are there', () => {
  assert.equal(reader.integer('number'), 5);
  assert.equal(reader.integer('number', { min: 5, max: 5 }), 5);
  assert.equal(reader.text('bytes'), 'h\xe9llo');
  assert.equal(reader.bytes('bytes').length, 6);
  assert.deepEqual(reader.list('list'), [1]);
  assert.equal(reader.dictionary('dict').integer('inner'), 1);
  assert.ok(reader.has('dict') && !reader.has('other'));
});

test('gives undefined for an optional value that is not there', () => {
  assert.equal(reader.optionalInteger('x'), undefined);
  assert.equal(reader.optionalText('x'), undefined);
  assert.equal(reader.optionalBytes('x'), undefined);
  assert.equal(reader.optionalList('x'), undefined);
  assert.equal(reader.optionalDictionary('x'), undefined);
});

const failures: readonly (readonly [title: string, read: () => unknown, message: string])[] = [
  ['a missing string', () => reader.bytes('x'), '"x" of info: expected a string, found nothing'],
  [
    'a missing integer with its bounds',
    () => reader.integer('x', { min: 1, max: 9 }),
    '"x" of info: expected an integer from 1 to 9, found nothing',
  ],
  ['a missing list', () => reader.list('x'), '"x" of info: expected a list, found nothing'],
  ['a missing dictionary', () => reader.dictionary('x'), '"x" of info: expected a dictionary, found nothing'],
  ['a string for an integer', () => reader.integer('bytes'), '"bytes" of info: expected an integer, found the string "h\xe9llo"'],
  [
    'an integer below its bound',
    () => reader.integer('number', { min: 6 }),
    '"number" of info: expected an integer of at least 6, found the integer 5',
  ],
  [
    'an integer above its bound',
    () => reader.integer('number', { max: 4 }),
    '"number" of info: expected an integer of at most 4, found the integer 5',
  ],
  ['a wrong type though optional', () => reader.optionalText('number'), '"number" of info: expected a string, found the integer 5'],
  ['a dictionary for a list', () => reader.optionalList('dict'), '"dict" of info: expected a list, found a dictionary'],
  ['a list for a dictionary', () => reader.optionalDictionary('list'), '"list" of info: expected a dictionary, found a list of 1'],
  ['a string that would move the cursor', () => reader.list('escape'), '"escape" of info: expected a list, found the string "\\x1b[2J"'],
  ['a long string by its length', () => reader.list('long'), '"long" of info: expected a list, found a string of 100 bytes'],
  ['a value that is no dictionary', () => new DictReader(3, 'file 1'), 'file 1: expected a dictionary, found the integer 3'],
  [
    'a field of a nested dictionary',
    () => reader.dictionary('dict', 'the inner one').text('x'),
    '"x" of the inner one: expected a string, found nothing',
  ],
];

for (const [title, read, message] of failures) {
  test(`names the field, what was expected and what came: ${title}`, () => {
    assert.throws(read, (error) => {
      assert.ok(error instanceof BencodeError);
      assert.equal(error.kind, 'shape');
      assert.equal(error.message, message);
      return true;
    });
  });
}
