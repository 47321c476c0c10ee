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

test('what a budget refuses uses up nothing, and what is given back counts again', () => {
  const budget = new Budget(10, 5);
  assert.equal(budget.take(5, 0), true);
  for (let ms = 10; ms < 100; ms += 10) assert.equal(budget.take(1, ms), false);
  assert.equal(budget.take(1, 101), true, 'although it was asked for all the time');
  budget.giveBack(2);
  assert.equal(budget.take(2, 101), true);
  assert.equal(budget.take(1, 101), false);
});
