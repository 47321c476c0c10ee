// What becomes of a piece whose blocks are all here: to the writer, and by its word verified or failed; then the ledger, the buffers
// and the blame follow. The last hop of a byte's way (ARCHITECTURE.md).

import { BlameBook } from '../pieces/blame.ts';
import type { PartialPiece, PeerNumber } from '../pieces/partial-piece.ts';
import type { PieceBuffers, PieceLedger } from '../pieces/piece-ledger.ts';

/** Hashes and writes pieces; its verdicts come back through `PieceIntake.verified` and `.corrupt`. */
export interface PieceSubmitter {
  submit(pieceIndex: number, bytes: Uint8Array): void;
}

/** What the intake tells of pieces and peers. */
export interface PieceIntakeListener {
  /** The piece is on disk. */
  pieceVerified(pieceIndex: number): void;
  /** The piece failed its hash; these peers sent parts of it. */
  pieceFailed(pieceIndex: number, senders: readonly PeerNumber[], length: number): void;
  /** The peer is proven to have sent wrong bytes. */
  peerGuilty(peer: PeerNumber, reason: string): void;
}

/** Takes in the pieces of one torrent. */
export class PieceIntake {
  readonly #ledger: PieceLedger;
  readonly #buffers: PieceBuffers;
  readonly #submitter: PieceSubmitter;
  readonly #listener: PieceIntakeListener;
  readonly #blame = new BlameBook();
  readonly #senders = new Map<number, Int32Array>();

  constructor(ledger: PieceLedger, buffers: PieceBuffers, submitter: PieceSubmitter, listener: PieceIntakeListener) {
    this.#ledger = ledger;
    this.#buffers = buffers;
    this.#submitter = submitter;
    this.#listener = listener;
  }

  /** All blocks of the piece are here. Its buffer belongs to the writer until the verdict. */
  completed(partial: PartialPiece): void {
    this.#senders.set(partial.index, partial.senders);
    this.#submitter.submit(partial.index, partial.bytes);
  }

  /** The writer: the hash was right and the bytes are written. */
  verified(pieceIndex: number, bytes: Uint8Array): void {
    this.#senders.delete(pieceIndex);
    const guilty = this.#blame.passed(pieceIndex, bytes);
    this.#buffers.give(bytes);
    this.#ledger.checked(pieceIndex);
    for (const peer of guilty) this.#listener.peerGuilty(peer, `a block it sent of piece ${pieceIndex} differs from the verified one`);
    this.#listener.pieceVerified(pieceIndex);
  }

  /** The writer: the hash was wrong. */
  corrupt(pieceIndex: number, bytes: Uint8Array): void {
    const senders = this.#senders.get(pieceIndex) ?? new Int32Array(0);
    this.#senders.delete(pieceIndex);
    const culprit = this.#blame.failed(pieceIndex, senders, bytes);
    const length = bytes.length;
    this.#buffers.give(bytes);
    this.#ledger.failed(pieceIndex, culprit !== undefined);
    this.#listener.pieceFailed(pieceIndex, [...new Set(senders)], length);
    if (culprit !== undefined) this.#listener.peerGuilty(culprit, `it alone sent piece ${pieceIndex}, whose hash is wrong`);
  }
}
