// Which piece a super-seed offers to which peer (BEP 16): one at a time, and the next when another peer was seen to have the last one. So
// peers that pass pieces on get more, and each piece is sent about once. Pure.

import type { Bitfield } from '../support/bitfield.ts';
import type { Random } from '../support/random.ts';

interface Client {
  /** What it was offered, ever. */
  readonly offered: Set<number>;
  /** What was offered last and has not been seen at another peer. */
  pending: number | undefined;
}

/** The offers of one super-seed. */
export class SuperSeed {
  readonly #pieceCount: number;
  readonly #random: Random;
  readonly #clients = new Map<number, Client>();
  /** How many peers have each piece or were offered it. */
  readonly #copies: Uint32Array;

  constructor(pieceCount: number, random: Random) {
    this.#pieceCount = pieceCount;
    this.#random = random;
    this.#copies = new Uint32Array(pieceCount);
  }

  mayHave(peer: number, pieceIndex: number): boolean {
    return this.#clients.get(peer)?.offered.has(pieceIndex) === true;
  }

  /** The peer told all that it has. */
  piecesLearned(peer: number, has: Bitfield): void {
    for (const pieceIndex of has) this.pieceLearned(peer, pieceIndex);
  }

  /** The peer has this piece now. */
  pieceLearned(peer: number, pieceIndex: number): void {
    this.#copies[pieceIndex] = (this.#copies[pieceIndex] ?? 0) + 1;
    for (const [number, client] of this.#clients) {
      if (client.pending !== pieceIndex) continue;
      // Seen at another peer, it was passed on. With nobody to pass it to, its own word must do.
      if (number !== peer || this.#clients.size === 1) client.pending = undefined;
    }
  }

  peerGone(peer: number): void {
    this.#clients.delete(peer);
    // Whoever is left alone has nobody to pass its piece to.
    for (const client of this.#clients.values()) if (this.#clients.size === 1) client.pending = undefined;
  }

  /** The piece to offer this peer now, which `has` these: the one with the fewest copies. Undefined when it is not its turn. */
  next(peer: number, has: Bitfield): number | undefined {
    const client = this.#clients.get(peer) ?? { offered: new Set<number>(), pending: undefined };
    this.#clients.set(peer, client);
    if (client.pending !== undefined) return undefined;
    const pieceIndex = this.#rarest((piece) => !has.has(piece) && !client.offered.has(piece));
    if (pieceIndex === undefined) return undefined;
    client.offered.add(pieceIndex);
    client.pending = pieceIndex;
    this.#copies[pieceIndex] = (this.#copies[pieceIndex] ?? 0) + 1;
    return pieceIndex;
  }

  /** Among equals each has the same chance. */
  #rarest(isMeant: (pieceIndex: number) => boolean): number | undefined {
    let rarest: number | undefined;
    let ties = 0;
    for (let piece = 0; piece < this.#pieceCount; piece++) {
      if (!isMeant(piece)) continue;
      const order = rarest === undefined ? -1 : (this.#copies[piece] as number) - (this.#copies[rarest] as number);
      if (order > 0) continue;
      ties = order < 0 ? 1 : ties + 1;
      if (order < 0 || this.#random.fraction() * ties < 1) rarest = piece;
    }
    return rarest;
  }
}
