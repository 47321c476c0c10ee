import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { InvariantError } from '../../src/errors.ts';
import { Bitfield } from '../../src/support/bitfield.ts';

test('the first number is the highest bit of the first byte', () => {
  const set = new Bitfield(10);
  set.add(0);
  set.add(9);
  assert.deepEqual([...set.bytes], [0x80, 0x40]);
});

test('reads the bytes of a peer, copied', () => {
  const bytes = Uint8Array.of(0b1010_0000, 0b0100_0000);
  const set = Bitfield.fromBytes(10, bytes);
  bytes.fill(0);
  assert.deepEqual(
    [0, 1, 2, 9].map((index) => set?.has(index)),
    [true, false, true, true],
  );
  assert.equal(set?.count, 3);
});

test('refuses a wrong length and spare bits', () => {
  assert.equal(Bitfield.fromBytes(10, new Uint8Array(1)), undefined);
  assert.equal(Bitfield.fromBytes(10, new Uint8Array(3)), undefined);
  assert.equal(Bitfield.fromBytes(10, Uint8Array.of(0, 0b0010_0000)), undefined);
  assert.equal(Bitfield.fromBytes(8, Uint8Array.of(0xff))?.isFull, true);
  assert.equal(Bitfield.fromBytes(0, new Uint8Array())?.isFull, true);
});

test('a full set has no spare bits', () => {
  for (const size of [0, 1, 7, 8, 9, 16, 1000]) {
    const full = Bitfield.full(size);
    assert.ok(full.isFull && full.count === size);
    assert.equal(Bitfield.fromBytes(size, full.bytes)?.count, size);
  }
});

test('a number outside of the set is our own mistake', () => {
  const set = new Bitfield(10);
  for (const index of [-1, 10, 15]) {
    assert.throws(() => set.add(index), InvariantError);
    assert.throws(() => set.delete(index), InvariantError);
  }
});

test('a clone changes independently', () => {
  const set = new Bitfield(10);
  set.add(3);
  const copy = set.clone();
  copy.add(4);
  set.delete(3);
  assert.deepEqual([set.count, copy.count, copy.has(3), set.has(4)], [0, 2, true, false]);
});

test('behaves as a set of numbers, whatever is added and deleted', () => {
  const step = fc.record({ adds: fc.boolean(), index: fc.nat({ max: 40 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const bits = new Bitfield(41);
      const model = new Set<number>();
      for (const { adds, index } of steps) {
        const had = model.has(index);
        if (adds) model.add(index);
        else model.delete(index);
        assert.equal(adds ? bits.add(index) : bits.delete(index), had !== adds);
        assert.equal(bits.count, model.size);
      }
      assert.deepEqual(
        [...bits],
        [...model].sort((a, b) => a - b),
      );
      for (let index = 0; index < 41; index++) assert.equal(bits.has(index), model.has(index));
      assert.equal(Bitfield.fromBytes(41, bits.bytes)?.count, model.size);
    }),
    { seed: 4 },
  );
});

test('walks through what two sets have in common, once each, from any start', () => {
  const members = fc.uniqueArray(fc.nat({ max: 99 }));
  fc.assert(
    fc.property(members, members, fc.nat({ max: 99 }), (some, others, start) => {
      const [a, b] = [new Bitfield(100), new Bitfield(100)];
      for (const index of some) a.add(index);
      for (const index of others) b.add(index);
      const common = some.filter((index) => others.includes(index)).sort((x, y) => x - y);
      const walked = [...a.common(b, start)];
      assert.deepEqual(
        walked.toSorted((x, y) => x - y),
        common,
      );
      const first = common.find((index) => index >= start - (start % 32));
      assert.equal(walked[0], first ?? common[0]);
    }),
    { seed: 5 },
  );
});

test('counts what two sets have in common', () => {
  const [a, b] = [new Bitfield(20), new Bitfield(20)];
  for (const index of [0, 3, 9, 19]) a.add(index);
  for (const index of [3, 4, 19]) b.add(index);
  assert.equal(a.countCommon(b), 2);
  assert.equal(Bitfield.full(20).countCommon(a), 4);
  assert.throws(() => a.countCommon(new Bitfield(21)), InvariantError);
});
