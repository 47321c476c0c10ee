// Which piece is rarest, kept up to date in constant time. Pieces stand in one array sorted by how many peers have them; equally rare
// ones form a bucket, in random order. A count that changes by one swaps a piece with the border of its bucket.

import { assert } from '../errors.ts';
import { type Random, shuffle } from '../support/random.ts';

const absent = -1;

/** The pieces that may be begun, rarest first. */
export class RarityOrder {
  /** Pieces sorted by availability; the first `#length` entries are in use. */
  readonly #order: Int32Array;
  /** Where each piece stands in `#order`, or -1. */
  readonly #position: Int32Array;
  readonly #availability: Uint16Array;
  /** Where the bucket of each availability ends; the next begins there. */
  #bucketEnd: number[] = [0];
  #length = 0;

  constructor(pieceCount: number) {
    this.#order = new Int32Array(pieceCount);
    this.#position = new Int32Array(pieceCount).fill(absent);
    this.#availability = new Uint16Array(pieceCount);
  }

  /** Adds many pieces, in random order within each bucket. */
  addAll(pieces: number[], random: Random): void {
    for (const piece of shuffle(pieces, random)) this.add(piece);
  }

  get size(): number {
    return this.#length;
  }

  has(piece: number): boolean {
    return this.#position[piece] !== absent;
  }

  /** How many peers (those that have everything not counted) have `piece`. */
  availabilityOf(piece: number): number {
    return this.#availability[piece] as number;
  }

  /** The piece at `rank`, from 0 (the rarest) to `size - 1`. */
  at(rank: number): number {
    return this.#order[rank] as number;
  }

  /** Lets `piece` be picked. */
  add(piece: number): void {
    if (this.has(piece)) return;
    this.#place(piece, this.#length++);
    const target = this.availabilityOf(piece);
    this.#growTo(target);
    // It stands at the very end, in the highest bucket: down it goes, one bucket border after the other.
    for (let level = this.#bucketEnd.length - 1; level > target; level--) {
      const start = this.#startOf(level);
      this.#swap(piece, start);
      this.#bucketEnd[level] = this.#endOf(level) + 1;
    }
    this.#bucketEnd[target] = this.#endOf(target) + 1;
  }

  /** Takes `piece` out of the order: begun, verified or not wanted. */
  remove(piece: number): void {
    if (!this.has(piece)) return;
    for (let level = this.availabilityOf(piece); level < this.#bucketEnd.length; level++) {
      const end = this.#endOf(level) - 1;
      this.#swap(piece, end);
      this.#bucketEnd[level] = end;
    }
    this.#position[piece] = absent;
    this.#length--;
  }

  /** One more peer has `piece`. */
  increase(piece: number): void {
    const level = this.availabilityOf(piece);
    this.#availability[piece] = level + 1;
    this.#growTo(level + 1);
    if (!this.has(piece)) return;
    const end = this.#endOf(level) - 1;
    this.#swap(piece, end);
    this.#bucketEnd[level] = end;
  }

  /** One peer less has `piece`. */
  decrease(piece: number): void {
    const level = this.availabilityOf(piece);
    assert(level > 0, 'a piece is lost more often than it was had');
    this.#availability[piece] = level - 1;
    if (!this.has(piece)) return;
    const start = this.#startOf(level);
    this.#swap(piece, start);
    this.#bucketEnd[level - 1] = start + 1;
  }

  #growTo(level: number): void {
    while (this.#bucketEnd.length <= level) this.#bucketEnd.push(this.#bucketEnd.at(-1) as number);
  }

  #startOf(level: number): number {
    return level === 0 ? 0 : this.#endOf(level - 1);
  }

  #endOf(level: number): number {
    return this.#bucketEnd[level] as number;
  }

  #place(piece: number, position: number): void {
    this.#order[position] = piece;
    this.#position[piece] = position;
  }

  #swap(piece: number, target: number): void {
    const from = this.#position[piece] as number;
    const other = this.#order[target] as number;
    this.#place(other, from);
    this.#place(piece, target);
  }
}
