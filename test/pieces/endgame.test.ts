import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Deliverer, type RequestedBlock, chooseDuplicates } from '../../src/pieces/endgame.ts';

const taker: Deliverer = { rate: 1000, minRoundTripMs: 10, outstanding: [], outstandingCount: 0, quietMs: 0 };
const block = (blockIndex: number, sentMs: number): RequestedBlock => ({ pieceIndex: 0, blockIndex, sentMs });
const stalled = (...outstanding: RequestedBlock[]): Deliverer => ({
  rate: 1,
  minRoundTripMs: 10,
  outstanding,
  outstandingCount: outstanding.length,
  quietMs: 1e6,
});
const chosen = (holders: readonly Deliverer[], count: number, nowMs: number, by = taker): number[] =>
  chooseDuplicates(by, holders, () => true, count, nowMs).map((choice) => choice.block.blockIndex);

describe('endgame', () => {
  it('asks for what a stalled peer holds, not for what a quick one will soon send', () => {
    const quick: Deliverer = { rate: 1000, minRoundTripMs: 10, outstanding: [block(1, 0)], outstandingCount: 1, quietMs: 0 };
    assert.deepEqual(chosen([stalled(block(0, 0)), quick], 9, 20), [0]);
  });

  it('takes the longest waits first, and no more than asked', () => {
    const slow = (blockIndex: number, rate: number): Deliverer => ({
      rate,
      minRoundTripMs: 10,
      outstanding: [block(blockIndex, 0)],
      outstandingCount: 1,
      quietMs: 0,
    });
    assert.deepEqual(chosen([slow(0, 10), slow(1, 1), slow(2, 5)], 2, 0), [1, 2]);
  });

  it('asks three peers for a block, however many idle ones there are, and a further one each time that a second has passed', () => {
    const idle = { ...taker, rate: 0 };
    const two = [stalled(block(0, 0)), stalled(block(0, 500))];
    assert.deepEqual(chosen(two, 9, 500, idle), [0]);
    const three = [...two, stalled(block(0, 600))];
    assert.deepEqual(chosen(three, 9, 1_600, idle), []);
    assert.deepEqual(chosen(three, 9, 1_601, idle), [0]);
  });

  it('asks one that has delivered before although others keep the block, up to eight', () => {
    const holders = (count: number): Deliverer[] => Array.from({ length: count }, () => stalled(block(0, 600)));
    assert.deepEqual(chosen(holders(7), 9, 700), [0]);
    assert.deepEqual(chosen(holders(8), 9, 700), []);
  });
});
