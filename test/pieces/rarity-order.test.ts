import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { RarityOrder } from '../../src/pieces/rarity-order.ts';
import { systemRandom } from '../../src/support/random.ts';

const pieces = (order: RarityOrder): number[] => Array.from({ length: order.size }, (_, rank) => order.at(rank));

describe('rarity order', () => {
  it('puts the rarest piece first', () => {
    const order = new RarityOrder(3);
    order.addAll([0, 1, 2], systemRandom);
    for (const piece of [0, 0, 2, 2, 2, 1]) order.increase(piece);
    assert.deepEqual(pieces(order), [1, 0, 2]);
    order.decrease(2);
    order.decrease(2);
    order.decrease(2);
    assert.deepEqual(pieces(order), [2, 1, 0]);
  });

  it('orders equally rare pieces differently in different runs', () => {
    const orders = new Set<string>();
    for (let run = 0; run < 20; run++) {
      const order = new RarityOrder(50);
      order.addAll([...Array(50).keys()], systemRandom);
      orders.add(pieces(order).join());
    }
    assert.ok(orders.size > 10);
  });

  it('counts the peers of a piece that is not in the order', () => {
    const order = new RarityOrder(2);
    order.addAll([0, 1], systemRandom);
    order.remove(1);
    order.increase(1);
    order.increase(0);
    order.increase(1);
    assert.deepEqual(pieces(order), [0]);
    order.add(1);
    assert.deepEqual(pieces(order), [0, 1]);
    assert.equal(order.availabilityOf(1), 2);
  });

  it('stays sorted, without losing or repeating a piece, whatever happens', () => {
    const step = fc.record({ what: fc.constantFrom('add', 'remove', 'increase', 'decrease'), piece: fc.nat(11) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const order = new RarityOrder(12);
        const inOrder = new Set<number>();
        const availability = Array.from({ length: 12 }, () => 0);
        for (const { what, piece } of steps) {
          const count = availability[piece] ?? 0;
          if (what === 'add') {
            order.add(piece);
            inOrder.add(piece);
          } else if (what === 'remove') {
            order.remove(piece);
            inOrder.delete(piece);
          } else if (what === 'increase') {
            order.increase(piece);
            availability[piece] = count + 1;
          } else if (count > 0) {
            order.decrease(piece);
            availability[piece] = count - 1;
          }
          const listed = pieces(order);
          assert.deepEqual(new Set(listed), inOrder);
          assert.equal(listed.length, inOrder.size);
          const ranks = listed.map((listedPiece) => availability[listedPiece] ?? 0);
          assert.deepEqual(
            ranks,
            [...ranks].sort((a, b) => a - b),
          );
        }
      }),
      { numRuns: 300 },
    );
  });
});
