// What we offer to peers: the pieces that we have, told once at the start and then by `have`. As a super-seed (BEP 16) we say that we
// have nothing, and offer each peer one piece at a time, so that a swarm gets a first copy of everything with little more than that sent.

import { Bitfield } from '../support/bitfield.ts';
import type { Random } from '../support/random.ts';
import { allowedFastCount, allowedFastSet } from '../wire/allowed-fast.ts';
import { ipBytes } from '../support/endpoint.ts';
import type { Peer } from './peer.ts';
import { SuperSeed } from './super-seed.ts';

/** What an offer is made of. */
export interface OfferOptions {
  /** 20 bytes. */
  readonly infohash: Uint8Array;
  readonly pieceCount: number;
  /** Peers past their handshake, by number. */
  readonly peers: ReadonlyMap<number, Peer>;
  readonly random: Random;
  readonly superSeed: boolean;
}

/** The pieces of one torrent that peers may have of us. */
export class Offer {
  readonly #options: OfferOptions;
  readonly #held: Bitfield;
  readonly #superSeed: SuperSeed | undefined;
  readonly #nothing: Bitfield;

  constructor(options: OfferOptions) {
    this.#options = options;
    this.#held = new Bitfield(options.pieceCount);
    this.#nothing = new Bitfield(options.pieceCount);
    this.#superSeed = options.superSeed ? new SuperSeed(options.pieceCount, options.random) : undefined;
  }

  /** We have this piece. */
  add(pieceIndex: number): void {
    this.#held.add(pieceIndex);
  }

  /** We have got this piece: peers that lack it are told. */
  announce(pieceIndex: number): void {
    this.#held.add(pieceIndex);
    for (const peer of this.#options.peers.values()) if (!peer.protocol.peerHas.has(pieceIndex)) peer.protocol.sendHave(pieceIndex);
  }

  mayHave(peer: Peer, pieceIndex: number): boolean {
    return this.#superSeed === undefined ? this.#held.has(pieceIndex) : this.#superSeed.mayHave(peer.number, pieceIndex);
  }

  /** After the handshake. `uploadOnly`: we download nothing. */
  introduce(peer: Peer, uploadOnly: boolean): void {
    peer.protocol.sendIntroduction(this.#superSeed === undefined ? this.#held : this.#nothing, uploadOnly);
    this.#offerMore(peer);
  }

  /** The peer told all that it has. */
  piecesLearned(peer: Peer): void {
    this.#superSeed?.piecesLearned(peer.number, peer.protocol.peerHas);
    this.#allowFast(peer);
  }

  /** The peer got a piece. */
  pieceLearned(peer: Peer, pieceIndex: number): void {
    if (this.#superSeed === undefined) return;
    this.#superSeed.pieceLearned(peer.number, pieceIndex);
    for (const other of this.#options.peers.values()) this.#offerMore(other);
  }

  peerGone(peer: Peer): void {
    if (this.#superSeed === undefined) return;
    this.#superSeed.peerGone(peer.number);
    for (const other of this.#options.peers.values()) this.#offerMore(other);
  }

  #offerMore(peer: Peer): void {
    const pieceIndex = this.#superSeed?.next(peer.number, peer.protocol.peerHas);
    if (pieceIndex === undefined) return;
    peer.protocol.sendHave(pieceIndex);
    peer.flush();
  }

  /** A peer with next to nothing gets some pieces however choked it is, so that it has something to give (BEP 6). */
  #allowFast(peer: Peer): void {
    const { uploads, peerHas } = peer.protocol;
    const { host } = peer.address.endpoint;
    if (!uploads.isFast || this.#superSeed !== undefined || peerHas.count >= allowedFastCount || host.includes(':')) return;
    const set = allowedFastSet(ipBytes(host), this.#options.infohash, this.#options.pieceCount);
    uploads.allowFast([...set].filter((piece) => this.#held.has(piece) && !peerHas.has(piece)));
  }
}
