import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatBytes } from '../../src/support/format-bytes.ts';

test('shows bytes with three digits and the unit that fits', () => {
  const cases: readonly [number, string][] = [
    [0, '0 B'],
    [-1, '0 B'],
    [1023, '1023 B'],
    [1024, '1.00 KiB'],
    [1536, '1.50 KiB'],
    [10_240, '10.0 KiB'],
    [102_348, '99.9 KiB'],
    [102_399, '100 KiB'],
    [1_048_063, '1023 KiB'],
    [1_048_064, '1.00 MiB'],
    [352_321_536, '336 MiB'],
    [3_897_638_912, '3.63 GiB'],
    [2 ** 48, '256 TiB'],
    [2 ** 60, '1024 PiB'],
  ];
  for (const [bytes, text] of cases) assert.equal(formatBytes(bytes), text, String(bytes));
});
