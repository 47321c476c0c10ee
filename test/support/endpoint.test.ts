import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import {
  decodeCompactIpv4,
  decodeCompactIpv6,
  encodeCompact,
  formatEndpoint,
  ipBytes,
  makeEndpoint,
  reachOf,
  type Reach,
} from '../../src/support/endpoint.ts';

const canonical: readonly (readonly [host: string, spelt: string])[] = [
  ['1.2.3.4', '1.2.3.4'],
  ['255.255.255.255', '255.255.255.255'],
  ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
  ['2001:0db8::0001', '2001:db8::1'],
  ['::', '::'],
  ['::ffff:1.2.3.4', '1.2.3.4'],
  ['::ffff:7f00:1', '127.0.0.1'],
];
for (const [host, spelt] of canonical)
  test(`spells ${host} as ${spelt}`, () => assert.deepEqual(makeEndpoint(host, 80), { host: spelt, port: 80 }));

for (const host of [
  '',
  'localhost',
  '1.2.3',
  '1.2.3.4.5',
  '256.1.1.1',
  '01.2.3.4',
  '0x7f.0.0.1',
  '2130706433',
  '1.2.3.4 ',
  '[::1]',
  ':::',
  'fe80::1%eth0',
  '::1/64',
  'a:b',
  '1.2.3.4\n',
  '::1]/x[',
  '::1]@xlocalhostx/[',
]) {
  test(`${JSON.stringify(host)} is no address`, () => assert.equal(makeEndpoint(host, 80), undefined));
}

test('a port is a whole number from 1 to 65 535', () => {
  for (const port of [1, 65_535]) assert.equal(makeEndpoint('1.2.3.4', port)?.port, port);
  for (const port of [0, -1, 65_536, 1.5, Number.NaN, Infinity]) assert.equal(makeEndpoint('1.2.3.4', port), undefined);
});

test('writes endpoints for people', () => {
  assert.equal(formatEndpoint({ host: '1.2.3.4', port: 80 }), '1.2.3.4:80');
  assert.equal(formatEndpoint({ host: '2001:db8::1', port: 80 }), '[2001:db8::1]:80');
});

test('reads compact peers and leaves out port 0', () => {
  assert.deepEqual(decodeCompactIpv4(Uint8Array.of(1, 2, 3, 4, 0x1a, 0xe1, 5, 6, 7, 8, 0, 0)), [{ host: '1.2.3.4', port: 6881 }]);
  const v6 = new Uint8Array(36);
  v6.set([0x20, 0x01, 0x0d, 0xb8], 0);
  v6[15] = 1;
  v6[17] = 80;
  assert.deepEqual(decodeCompactIpv6(v6), [{ host: '2001:db8::1', port: 80 }]);
});

test('an address mapped into IPv6 is the IPv4 address', () => {
  const bytes = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1, 0, 80);
  assert.deepEqual(decodeCompactIpv6(bytes), [{ host: '127.0.0.1', port: 80 }]);
});

test('every endpoint survives its compact form', () => {
  const port = fc.integer({ min: 1, max: 65_535 });
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), port, (host, number) => {
      const endpoint = makeEndpoint(host, number);
      if (endpoint === undefined) return; // spellings that the URL parser does not take
      const bytes = encodeCompact(endpoint);
      assert.deepEqual(bytes.length === 6 ? decodeCompactIpv4(bytes) : decodeCompactIpv6(bytes), [endpoint]);
      assert.deepEqual(ipBytes(endpoint.host), bytes.slice(0, -2));
    }),
    { seed: 6 },
  );
});

const reaches: Readonly<Record<Reach, readonly string[]>> = {
  global: [
    '8.8.8.8',
    '172.15.0.1',
    '172.32.0.1',
    '192.167.1.1',
    '100.63.0.1',
    '100.128.0.1',
    '2001:db8::1',
    '2606:4700::1111',
    '64:ff9b::808:808',
    '2002:808:808::1',
  ],
  private: [
    '10.0.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '100.64.0.1',
    '100.127.0.1',
    'fc00::1',
    'fd12::1',
    '64:ff9b::a00:1',
    '2002:a00:1::1',
    '::a00:1',
    'fec0::1',
  ],
  loopback: ['127.0.0.1', '127.255.255.254', '::1', '64:ff9b::7f00:1', '2002:7f00:1::', '::7f00:1', '::ffff:0:7f00:1'],
  'link-local': ['169.254.169.254', 'fe80::1', 'febf::1', '64:ff9b::a9fe:a9fe', '::a9fe:a9fe', '::ffff:0:a9fe:a9fe'],
  unusable: ['0.0.0.0', '0.1.2.3', '224.0.0.1', '239.1.1.1', '240.0.0.1', '255.255.255.255', '::', '::2', 'ff02::1'],
};
for (const [reach, hosts] of Object.entries(reaches)) {
  for (const host of hosts) test(`${host} is ${reach}`, () => assert.equal(reachOf(host), reach));
}
