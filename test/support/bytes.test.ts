import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { concatBytes, equalBytes, fromText, readU16, readU32, toHex, toLatin1, writeU16, writeU32 } from '../../src/support/bytes.ts';

test('reads and writes big-endian integers at an offset', () => {
  const bytes = new Uint8Array(8);
  writeU32(bytes, 1, 0x01020304);
  writeU16(bytes, 5, 0xfffe);
  assert.deepEqual([...bytes], [0, 1, 2, 3, 4, 0xff, 0xfe, 0]);
  assert.equal(readU32(bytes, 1), 0x01020304);
  assert.equal(readU16(bytes, 5), 0xfffe);
});

test('integers with the highest bit set are positive', () => {
  assert.equal(readU32(Uint8Array.of(0xff, 0xff, 0xff, 0xff), 0), 2 ** 32 - 1);
  assert.equal(readU32(Uint8Array.of(0x80, 0, 0, 0), 0), 2 ** 31);
});

test('every integer survives being written and read', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.integer({ min: 0, max: 65_535 }), (u32, u16) => {
      const bytes = new Uint8Array(6);
      writeU32(bytes, 0, u32);
      writeU16(bytes, 4, u16);
      assert.deepEqual([readU32(bytes, 0), readU16(bytes, 4)], [u32, u16]);
    }),
    { seed: 1 },
  );
});

test('concatenates into a new array', () => {
  const part = Uint8Array.of(1, 2);
  const whole = concatBytes([part, new Uint8Array(), Uint8Array.of(3)]);
  part[0] = 9;
  assert.deepEqual([...whole], [1, 2, 3]);
});

test('compares by content', () => {
  assert.ok(equalBytes(Uint8Array.of(1, 2), Buffer.from([1, 2])));
  assert.ok(equalBytes(new Uint8Array(), new Uint8Array()));
  assert.ok(!equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 3)));
  assert.ok(!equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1)));
});

test('gives hex and Latin-1 of a view, not of its buffer', () => {
  const view = Uint8Array.of(1, 0xab, 0xff, 0x41, 1).subarray(1, 4);
  assert.equal(toHex(view), 'abff41');
  assert.equal(toLatin1(view), '\xab\xffA');
});

test('gives the UTF-8 bytes of a text', () => assert.deepEqual([...fromText('é!')], [0xc3, 0xa9, 0x21]));
