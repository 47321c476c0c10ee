// The hop between receiving and the disk: hashes a received piece, has it written, and tells what became of it. It bounds the bytes under
// way: when it is full the peers' sockets are read no further (ARCHITECTURE.md, "The way of a byte", hop 6).

import { type Hash, createHash, hash } from 'node:crypto';
import { storageLimits } from '../config.ts';
import { equalBytes } from '../support/bytes.ts';
import type { TorrentStorage } from './storage.ts';

/** What a PieceWriter works with, and what it tells. The callbacks get back the very buffer that was submitted. */
export interface PieceWriterParts {
  readonly storage: Pick<TorrentStorage, 'writePiece'>;
  /** 20 bytes per piece, in order. */
  readonly pieceHashes: Uint8Array;
  /** From so many bytes under way on it is full. */
  readonly maxBytesInFlight: number;
  /** The piece is verified and written. */
  onVerified(pieceIndex: number, bytes: Uint8Array): void;
  /** When aborted no piece is hashed any further, written or told of; what is being written ends as always. */
  readonly signal: AbortSignal;
  /** The hash is wrong. */
  onCorrupt(pieceIndex: number, bytes: Uint8Array): void;
  /** It was full and is no longer. */
  onRoom(): void;
  /** The disk failed; called once. Pieces under way may still be verified after it. */
  onError(error: unknown): void;
}

/** Hashes on the caller's thread: at 2 GB/s that is less than handing a piece to another thread and back would save. Large pieces take turns. */
export class PieceWriter {
  readonly #parts: PieceWriterParts;
  #bytesInFlight = 0;
  #hasFailed = false;

  constructor(parts: PieceWriterParts) {
    this.#parts = parts;
  }

  /** Whether no piece should be submitted until `onRoom`. One that is submitted nevertheless is taken. */
  get isFull(): boolean {
    return this.#bytesInFlight >= this.#parts.maxBytesInFlight;
  }

  /** Takes a whole piece; `bytes` must stay unchanged until a callback gives them back. */
  submit(pieceIndex: number, bytes: Uint8Array): void {
    this.#bytesInFlight += bytes.length;
    if (bytes.length <= storageLimits.hashTurnBytes) this.#judge(pieceIndex, bytes, hash('sha1', bytes, 'buffer'));
    else this.#hashOn(pieceIndex, bytes, createHash('sha1'), 0);
  }

  #hashOn(pieceIndex: number, bytes: Uint8Array, sha1: Hash, from: number): void {
    const end = Math.min(from + storageLimits.hashTurnBytes, bytes.length);
    sha1.update(bytes.subarray(from, end));
    if (end === bytes.length) return this.#judge(pieceIndex, bytes, sha1.digest());
    setImmediate(() => {
      if (!this.#parts.signal.aborted) this.#hashOn(pieceIndex, bytes, sha1, end);
    });
  }

  #judge(pieceIndex: number, bytes: Uint8Array, digest: Uint8Array): void {
    const expected = this.#parts.pieceHashes.subarray(pieceIndex * 20, pieceIndex * 20 + 20);
    if (!equalBytes(digest, expected)) {
      this.#parts.onCorrupt(pieceIndex, bytes);
      this.#landed(bytes.length);
      return;
    }
    this.#parts.storage.writePiece(pieceIndex, bytes).then(
      () => {
        this.#parts.onVerified(pieceIndex, bytes);
        return this.#landed(bytes.length);
      },
      (error: unknown) => {
        this.#landed(bytes.length);
        if (!this.#hasFailed) this.#parts.onError(error);
        this.#hasFailed = true;
      },
    );
  }

  #landed(length: number): void {
    const wasFull = this.isFull;
    this.#bytesInFlight -= length;
    if (wasFull && !this.isFull) this.#parts.onRoom();
  }
}
