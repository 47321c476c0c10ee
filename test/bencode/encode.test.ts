import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BencodeValue } from '../../src/bencode/bencode-value.ts';
import { encode } from '../../src/bencode/encode.ts';
import { InvariantError } from '../../src/errors.ts';

const table: readonly (readonly [value: BencodeValue, text: string])[] = [
  [0, 'i0e'],
  [-0, 'i0e'],
  [-7, 'i-7e'],
  [Number.MAX_SAFE_INTEGER, 'i9007199254740991e'],
  [new Uint8Array(), '0:'],
  [Buffer.from('\xff\x00', 'latin1'), '2:\xff\x00'],
  [Buffer.from('abcdef').subarray(2, 4), '2:cd'],
  [[], 'le'],
  [[1, [2], new Map()], 'li1eli2eedee'],
  [
    new Map([
      ['b', 1],
      ['a', 2],
      ['\xff', 3],
      ['aa', 4],
      ['', 5],
      ['B', 6],
    ]),
    'd0:i5e1:Bi6e1:ai2e2:aai4e1:bi1e1:\xffi3ee',
  ],
  [new Map([['__proto__', 1]]), 'd9:__proto__i1ee'],
];

for (const [value, text] of table) {
  test(`encodes ${JSON.stringify(text)}`, () => assert.equal(Buffer.from(encode(value)).toString('latin1'), text));
}

test('refuses a number that bencode cannot say exactly', () => {
  for (const value of [1.5, Number.NaN, Infinity, 2 ** 53]) assert.throws(() => encode([value]), InvariantError);
});

test('writes a list of more parts than are joined at a time', () => {
  const items = Array.from({ length: 10_000 }, (_, i) => i);
  assert.equal(Buffer.from(encode(items)).toString('latin1'), `l${items.map((i) => `i${i}e`).join('')}e`);
});
