import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mayConnect, type Hop } from '../../src/transport/connect-rule.ts';

const hop = (url: string, more: Partial<Hop> = {}): Hop => ({ url: new URL(url), typed: false, redirectedFrom: undefined, ...more });

test('a torrent may name a tracker of the internet and of the local network by any name', () => {
  for (const address of ['203.0.113.7', '2001:db8::1', '10.0.0.1', '192.168.1.1', '100.64.0.1', 'fd00::1']) {
    assert.equal(mayConnect(hop('http://t.example/x.php'), address), true, address);
  }
});

test('a torrent may name a tracker of this machine only openly, and only at /announce', () => {
  const openly: [string, string][] = [
    ['http://127.0.0.1:6969/announce', '127.0.0.1'],
    ['http://localhost/announce/0123456789', '127.0.0.1'],
    ['http://localhost/announce.php', '::1'],
    ['http://[::1]:80/announce', '::1'],
    ['http://[fe80::1]/announce', 'fe80::1'],
  ];
  for (const [url, address] of openly) assert.equal(mayConnect(hop(url), address), true, url);

  const refused: [string, string][] = [
    ['http://127.0.0.1:6969/', '127.0.0.1'],
    ['http://127.0.0.1:6969/admin?announce', '127.0.0.1'],
    ['http://127.0.0.1:6969/announcement', '127.0.0.1'],
    ['http://127.0.0.1:6969/announce/../admin', '127.0.0.1'],
    ['http://localhost./announce', '127.0.0.1'],
    ['http://a.localhost/announce', '127.0.0.1'],
    ['http://rebound.example/announce', '127.0.0.1'],
    ['http://rebound.example/announce', '::1'],
    ['http://rebound.example/announce', '::ffff:127.0.0.1'],
    ['http://rebound.example/announce', '::ffff:7f00:1'],
    ['http://rebound.example/announce', '64:ff9b::7f00:1'],
    ['http://metadata.example/announce', '169.254.169.254'],
    ['http://169.254.169.254/latest/meta-data', '169.254.169.254'],
  ];
  for (const [url, address] of refused) assert.equal(mayConnect(hop(url), address), false, url);
});

test('every spelling of a local address is the address', () => {
  for (const host of [
    '2130706433',
    '0x7f.1',
    '0177.0.0.1',
    '127.1',
    '[::ffff:7f00:1]',
    '[::ffff:127.0.0.1]',
    '127.0.0.1.',
    '%31%32%37.0.0.1',
  ]) {
    const url = new URL(`http://${host}/latest`);
    assert.equal(mayConnect(hop(url.href), url.hostname.replace(/^\[|\]$/g, '')), false, host);
  }
});

test('the user may name this machine in any way', () => {
  assert.equal(mayConnect(hop('http://my-box.example/tracker', { typed: true }), '127.0.0.1'), true);
  assert.equal(mayConnect(hop('http://my-box.example/tracker', { typed: true }), 'fe80::1'), true);
});

test('addresses that are nowhere are never connected to, not even for the user', () => {
  for (const address of ['0.0.0.0', '::', '224.0.0.1', '255.255.255.255', 'ff02::1', 'not an address', '']) {
    assert.equal(mayConnect(hop(`http://t.example/announce`, { typed: true }), address), false, address);
  }
});

test('a redirect leads no nearer than where it came from', () => {
  const url = 'http://localhost/announce';
  const table: [Hop['redirectedFrom'], string, boolean][] = [
    ['global', '203.0.113.7', true],
    ['global', '10.0.0.1', false],
    ['global', '127.0.0.1', false],
    ['global', '169.254.169.254', false],
    ['private', '203.0.113.7', true],
    ['private', '10.0.0.1', true],
    ['private', '127.0.0.1', false],
    ['loopback', '203.0.113.7', true],
    ['loopback', '10.0.0.1', true],
    ['loopback', '127.0.0.1', true],
    ['loopback', '169.254.169.254', false],
    ['link-local', '127.0.0.1', false],
  ];
  for (const [redirectedFrom, address, allowed] of table) {
    for (const typed of [false, true]) {
      assert.equal(mayConnect(hop(url, { redirectedFrom, typed }), address), allowed, `${redirectedFrom} to ${address}`);
    }
  }
});
