import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Blocklist, BlocklistBuilder, ipv4Number } from '../../src/discovery/blocklist.ts';
import { addressLiteral, ipBytes } from '../../src/support/endpoint.ts';

const dotted = (number: number): string => [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join('.');

/** An IPv6 literal from a number below 2^128, canonical. */
function ipv6(number: bigint): string {
  const groups = Array.from({ length: 8 }, (_, index) => ((number >> BigInt(112 - 16 * index)) & 0xffffn).toString(16));
  const literal = addressLiteral(groups.join(':'));
  assert.ok(literal !== undefined);
  return literal;
}

test('holds what lies in a range, its first and its last address included', () => {
  const builder = new BlocklistBuilder();
  builder.addIpv4(ipv4Number('10.0.0.5'), ipv4Number('10.0.0.7'));
  builder.addIpv4(0, 0);
  builder.addIpv4(ipv4Number('255.255.255.0'), 0xffff_ffff);
  builder.addIpv6(ipBytes('2001:db8::'), ipBytes('2001:db8::ffff'));
  const list = builder.build();
  for (const inside of ['10.0.0.5', '10.0.0.6', '10.0.0.7', '0.0.0.0', '255.255.255.0', '255.255.255.255', '2001:db8::', '2001:db8::ffff'])
    assert.equal(list.has(inside), true, inside);
  for (const outside of ['10.0.0.4', '10.0.0.8', '0.0.0.1', '255.255.254.255', '2001:db8::1:0', '2001:db7:ffff::', '::1', 'ffff::'])
    assert.equal(list.has(outside), false, outside);
});

test('an empty list holds nothing', () => {
  const list = new BlocklistBuilder().build();
  assert.equal(list.rangeCount, 0);
  assert.equal(list.has('1.2.3.4') || list.has('::1'), false);
});

test('joins ranges that overlap, and those that touch', () => {
  const builder = new BlocklistBuilder();
  for (const [first, last] of [
    [30, 40],
    [1, 5],
    [6, 9],
    [35, 50],
    [32, 33],
    [20, 20],
  ] as const)
    builder.addIpv4(first, last);
  const list = builder.build();
  assert.equal(list.rangeCount, 3); // 1-9, 20, 30-50
  assert.equal(list.has(dotted(45)) && list.has(dotted(9)) && !list.has(dotted(10)) && !list.has(dotted(51)), true);
});

// Few distinct numbers, so that ranges meet; those at both ends of the space among them.
const edge = fc.oneof(
  fc.integer({ min: 0, max: 60 }),
  fc.integer({ min: 0xffff_ffc3, max: 0xffff_ffff }),
  fc.integer({ min: 0, max: 0xffff_ffff }),
);

test('agrees with a look at every range, IPv4', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(edge, edge), { maxLength: 60 }), fc.array(edge, { maxLength: 60 }), (pairs, asked) => {
      const ranges = pairs.map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
      const builder = new BlocklistBuilder();
      for (const [first, last] of ranges) builder.addIpv4(first, last);
      const list = builder.build();
      for (const address of [...asked, ...pairs.flat()]) {
        assert.equal(
          list.has(dotted(address)),
          ranges.some(([first, last]) => first <= address && address <= last),
          dotted(address),
        );
      }
    }),
    { numRuns: 500 },
  );
});

test('agrees with a look at every range, IPv6', () => {
  // Not below 2^48, where the addresses mapped from IPv4 are.
  const top = (1n << 128n) - 1n;
  const wide = fc.oneof(
    fc.bigInt({ min: 1n << 100n, max: (1n << 100n) + 40n }),
    fc.bigInt({ min: top - 40n, max: top }),
    fc.bigInt({ min: 1n << 48n, max: top }),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(wide, wide), { maxLength: 40 }), fc.array(wide, { maxLength: 40 }), (pairs, asked) => {
      const ranges = pairs.map(([a, b]) => (a < b ? [a, b] : [b, a]) as readonly [bigint, bigint]);
      const builder = new BlocklistBuilder();
      for (const [first, last] of ranges) builder.addIpv6(ipBytes(ipv6(first)), ipBytes(ipv6(last)));
      const list: Blocklist = builder.build();
      for (const address of [...asked, ...pairs.flat()]) {
        assert.equal(
          list.has(ipv6(address)),
          ranges.some(([first, last]) => first <= address && address <= last),
          ipv6(address),
        );
      }
    }),
    { numRuns: 300 },
  );
});
