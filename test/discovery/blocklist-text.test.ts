import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { blocklistLimits } from '../../src/config.ts';
import { type Blocklist, BlocklistBuilder } from '../../src/discovery/blocklist.ts';
import { type ListReading, readBlocklist } from '../../src/discovery/blocklist-text.ts';
import { InputError } from '../../src/errors.ts';
import { mutate, seededRandom } from '../support/mutation.ts';

function read(text: string | Uint8Array): ListReading & { list: Blocklist } {
  const builder = new BlocklistBuilder();
  const reading = readBlocklist(typeof text === 'string' ? Buffer.from(text) : text, builder);
  return { ...reading, list: builder.build() };
}

/** Each line with an address that it covers, and one beside it that it does not. */
const lines: readonly (readonly [line: string, inside: string, outside: string])[] = [
  ['Some name:1.2.3.0-1.2.3.255', '1.2.3.255', '1.2.4.0'],
  ['Name: with: colons, 9.9.9.9-8:1.2.3.4-1.2.3.4', '1.2.3.4', '1.2.3.5'],
  [':1.2.3.4-1.2.3.9', '1.2.3.9', '1.2.3.10'],
  ['1.2.3.4-1.2.3.9', '1.2.3.4', '1.2.3.3'],
  ['1.2.3.4 - 1.2.3.9', '1.2.3.4', '1.2.3.3'],
  ['001.002.003.008 - 001.002.003.010 , 000 , padded numbers are decimal', '1.2.3.10', '1.2.3.7'],
  ['1.2.3.8 - 1.2.3.10, 127, the last level that blocks', '1.2.3.8', '1.2.3.11'],
  ['1.2.3.8 - 1.2.3.10 , 5', '1.2.3.8', '1.2.3.11'],
  ['1.2.3.4', '1.2.3.4', '1.2.3.5'],
  ['1.2.3.77/24', '1.2.3.0', '1.2.4.0'],
  ['1.2.3.4/32', '1.2.3.4', '1.2.3.5'],
  ['0.0.0.0/1', '127.255.255.255', '128.0.0.0'],
  ['1.10.16.0/20 ; SBL256894', '1.10.31.255', '1.10.32.0'],
  ['1.10.16.0/20 # a comment', '1.10.16.0', '1.10.15.255'],
  ['2001:db8::/32', '2001:db8:ffff::1', '2001:db9::'],
  ['2001:db8::1', '2001:db8::1', '2001:db8::2'],
  ['2001:DB8:0::7/127', '2001:db8::6', '2001:db8::8'],
  ['2001:db8::1-2001:db8::9', '2001:db8::9', '2001:db8::a'],
  ['A name:2001:db8::1-2001:db8::9', '2001:db8::1', '2001:db8::'],
  ['bad:2001:db8::1-2001:db8::9', '2001:db8::1', '2001:db8::'],
  ['A: name:2001:db8::1 - 2001:db8::9 , 100 , x', '2001:db8::1', '2001:db8::'],
];

for (const [line, inside, outside] of lines) {
  test(`reads "${line}"`, () => {
    const { ranges, badLines, list } = read(line);
    assert.deepEqual({ ranges, badLines }, { ranges: 1, badLines: 0 });
    assert.equal(list.has(inside), true);
    assert.equal(list.has(outside), false);
  });
}

test('leaves out comments, empty lines and ranges that are allowed', () => {
  const { ranges, badLines } = read(
    '# c\n\n   \r\n; c\n// c\n1.2.3.4 - 1.2.3.5 , 128 , allowed\r\n2001:db8::1-2001:db8::2, 255, allowed\n',
  );
  assert.deepEqual({ ranges, badLines }, { ranges: 0, badLines: 0 });
});

test('counts lines that are no range, and tells the first', () => {
  for (const bad of [
    'name',
    '<html>',
    '1.2.3.256-1.2.4.0',
    '1.2.3.4-1.2.3.3',
    '1.2.3.4-',
    '1.2.3.4/33',
    '1.2.3.999',
    '1.2.3',
    '2001:db8::/129',
    '2001:db8::2-2001:db8::1',
    'name:2001:db8::2-2001:db8::1',
    'cafe:2001:db8::1-2001:db8::9',
    '2001:db8::1-1.2.3.4',
    ':::-:::',
    '-',
    `x${':'.repeat(500)}2001:db8::1-2001:db8::zz`,
    `${'x'.repeat(blocklistLimits.lineBytes)}:1.2.3.4-1.2.3.5`,
  ]) {
    const { ranges, badLines, firstBad } = read(`1.1.1.1\n${bad}\n1.1.1.2\n${bad}`);
    assert.deepEqual({ ranges, badLines, firstBad }, { ranges: 2, badLines: 2, firstBad: 2 }, bad);
  }
});

test('refuses more ranges than are kept', () => {
  const line = Buffer.from('1.1.1.1\n');
  const bytes = Buffer.alloc(line.length * (blocklistLimits.ranges + 1), line);
  assert.throws(
    () => read(bytes),
    (error: unknown) => error instanceof InputError && error.code === 'bad-argument' && /more than 2000000 ranges/.test(error.message),
  );
});

test('whatever the bytes are, reads some ranges and counts the rest', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      const { ranges, badLines } = read(bytes);
      assert.ok(ranges + badLines <= bytes.length + 1);
    }),
    { numRuns: 500 },
  );
});

test('survives 20 000 mutations of lists', () => {
  const random = seededRandom(45);
  const input = Buffer.from(lines.map(([line]) => line).join('\n'));
  const telling = Buffer.from('0123456789.:-/,#;\n f');
  for (let run = 0; run < 20_000; run++) {
    const start = Math.floor(random() * input.length);
    const { ranges, badLines, list } = read(mutate(input.subarray(start, start + 120), random, telling));
    assert.ok(list.rangeCount <= ranges);
    assert.ok(ranges + badLines <= 200);
  }
});
