import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Budget } from '../../src/torrent/budget.ts';

test('a budget lets through so many at once and then so many a second', () => {
  const budget = new Budget(10, 5);
  for (let i = 0; i < 5; i++) assert.equal(budget.take(1, 0), true);
  assert.equal(budget.take(1, 0), false);
  assert.equal(budget.take(1, 100), true);
  assert.equal(budget.take(1, 150), false);
  assert.equal(budget.take(5, 10_000), true);
  assert.equal(budget.take(6, 20_000), false);
});
