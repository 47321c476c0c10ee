// What we asked of one peer: the blocks we wait for, and those that were cancelled or given back and may come all the same.

import { wireLimits } from '../config.ts';
import type { Geometry } from '../metainfo/geometry.ts';
import type { BlockRange } from './messages.ts';

/** A block that we asked for. */
export interface BlockRequest {
  readonly pieceIndex: number;
  readonly blockIndex: number;
  readonly sentMs: number;
}

/** Blocks given back that may still come and are then no surprise. */
const lateBlocksMax = 8192;

/** The requests to one peer. */
export class RequestBook {
  /** What we wait for, oldest first. */
  readonly outstanding = new Map<number, BlockRequest>();
  readonly #late = new Map<number, BlockRequest>();
  readonly #geometry: Geometry;
  readonly #blocksPerPiece: number;

  constructor(geometry: Geometry) {
    this.#geometry = geometry;
    this.#blocksPerPiece = Math.ceil(geometry.pieceLength / wireLimits.blockBytes);
  }

  /** The block as the wire names it. */
  rangeOf(pieceIndex: number, blockIndex: number): BlockRange {
    return { pieceIndex, blockOffset: blockIndex * wireLimits.blockBytes, length: this.#geometry.blockLength(pieceIndex, blockIndex) };
  }

  add(block: BlockRequest): void {
    this.outstanding.set(this.#key(block.pieceIndex, block.blockIndex), block);
  }

  has(pieceIndex: number, blockIndex: number): boolean {
    return this.outstanding.has(this.#key(pieceIndex, blockIndex));
  }

  /** The request that this range answers, late or not; undefined when nobody asked for it. The range lies within its piece. */
  find(range: Pick<BlockRange, 'pieceIndex' | 'blockOffset'>): BlockRequest | undefined {
    if (range.blockOffset % wireLimits.blockBytes !== 0) return undefined;
    const key = this.#key(range.pieceIndex, range.blockOffset / wireLimits.blockBytes);
    return this.outstanding.get(key) ?? this.#late.get(key);
  }

  /** The block has come, or never will. Returns whether we still waited for it. */
  settle(block: BlockRequest): boolean {
    const key = this.#key(block.pieceIndex, block.blockIndex);
    this.#late.delete(key);
    return this.outstanding.delete(key);
  }

  /** We wait for the block no longer, but it may come. Returns whether we did wait for it. */
  stopWaiting(pieceIndex: number, blockIndex: number): boolean {
    const key = this.#key(pieceIndex, blockIndex);
    const block = this.outstanding.get(key);
    if (block === undefined) return false;
    this.outstanding.delete(key);
    if (this.#late.size >= lateBlocksMax) {
      const oldest = this.#late.keys().next();
      if (oldest.done !== true) this.#late.delete(oldest.value);
    }
    this.#late.set(key, block);
    return true;
  }

  /** We wait no longer for any block of the pieces that `isGivenUp` names. Returns those blocks. */
  giveUp(isGivenUp: (pieceIndex: number) => boolean): BlockRequest[] {
    const blocks = [...this.outstanding.values()].filter((block) => isGivenUp(block.pieceIndex));
    for (const block of blocks) this.stopWaiting(block.pieceIndex, block.blockIndex);
    return blocks;
  }

  /** One safe integer per block of the torrent. */
  #key(pieceIndex: number, blockIndex: number): number {
    return pieceIndex * this.#blocksPerPiece + blockIndex;
  }
}
