// The hop between receiving and the disk: hashes a received piece, has it written, and tells what became of it. It bounds the bytes under
// way: when it is full the peers' sockets are read no further (ARCHITECTURE.md, "The way of a byte", hop 6).

import { hash } from 'node:crypto';
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
  /** The hash is wrong; called before `submit` returns. */
  onCorrupt(pieceIndex: number, bytes: Uint8Array): void;
  /** It was full and is no longer. */
  onRoom(): void;
  /** The disk failed; called once. Pieces under way may still be verified after it. */
  onError(error: unknown): void;
}

/** Hashes on the caller's thread: at 2 GB/s that is less than handing a piece to another thread and back would save. */
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
    const expected = this.#parts.pieceHashes.subarray(pieceIndex * 20, pieceIndex * 20 + 20);
    if (!equalBytes(hash('sha1', bytes, 'buffer'), expected)) {
      this.#parts.onCorrupt(pieceIndex, bytes);
      return;
    }
    this.#bytesInFlight += bytes.length;
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
