// Whom peer exchange holds to account for the addresses that it brings.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeEndpoint } from '../../src/support/endpoint.ts';
import { PeerExchange } from '../../src/torrent/peer-exchange.ts';
import type { Peer } from '../../src/torrent/peer.ts';
import { bencode } from '../support/make-torrent.ts';
import { HandClock } from '../support/hand-clock.ts';

/** Who counts as the source of an address that a peer at `host` names. */
function namedBy(host: string): string | undefined {
  let named: string | undefined;
  const exchange = new PeerExchange(new HandClock(), () => false, {
    foundPeers: (_origin, _peers, _localAllowed, by) => void (named = by),
    seenAs() {},
    reported() {},
  });
  const peer = { name: `${host} 6881`, address: { endpoint: makeEndpoint(host, 6881) }, listensAt: undefined };
  exchange.received(peer as unknown as Peer, bencode({ added: Buffer.from([127, 0, 0, 1, 1, 1, 9, 9, 9, 9, 1, 1]) }));
  return named;
}

test('addresses of one IPv6 network are one source, those of IPv4 one each, and on loopback each peer', () => {
  assert.equal(namedBy('2001:db8:1:2::1'), namedBy('2001:db8:1:2:ffff::9'));
  assert.notEqual(namedBy('2001:db8:1:2::1'), namedBy('2001:db8:1:3::1'));
  assert.notEqual(namedBy('203.0.113.1'), namedBy('203.0.113.2'));
  assert.equal(namedBy('127.0.0.1'), '127.0.0.1 6881');
});
