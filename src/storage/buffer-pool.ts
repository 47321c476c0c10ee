// Piece buffers that are used again: a fresh one per piece would cost a page fault per 4 KiB and keep the garbage collector busy.

import { storageLimits } from '../config.ts';
import { assert } from '../errors.ts';

/** Buffers for the pieces of one torrent. Their content is whatever was there before: readers must only see what they wrote. */
export class BufferPool {
  readonly #bufferBytes: number;
  readonly #maxIdle: number;
  readonly #isShared: boolean;
  readonly #idle: Buffer[] = [];

  /**
   * `pieceLength` in bytes: no buffer is longer. `isShared`: in memory that other threads can read, which takes twice as long to fill.
   * `maxIdleBytes`: how much may be kept for later.
   */
  constructor(pieceLength: number, isShared = false, maxIdleBytes: number = storageLimits.bytesInFlight) {
    this.#bufferBytes = pieceLength;
    this.#isShared = isShared;
    this.#maxIdle = Math.max(1, Math.floor(maxIdleBytes / pieceLength));
  }

  /** A buffer of exactly `length` bytes, at most the piece length. Nobody else has it until it is given back. */
  take(length: number): Uint8Array {
    assert(length <= this.#bufferBytes, `a buffer of ${length} bytes is taken from a pool of ${this.#bufferBytes}`);
    const buffer = this.#idle.pop() ?? this.#allocate();
    return length === buffer.length ? buffer : buffer.subarray(0, length);
  }

  #allocate(): Buffer {
    return this.#isShared ? Buffer.from(new SharedArrayBuffer(this.#bufferBytes)) : Buffer.allocUnsafeSlow(this.#bufferBytes);
  }

  /** Gives back what `take` gave; the caller forgets it. */
  give(bytes: Uint8Array): void {
    if (this.#idle.length < this.#maxIdle) this.#idle.push(Buffer.from(bytes.buffer, 0, this.#bufferBytes));
  }
}
