import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { formatDuration } from '../../src/index.ts';
import {
  longestDurationMs,
  parseCount,
  parseDuration,
  parseMinRate,
  parsePorts,
  parseRate,
  parseRatio,
  parseSize,
  UnitError,
} from '../../src/cli/units.ts';

const durations: readonly [string, number][] = [
  ['0', 0],
  ['90', 90_000],
  ['0.25', 250],
  ['500ms', 500],
  ['90s', 90_000],
  ['5m', 300_000],
  ['1h30m', 5_400_000],
  ['1h5s', 3_605_000],
  ['2d', 172_800_000],
  ['1d2h3m4s5ms', 93_784_005],
  ['1.5h', 5_400_000],
  ['24d', longestDurationMs],
];

test('reads durations with units, alone or from the largest to the smallest, and a bare number as seconds', () => {
  for (const [text, ms] of durations) assert.equal(parseDuration(text), ms, text);
});

test('refuses durations that it would have to guess at', () => {
  const bad = [
    '',
    ' ',
    's',
    '-1',
    '-1s',
    '+1s',
    '1 s',
    '1e3',
    '.5s',
    '5.',
    '1x',
    '30m1h',
    '1h1h',
    '1H',
    '1h30',
    'NaN',
    'Infinity',
    '0x10',
    '٣s',
    '5m ',
  ];
  for (const text of bad) assert.throws(() => parseDuration(text), UnitError, JSON.stringify(text));
});

test('refuses durations beyond what a timer can hold', () => {
  for (const text of ['24d1s', '25d', '99999999999', '999999999999999d']) assert.throws(() => parseDuration(text), /at most 24d/, text);
});

const sizes: readonly [string, number][] = [
  ['0', 0],
  ['4096', 4096],
  ['4096B', 4096],
  ['1K', 1024],
  ['500K', 512_000],
  ['500k', 512_000],
  ['500KiB', 512_000],
  ['500KB', 500_000],
  ['2M', 2_097_152],
  ['2MB', 2_000_000],
  ['1.5GiB', 1_610_612_736],
  ['1.5gb', 1_500_000_000],
  ['1T', 1_099_511_627_776],
  ['0.5K', 512],
];

test('reads sizes: K, M, G and T as powers of 1024 with or without iB, as powers of 1000 with B', () => {
  for (const [text, bytes] of sizes) assert.equal(parseSize(text), bytes, text);
});

test('refuses sizes that it would have to guess at, that are too large to count, or that come to no byte', () => {
  const bad = [
    '',
    'K',
    '-1',
    '-1K',
    '1 K',
    '1e9',
    '1Ki',
    '1KBit',
    '1Kb/s',
    '1P',
    '1,5M',
    'NaN',
    '0x10',
    '8192T',
    '99999999999999999999',
    '0.0001',
  ];
  for (const text of bad) assert.throws(() => parseSize(text), UnitError, JSON.stringify(text));
});

test('reads rates as sizes with or without /s', () => {
  assert.equal(parseRate('10MB/s'), 10_000_000);
  assert.equal(parseRate('10M'), 10_485_760);
  assert.equal(parseRate('0'), 0);
  for (const text of ['', '/s', '10M/m', '10M/s/s', '10 M/s']) assert.throws(() => parseRate(text), /bytes per second/, text);
});

test('reads a minimum rate as RATE:DURATION', () => {
  assert.deepEqual(parseMinRate('100K:30s'), { bytesPerSecond: 102_400, windowMs: 30_000 });
  assert.deepEqual(parseMinRate('1MB/s:2m'), { bytesPerSecond: 1_000_000, windowMs: 120_000 });
  for (const text of ['100K', '100K:', ':30s', '100K:30s:1m', '0:30s', '100K:0']) assert.throws(() => parseMinRate(text), UnitError, text);
});

test('reads whole numbers within bounds, of digits only', () => {
  assert.equal(parseCount('65535', 1, 65_535), 65_535);
  for (const text of ['', '0', '65536', '70000', '-1', '+1', '1e3', '1.0', '0x1', 'NaN', ' 1', '999999999999999999999']) {
    assert.throws(() => parseCount(text, 1, 65_535), /whole number from 1 to 65535/, JSON.stringify(text));
  }
});

test('reads a port or a range of ports, and a ratio', () => {
  assert.equal(parsePorts('6881'), 6881);
  assert.deepEqual(parsePorts('6881-6889'), { first: 6881, last: 6889 });
  assert.deepEqual(parsePorts('1-65535'), { first: 1, last: 65_535 });
  assert.deepEqual(parsePorts('5-5'), { first: 5, last: 5 });
  for (const text of ['', '-', '1-', '-1', '0-5', '1-65536', '1-2-3', '1 - 2', 'any'])
    assert.throws(() => parsePorts(text), UnitError, text);
  assert.throws(() => parsePorts('9-8'), /goes up, such as 8-9/);
  assert.deepEqual([parseRatio('2'), parseRatio('0.25')], [2, 0.25]);
  for (const text of ['', '0', '0.0', '-1', '1:1', '.5', '1e3', 'Infinity', '50%']) assert.throws(() => parseRatio(text), UnitError, text);
});

test('understands every duration below a day that it prints itself', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 86_399 }), (seconds) => {
      const shown = seconds < 3600 ? seconds : seconds - (seconds % 60); // from one hour on, seconds are not shown
      assert.equal(parseDuration(formatDuration(seconds * 1000)), shown * 1000);
    }),
  );
});

test('answers any text with a number or a UnitError', () => {
  const quantity = fc.oneof(fc.string(), fc.stringMatching(/^[0-9.]{0,20}[a-zA-Z/]{0,4}$/));
  fc.assert(
    fc.property(quantity, (text) => {
      for (const parse of [parseDuration, parseSize, parseRate]) {
        try {
          const value = parse(text);
          assert.ok(Number.isSafeInteger(value) && value >= 0, `${text}: ${value}`);
        } catch (error) {
          assert.ok(error instanceof UnitError, String(error));
        }
      }
    }),
  );
});
