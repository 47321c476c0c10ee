import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDuration } from '../../src/support/format-duration.ts';

test('shows durations with their two largest units, and tenths while they are short', () => {
  const cases: readonly [number, string][] = [
    [-5, '0s'],
    [0, '0s'],
    [49, '0.04s'],
    [99.9, '0.09s'],
    [100, '0.1s'],
    [399, '0.3s'],
    [2_000, '2s'],
    [2_057, '2s'],
    [9_999, '9.9s'],
    [10_999, '10s'],
    [59_999, '59s'],
    [60_000, '1m'],
    [65_000, '1m05s'],
    [3_599_999, '59m59s'],
    [3_600_000, '1h'],
    [5_400_000, '1h30m'],
    [86_399_999, '23h59m'],
    [86_400_000, '1d'],
    [273_600_000, '3d04h'],
  ];
  for (const [ms, text] of cases) assert.equal(formatDuration(ms), text, String(ms));
});
