// What peers read of us, kept in memory for a while: they ask for a piece block by block, often several of them for the same one.

import { storageLimits } from '../config.ts';
import type { Geometry } from '../metainfo/geometry.ts';
import { BufferPool } from './buffer-pool.ts';

/** Reads `into.length` bytes of a piece from `offset` on. */
export type ReadPiece = (pieceIndex: number, offset: number, into: Uint8Array) => Promise<void>;

/** A part of a piece, or all of it. */
interface Span {
  readonly bytes: Uint8Array;
  /** Settles when the bytes are there; undefined when they are. */
  loading: Promise<void> | undefined;
  /** How many wait for it. */
  readers: number;
}

/** Reads whole pieces, long ones in parts, and answers from memory what it can. The part used longest ago makes room. */
export class ReadCache {
  readonly #geometry: Geometry;
  readonly #read: ReadPiece;
  readonly #spanBytes: number;
  readonly #maxSpans: number;
  readonly #buffers: BufferPool;
  /** In the order of use, the oldest first. */
  readonly #spans = new Map<number, Span>();
  /** Who waits for room. */
  readonly #waiting: (() => void)[] = [];

  constructor(geometry: Geometry, read: ReadPiece) {
    this.#geometry = geometry;
    this.#read = read;
    this.#spanBytes = Math.min(geometry.pieceLength, storageLimits.readCacheSpanBytes);
    this.#maxSpans = Math.max(1, Math.floor(storageLimits.readCacheBytes / this.#spanBytes));
    this.#buffers = new BufferPool(this.#spanBytes, false, storageLimits.readCacheSpanBytes);
  }

  /**
   * Copies `length` bytes of the piece from `offset` on to `into` at `at`: at once where they are in memory, and returns undefined; else a
   * promise, which rejects with what the disk says. The range lies within the piece.
   */
  copy(pieceIndex: number, offset: number, length: number, into: Uint8Array, at: number): Promise<void> | undefined {
    const spanIndex = Math.floor(offset / this.#spanBytes);
    const begin = offset - spanIndex * this.#spanBytes;
    const here = Math.min(length, this.#spanBytes - begin);
    const waiting = this.#copySpan(pieceIndex, spanIndex, begin, into.subarray(at, at + here));
    if (here === length) return waiting;
    const rest = this.copy(pieceIndex, offset + here, length - here, into, at + here);
    return waiting === undefined || rest === undefined ? (waiting ?? rest) : Promise.all([waiting, rest]).then(() => undefined);
  }

  #copySpan(pieceIndex: number, spanIndex: number, begin: number, into: Uint8Array): Promise<void> | undefined {
    const span = this.#span(pieceIndex, spanIndex);
    if (span === undefined) return this.#whenRoom(() => this.#copySpan(pieceIndex, spanIndex, begin, into));
    const copy = (): void => into.set(span.bytes.subarray(begin, begin + into.length));
    if (span.loading === undefined) {
      copy();
      return undefined;
    }
    return this.#whenLoaded(span, span.loading, copy);
  }

  async #whenLoaded(span: Span, loading: Promise<void>, copy: () => void): Promise<void> {
    span.readers++;
    try {
      await loading;
    } finally {
      // Whoever finds no room waits again: one may want what another has just begun to read, and then needs none.
      if (--span.readers === 0) for (const wake of this.#waiting.splice(0)) wake();
    }
    copy();
  }

  /** Every part is being read or waited for, and each will be done with. */
  async #whenRoom(copy: () => Promise<void> | undefined): Promise<void> {
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
    await copy();
  }

  /** Undefined when there is no room. */
  #span(pieceIndex: number, spanIndex: number): Span | undefined {
    const key = pieceIndex * spansPerPieceMax + spanIndex;
    const known = this.#spans.get(key);
    if (known !== undefined) {
      this.#spans.delete(key);
      this.#spans.set(key, known);
      return known;
    }
    if (!this.#makeRoom()) return undefined;
    const offset = spanIndex * this.#spanBytes;
    const bytes = this.#buffers.take(Math.min(this.#spanBytes, this.#geometry.lengthOf(pieceIndex) - offset));
    const span: Span = { bytes, loading: undefined, readers: 0 };
    this.#spans.set(key, span);
    span.loading = this.#load(span, key, pieceIndex, offset);
    return span;
  }

  async #load(span: Span, key: number, pieceIndex: number, offset: number): Promise<void> {
    try {
      await this.#read(pieceIndex, offset, span.bytes);
      span.loading = undefined;
    } catch (error) {
      this.#spans.delete(key);
      throw error;
    }
  }

  /** False when there is none: what somebody waits for stays. */
  #makeRoom(): boolean {
    for (const [key, span] of this.#spans) {
      if (this.#spans.size < this.#maxSpans) break;
      if (span.loading !== undefined || span.readers > 0) continue;
      this.#spans.delete(key);
      this.#buffers.give(span.bytes);
    }
    return this.#spans.size < this.#maxSpans;
  }
}

/** The longest piece has 512 MiB. */
const spansPerPieceMax = 512;
