import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InputError } from '../../src/errors.ts';
import { boundFor, canReach, directNetwork, isBound, type Network } from '../../src/transport/network.ts';
import { type NetworkOptions, networkOf } from '../../src/transport/network-options.ts';

const machine = {
  lo: [{ address: '127.0.0.1' }, { address: '::1' }],
  eth0: [{ address: 'fe80::1' }, { address: '192.168.1.5' }, { address: 'fd00::5' }, { address: '2001:db8::5' }],
  wg0: [{ address: '10.9.0.2' }],
  down0: [],
};
const network = (options: NetworkOptions): Network => networkOf(options, () => machine);
const families = (options: NetworkOptions): unknown => Object.fromEntries(network(options).families);

test('without wishes the system chooses', () => {
  assert.deepEqual(families({}), { 4: undefined, 6: undefined });
  assert.equal(isBound(directNetwork), false);
  assert.deepEqual(boundFor(directNetwork, '1.2.3.4'), {});
});

test('an interface means its addresses, the one of widest reach of each family', () => {
  assert.deepEqual(families({ bind: 'eth0' }), { 4: '192.168.1.5', 6: '2001:db8::5' });
  assert.deepEqual(families({ bind: 'wg0' }), { 4: '10.9.0.2' });
  assert.deepEqual(families({ bind: 'eth0', family: 6 }), { 6: '2001:db8::5' });
});

test('an address is bound in any spelling, and leaves the other family unused', () => {
  assert.deepEqual(families({ bind: '2001:DB8:0::5' }), { 6: '2001:db8::5' });
  assert.deepEqual(families({ bind: '127.0.0.77' }), { 4: '127.0.0.77' });
  const bound = network({ bind: '10.9.0.2' });
  assert.equal(isBound(bound), true);
  assert.deepEqual(boundFor(bound, '1.2.3.4'), { localAddress: '10.9.0.2' });
  assert.deepEqual([canReach(bound, '1.2.3.4'), canReach(bound, '::1'), canReach(bound, '::ffff:1.2.3.4')], [true, false, true]);
});

test('-4 and -6 leave one family', () => {
  assert.deepEqual([canReach(network({ family: 4 }), '::1'), canReach(network({ family: 6 }), '::1')], [false, true]);
});

test('refuses what is not of this machine, and says what is', () => {
  const refused = (options: NetworkOptions, words: RegExp): void =>
    assert.throws(
      () => network(options),
      (error: unknown) => error instanceof InputError && error.code === 'bad-argument' && words.test(error.message),
    );
  refused({ bind: 'eth9' }, /"eth9" is no address or interface of this machine; there are: lo \(127.0.0.1, ::1\), eth0 \(192/);
  refused({ bind: '10.9.0.3' }, /"10.9.0.3" is no address/);
  refused({ bind: '' }, /"" is no address/);
  refused({ bind: 'constructor' }, /"constructor" is no address/);
  refused({ bind: 'down0' }, /"down0" is an interface without an address/);
  refused({ bind: 'wg0', family: 6 }, /wg0, has no IPv6 address/);
  refused({ bind: '\u001b[2J' }, /"\\x1b\[2J" is no/);
  refused({ proxy: 'http://me:secret@h' }, /^the proxy: not a kind of proxy/);
});

test('a SOCKS5 proxy leaves the variables alone', () => {
  const { socks, httpProxyFor } = network({ proxy: 'socks5://h:1', variables: { http_proxy: 'no://proxy' } });
  assert.equal(socks?.name, 'socks5://h:1');
  assert.equal(httpProxyFor(new URL('http://t.example')), undefined);
  assert.equal(network({ proxy: '' }).socks, undefined);
});
