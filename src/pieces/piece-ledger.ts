// The owner of piece states. Every piece is in exactly one:
//
//   unwanted -- not selected            missing -- wanted, nothing of it here; the rarity order holds exactly these
//   partial  -- some blocks asked for   checking -- all blocks here, being hashed and written       verified -- on disk
//
//   missing -> partial -> checking -> verified, and checking -> missing when the hash is wrong.

import { assert } from '../errors.ts';
import type { Geometry } from '../metainfo/geometry.ts';
import { Bitfield } from '../support/bitfield.ts';
import type { Random } from '../support/random.ts';
import { PartialPiece, type PeerNumber, nobody } from './partial-piece.ts';
import { RarityOrder } from './rarity-order.ts';
import { type SequentialOptions, SequentialOrder } from './sequential-order.ts';

/** Lends piece buffers; the ledger asks when a piece is begun and gives back what it no longer needs. */
export interface PieceBuffers {
  /** A buffer of exactly `length` bytes, contents arbitrary. */
  take(length: number): Uint8Array;
  give(bytes: Uint8Array): void;
}

/** The pieces of one torrent. */
export class PieceLedger {
  readonly geometry: Geometry;
  /** Pieces on disk. */
  readonly verified: Bitfield;
  /** Pieces of the selection. */
  readonly wanted: Bitfield;
  /** Wanted and not verified: worth having from a peer. */
  readonly needed: Bitfield;
  /** Missing pieces, rarest first. */
  readonly missing: RarityOrder;
  readonly partials = new Map<number, PartialPiece>();
  /** Those with blocks that are neither here nor asked for. */
  readonly open = new Set<PartialPiece>();
  /** When pieces are fetched in the torrent's order: which of them may be begun. */
  readonly order: SequentialOrder | undefined;
  readonly #checking = new Set<number>();
  readonly #buffers: PieceBuffers;
  /** Pieces that are fetched from one peer alone, and the peers that had their chance: they began one and did not finish it. */
  readonly #onParole = new Map<number, Set<PeerNumber>>();
  #partialBytes = 0;

  constructor(
    geometry: Geometry,
    wanted: Bitfield,
    verified: Bitfield,
    buffers: PieceBuffers,
    random: Random,
    sequential?: SequentialOptions,
  ) {
    this.geometry = geometry;
    this.wanted = wanted;
    this.verified = verified.clone();
    this.#buffers = buffers;
    this.needed = new Bitfield(geometry.pieceCount);
    this.missing = new RarityOrder(geometry.pieceCount);
    const missing: number[] = [];
    for (let piece = 0; piece < geometry.pieceCount; piece++) {
      if (!wanted.has(piece)) continue;
      if (verified.has(piece)) continue;
      this.needed.add(piece);
      missing.push(piece);
    }
    if (sequential !== undefined) {
      const { windowPieces, isPassed = (piece) => this.verified.has(piece) } = sequential;
      this.order = new SequentialOrder(missing, windowPieces, isPassed);
    }
    this.missing.addAll(missing, random);
  }

  /** Every wanted piece is verified. */
  get isComplete(): boolean {
    return this.needed.count === 0;
  }

  /** Nothing new may be begun: one slow peer could hold up the end, or the window of a download in order. */
  get isEndgame(): boolean {
    return this.order === undefined ? this.missing.size === 0 : this.order.isHeldUp(this);
  }

  /** How many wanted pieces are verified. */
  get wantedVerified(): number {
    return this.wanted.count - this.needed.count;
  }

  /** Bytes of buffers held by partial pieces. */
  get partialBytes(): number {
    return this.#partialBytes;
  }

  /** missing -> partial, begun by `owner`. */
  begin(piece: number, owner: PeerNumber): PartialPiece {
    assert(this.missing.has(piece), `piece ${piece} is begun but not missing`);
    const bytes = this.#buffers.take(this.geometry.lengthOf(piece));
    const blockCount = this.geometry.blockCountOf(piece);
    const partial = new PartialPiece(piece, bytes, blockCount, owner, this.#onParole.has(piece), this.open);
    this.missing.remove(piece);
    this.partials.set(piece, partial);
    this.#partialBytes += bytes.length;
    return partial;
  }

  /** partial -> missing: nothing of it is here or on its way. */
  abandonIfEmpty(partial: PartialPiece): void {
    if (partial.freeCount < partial.blockCount || partial.hasArrivals) return;
    this.#endPartial(partial);
    this.#buffers.give(partial.bytes);
    this.missing.add(partial.index);
    this.order?.returned();
  }

  /** partial -> checking. The buffer is the caller's until it says `checked` or `failed`. */
  completed(partial: PartialPiece): void {
    assert(partial.isComplete, `piece ${partial.index} is checked before it is complete`);
    this.#endPartial(partial);
    this.#checking.add(partial.index);
  }

  /** checking -> verified. */
  checked(piece: number): void {
    assert(this.#checking.delete(piece), `piece ${piece} is verified but was not being checked`);
    this.#onParole.delete(piece);
    this.verified.add(piece);
    this.needed.delete(piece);
  }

  /** checking -> missing; fetched from one peer alone next time when it is not known who was wrong. */
  failed(piece: number, isCulpritKnown: boolean): void {
    assert(this.#checking.delete(piece), `piece ${piece} failed but was not being checked`);
    if (!isCulpritKnown && !this.#onParole.has(piece)) this.#onParole.set(piece, new Set());
    this.missing.add(piece);
    this.order?.returned();
  }

  /**
   * The peer is gone, choked us or stalls: its pieces may be gone on with by anybody. One on parole begins anew with another peer, since
   * blocks of two would prove nothing again. Nothing of it may be arriving.
   */
  disown(peer: PeerNumber): void {
    for (const partial of this.partials.values()) {
      if (partial.owner !== peer) continue;
      partial.owner = nobody;
      if (!partial.isOnParole) continue;
      this.#onParole.get(partial.index)?.add(peer);
      partial.dropAll();
      this.abandonIfEmpty(partial);
    }
  }

  /** Whether `peer` may begin the missing piece: one on parole only if it has not failed to finish it before. */
  mayBegin(piece: number, peer: PeerNumber): boolean {
    return this.#onParole.size === 0 || this.#onParole.get(piece)?.has(peer) !== true;
  }

  /** Pieces on parole that nobody has begun are offered to everybody again: perhaps only those who failed have them. */
  forgiveOnParole(): void {
    for (const [piece, failed] of this.#onParole) if (this.missing.has(piece)) failed.clear();
  }

  /** The peer was caught sending wrong bytes: what it sent of pieces that are not complete is forgotten. */
  dropBlocksOf(peer: PeerNumber): void {
    for (const partial of this.partials.values()) {
      partial.dropBlocksOf(peer);
      if (partial.owner === peer) partial.owner = nobody;
      this.abandonIfEmpty(partial);
    }
  }

  #endPartial(partial: PartialPiece): void {
    this.partials.delete(partial.index);
    this.open.delete(partial);
    this.#partialBytes -= partial.bytes.length;
  }
}
