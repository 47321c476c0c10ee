import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatCount, formatPercent, formatRate } from '../../src/cli/format.ts';

test('shows rates as bytes per second', () => {
  assert.equal(formatRate(1_500_000), '1.43 MiB/s');
  assert.equal(formatRate(0.4), '0 B/s');
});

test('shows 100.0% only when all is done', () => {
  assert.equal(formatPercent(0, 10), '0.0%');
  assert.equal(formatPercent(421, 1000), '42.1%');
  assert.equal(formatPercent(999_999, 1_000_000), '99.9%');
  assert.equal(formatPercent(10, 10), '100.0%');
  assert.equal(formatPercent(0, 0), '100.0%');
});

test('counts in words', () => {
  assert.equal(formatCount(0, 'file'), '0 files');
  assert.equal(formatCount(1, 'file'), '1 file');
  assert.equal(formatCount(2, 'file'), '2 files');
});
