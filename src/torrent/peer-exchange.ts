// Peer exchange (BEP 11) in one swarm: peers tell each other to whom they are connected. Which messages are believed and what is told stands
// in discovery/pex-inbox.ts and pex-outbox.ts. Never there for a private torrent (BEP 27).

import { PexInbox, credible } from '../discovery/pex-inbox.ts';
import { PexOutbox } from '../discovery/pex-outbox.ts';
import type { PeerSourceListener } from '../discovery/peer-source.ts';
import type { Clock } from '../support/clock.ts';
import { formatEndpoint, reachOf, subscriberOf } from '../support/endpoint.ts';
import type { ExtensionHandshake } from '../wire/extension.ts';
import { type PexPeer, decodePex, encodePex, pexFlags } from '../wire/pex.ts';
import type { Peer } from './peer.ts';

/** A peer that takes part. */
interface Partner {
  /** The id by which it takes messages; 0: none any more. */
  extensionId: number;
  prefersEncryption: boolean;
  readonly inbox: PexInbox;
  readonly outbox: PexOutbox;
  /** It has been told all that happened up to this change. */
  toldChange: number;
}

/** The exchange of one torrent. */
export class PeerExchange {
  readonly #clock: Clock;
  readonly #weSeed: () => boolean;
  readonly #listener: PeerSourceListener;
  readonly #partners = new Map<Peer, Partner>();
  /** A running count of peers that came and went. */
  #changes = 0;

  constructor(clock: Clock, weSeed: () => boolean, listener: PeerSourceListener) {
    this.#clock = clock;
    this.#weSeed = weSeed;
    this.#listener = listener;
  }

  /** Whoever is connected may be told of others from now on, and others of it. */
  introduced(peer: Peer, { pexId, prefersEncryption }: ExtensionHandshake): void {
    this.#changes++;
    const partner = this.#partnerOf(peer);
    partner.prefersEncryption = prefersEncryption;
    if (pexId !== undefined) partner.extensionId = pexId;
  }

  gone(peer: Peer): void {
    this.#changes++;
    this.#partners.delete(peer);
  }

  /** A message came. Throws ProtocolError when it cannot be read. */
  received(peer: Peer, payload: Uint8Array): void {
    if (!this.#partnerOf(peer).inbox.hears(this.#clock.nowMs())) return;
    const source = peer.address.endpoint;
    const peers = credible(decodePex(payload), source, this.#weSeed());
    if (peers.length === 0) return;
    const reach = reachOf(source.host);
    // On loopback many peers share a host.
    const namedBy = reach === 'loopback' ? peer.name : subscriberOf(source.host);
    this.#listener.reported({ kind: 'pex', source: 'peer exchange', outcome: 'answered', message: peer.name, peerCount: peers.length });
    this.#listener.foundPeers('pex', peers, reach === 'loopback' || reach === 'link-local', namedBy);
  }

  /** Tells every partner whose turn it is what is new to it. `ready`: all who are connected. */
  tick(nowMs: number, ready: Iterable<Peer>): void {
    let connected: ReadonlyMap<string, PexPeer> | undefined;
    for (const [peer, partner] of this.#partners) {
      if (partner.extensionId === 0 || partner.toldChange === this.#changes || !partner.outbox.isDue(nowMs)) continue;
      connected ??= this.#listening(ready);
      const changes = partner.outbox.next(connected, nowMs);
      if (changes === undefined) partner.toldChange = this.#changes;
      else peer.protocol.sendExtended(partner.extensionId, encodePex(changes));
      peer.flush();
    }
  }

  #partnerOf(peer: Peer): Partner {
    const known = this.#partners.get(peer);
    if (known !== undefined) return known;
    const outbox = new PexOutbox(peer.listensAt ?? peer.address.endpoint);
    const partner = { extensionId: 0, prefersEncryption: false, inbox: new PexInbox(), outbox, toldChange: -1 };
    this.#partners.set(peer, partner);
    return partner;
  }

  /** Those of whom it is known where they listen, by that address. */
  #listening(peers: Iterable<Peer>): ReadonlyMap<string, PexPeer> {
    const found = new Map<string, PexPeer>();
    for (const peer of peers) {
      if (peer.listensAt === undefined) continue;
      const { prefersEncryption, seed, reachable } = pexFlags;
      const isSeed = peer.protocol.peerHas.isFull || peer.isUploadOnly;
      const isEncrypted = this.#partners.get(peer)?.prefersEncryption === true || peer.address.isEncrypted;
      const flags = (isEncrypted ? prefersEncryption : 0) | (isSeed ? seed : 0) | (peer.isIncoming ? 0 : reachable);
      found.set(formatEndpoint(peer.listensAt), { endpoint: peer.listensAt, flags });
    }
    return found;
  }
}
