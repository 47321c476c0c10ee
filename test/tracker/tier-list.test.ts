import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { Random } from '../../src/support/random.ts';
import { TierList } from '../../src/tracker/tier-list.ts';

/** Leaves every list as it is. */
const unshuffled: Random = { bytes: (length) => new Uint8Array(length), fraction: () => 0.999_999 };

test('a tracker that answered goes to the front of its tier, as in the examples of BEP 12', () => {
  const tiers = new TierList(
    [
      ['tracker1', 'tracker2', 'tracker3'],
      ['backup1', 'backup2'],
    ],
    unshuffled,
  );
  tiers.promote('tracker2');
  assert.deepEqual(tiers.inOrder(), ['tracker2', 'tracker1', 'tracker3', 'backup1', 'backup2']);
  tiers.promote('tracker3');
  assert.deepEqual(tiers.inOrder(), ['tracker3', 'tracker2', 'tracker1', 'backup1', 'backup2']);
  tiers.promote('tracker3');
  tiers.promote('backup2');
  assert.deepEqual(tiers.inOrder(), ['tracker3', 'tracker2', 'tracker1', 'backup2', 'backup1']);
});

test('a tier is shuffled within itself, without loss', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { minLength: 20, maxLength: 20 }), (fractions) => {
      const tiers = new TierList(
        [
          ['a', 'b', 'c', 'd'],
          ['e', 'f', 'g'],
        ],
        { ...unshuffled, fraction: () => fractions.shift() ?? 0 },
      );
      assert.deepEqual(tiers.inOrder().slice(0, 4).sort(), ['a', 'b', 'c', 'd']);
      assert.deepEqual(tiers.inOrder().slice(4).sort(), ['e', 'f', 'g']);
    }),
  );
});

test('every order of a tier comes up equally often', () => {
  const orders: string[] = [];
  for (const first of [0.1, 0.5, 0.9]) {
    for (const second of [0.2, 0.8]) {
      const fractions = [first, second];
      const tiers = new TierList([['a', 'b', 'c']], { ...unshuffled, fraction: () => fractions.shift() ?? 0 });
      orders.push(tiers.inOrder().join(''));
    }
  }
  assert.deepEqual(orders.sort(), ['abc', 'acb', 'bac', 'bca', 'cab', 'cba']);
});
