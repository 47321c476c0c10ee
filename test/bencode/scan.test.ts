import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BencodeError } from '../../src/bencode/bencode-value.ts';
import { scan } from '../../src/bencode/scan.ts';

const limits = { bytes: 1000, depth: 4, tokens: 20 };

function latin1(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}

const accepted = [
  'i0e',
  'i-1e',
  'i42e',
  'i9007199254740991e',
  'i-9007199254740991e',
  '0:',
  '3:a:b',
  '10:0123456789',
  'le',
  'de',
  'li1e1:ae',
  'd1:ai1e1:bld1:ci1eeee',
  'd0:0:e',
];

for (const text of accepted) {
  test(`accepts ${text} and finds its end`, () => {
    assert.equal(scan(latin1(text), limits).end, text.length);
    assert.equal(scan(latin1(`${text}junk`), limits).end, text.length, 'what follows is not its business');
  });
  test(`refuses every beginning of ${text}`, () => {
    for (let length = 0; length < text.length; length++) {
      assert.throws(() => scan(latin1(text.slice(0, length)), limits), BencodeError, text.slice(0, length));
    }
  });
}

const refused: readonly (readonly [text: string, offset: number, problem: RegExp])[] = [
  ['', 0, /expected a value, found the end of the input/],
  ['x', 0, /expected a value, found byte 0x78/],
  ['e', 0, /expected a value, found byte 0x65/],
  ['ie', 1, /expected a digit/],
  ['i-e', 2, /expected a digit/],
  ['i--1e', 2, /expected a digit/],
  ['i-0e', 2, /-0/],
  ['i+1e', 1, /expected a digit/],
  ['i007e', 1, /leading zero/],
  ['i-01e', 2, /leading zero/],
  ['i1.5e', 2, /end of the integer/],
  ['i1', 2, /end of the input/],
  ['i9007199254740992e', 1, /beyond 9007199254740991/],
  ['i-9007199254740992e', 2, /beyond 9007199254740991/],
  ['i9223372036854775808e', 1, /beyond/],
  ['i18446744073709551616e', 1, /beyond/],
  [`i1${'0'.repeat(40)}e`, 1, /beyond/],
  ['03:abc', 0, /leading zero/],
  ['+5:hello', 0, /expected a value/],
  ['-1:a', 0, /expected a value/],
  ['l-3:e', 1, /expected a value/],
  ['5:abcd', 0, /a string of 5 bytes where 4 are left/],
  ['1000000000000000000:a', 0, /beyond/],
  ['999999999999999:a', 0, /a string of 999999999999999 bytes where 1 are left/],
  ['3abc', 1, /colon/],
  ['di1ei1ee', 1, /expected a key/],
  ['dlee', 1, /expected a key/],
  ['d1:ae', 4, /a key without a value/],
  ['l1:a', 4, /end of the input/],
  ['lllll', 4, /nesting exceeds 4/],
  ['d1:ad1:ad1:ad1:ad', 16, /nesting exceeds 4/],
  [`l${'i1e'.repeat(20)}e`, 58, /more than 20 keys and values/],
];

for (const [text, offset, problem] of refused) {
  test(`refuses ${text.length > 30 ? `${text.slice(0, 30)}...` : JSON.stringify(text)}`, () => {
    assert.throws(
      () => scan(latin1(text), limits),
      (error) => {
        assert.ok(error instanceof BencodeError);
        assert.equal(error.kind, 'syntax');
        assert.match(error.message, problem);
        assert.match(error.message, new RegExp(`at byte ${offset}:`));
        return true;
      },
    );
  });
}

test('refuses more bytes than allowed before looking at them', () => {
  assert.throws(() => scan(new Uint8Array(1001), limits), /more than the 1000 bytes allowed/);
});

test('takes as many levels and tokens as allowed', () => {
  assert.equal(scan(latin1('lllleeee'), limits).end, 8);
  assert.equal(scan(latin1(`l${'i1e'.repeat(19)}e`), limits).end, 59);
});

test('refuses a million levels at once, however high the other limits', () => {
  const begun = performance.now();
  assert.throws(
    () => scan(latin1('l'.repeat(1_000_000)), { bytes: 2 ** 30, depth: 100, tokens: 2 ** 30 }),
    /byte 100: nesting exceeds 100/,
  );
  assert.ok(performance.now() - begun < 100);
});

test('does not recurse: a hundred thousand levels fit when the limit allows them', () => {
  const text = 'l'.repeat(100_000) + 'e'.repeat(100_000);
  assert.equal(scan(latin1(text), { bytes: 2 ** 30, depth: 100_000, tokens: 2 ** 30 }).end, 200_000);
});

test('notes where containers begin, outer before inner', () => {
  assert.deepEqual(scan(latin1('d1:ali1eldeee1:clee'), limits).containers, [0, 4, 8, 9, 16]);
});

test('finds the raw bytes of a key of the outermost dictionary only', () => {
  const text = 'd1:ad4:infoi1ee4:infod1:xi2eee';
  const [span] = scan(latin1(text), limits, ['info']).spans;
  assert.equal(text.slice(span?.begin, span?.end), 'd1:xi2ee');
  assert.equal(scan(latin1('d1:ad4:infoi1eee'), limits, ['info']).spans[0], undefined);
  assert.equal(scan(latin1('l4:infoi1ee'), limits, ['info']).spans[0], undefined);
});

test('finds a key in the value of a key, and nowhere else', () => {
  const text = 'd1:ad5:filesi1ee4:infod1:xd5:filesi2ee5:filesli3eeee';
  const [info, files] = scan(latin1(text), limits, ['info', 'files']).spans;
  assert.equal(text.slice(files?.begin, files?.end), 'li3ee');
  assert.equal(text.slice(info?.begin, info?.end), 'd1:xd5:filesi2ee5:filesli3eee');
  const without = 'd5:filesi1e4:infold5:filesi2eeee';
  const spans = scan(latin1(without), limits, ['info', 'files']).spans;
  assert.deepEqual([without.slice(spans[0]?.begin, spans[0]?.end), spans[1]], ['ld5:filesi2eee', undefined]);
});
