// What one peer wants of us (BEP 3, 6): whether it is interested, whether we choke it, which blocks it waits for. The other half of
// peer-protocol.ts, without I/O as well. Who is unchoked, and when a block goes out, is decided elsewhere.

import { wireLimits } from '../config.ts';
import { type BlockRange, encodeBare, encodeIndexed, messageId } from './messages.ts';
import type { OutgoingBytes } from './outgoing-bytes.ts';

/** What the upload side asks and tells. */
export interface UploadListener {
  /** Whether the peer was told that we have this piece, and may have it. */
  mayHave(pieceIndex: number): boolean;
  /** It became interested, or lost its interest. */
  interestChanged(): void;
}

/** The requests of one peer. */
export class UploadSide {
  /** We choke it. */
  isChoked = true;
  /** It is interested in what we have. */
  isInterested = false;
  /** Both sides speak the fast extension: what is not sent is rejected by word. */
  isFast = false;
  /** Requests that were refused: it should have known. */
  refused = 0;
  /** Pieces that it gets while we choke it (BEP 6). */
  readonly #allowedFast = new Set<number>();
  /** In the order in which they came. */
  readonly #waiting = new Map<number, BlockRange>();
  readonly #outgoing: OutgoingBytes;
  readonly #listener: UploadListener;

  constructor(outgoing: OutgoingBytes, listener: UploadListener) {
    this.#outgoing = outgoing;
    this.#listener = listener;
  }

  /** How many blocks it waits for. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Lets it have these pieces whether it is choked or not. Only with the fast extension. */
  allowFast(pieces: Iterable<number>): void {
    for (const piece of pieces) {
      this.#allowedFast.add(piece);
      this.#outgoing.append(encodeIndexed(messageId.allowedFast, piece));
    }
  }

  /** Chokes it, which takes back what it waits for, or unchokes it. */
  setChoked(isChoked: boolean): void {
    if (isChoked === this.isChoked) return;
    this.isChoked = isChoked;
    this.#outgoing.append(encodeBare(isChoked ? messageId.choke : messageId.unchoke));
    if (!isChoked) return;
    for (const [key, block] of [...this.#waiting]) {
      if (this.#allowedFast.has(block.pieceIndex)) continue;
      this.#waiting.delete(key);
      this.#reject(block);
    }
  }

  interestReceived(isInterested: boolean): void {
    if (isInterested === this.isInterested) return;
    this.isInterested = isInterested;
    this.#listener.interestChanged();
  }

  /** The range lies within its piece. One that may not be had is refused; the same one twice is one. */
  requestReceived(block: BlockRange): void {
    const isAllowed = !this.isChoked || this.#allowedFast.has(block.pieceIndex);
    const isFull = this.#waiting.size >= wireLimits.requestsWaiting;
    if (!isAllowed || isFull || this.#waiting.has(keyOf(block)) || !this.#listener.mayHave(block.pieceIndex)) {
      this.refused++;
      return this.#reject(block);
    }
    this.#waiting.set(keyOf(block), block);
    return undefined;
  }

  /** It does not want the block any more. What is on its way already cannot be called back. */
  cancelReceived(block: BlockRange): void {
    if (this.#waiting.delete(keyOf(block)))
      this.#reject(block); // BEP 6: every request is answered, a cancelled one too
    else this.refused++;
  }

  /**
   * The next blocks to send, of at most `maxBytes` in all but at least one; they do not wait any more. What is shorter than a usual block
   * counts as one: a byte of each piece costs the disk as much.
   */
  take(maxBytes: number): BlockRange[] {
    const blocks: BlockRange[] = [];
    let bytes = 0;
    for (const [key, block] of this.#waiting) {
      bytes += Math.max(block.length, wireLimits.blockBytes);
      if (blocks.length > 0 && bytes > maxBytes) break;
      this.#waiting.delete(key);
      blocks.push(block);
    }
    return blocks;
  }

  /** A block that was taken cannot be sent after all. */
  failed(block: BlockRange): void {
    this.#reject(block);
  }

  /** By word where the peer knows the word, else by silence. */
  #reject(block: BlockRange): void {
    if (this.isFast) this.#outgoing.appendBlockMessage(messageId.rejectRequest, block);
  }
}

/** One safe integer per place in the torrent: 2^21 pieces of 2^29 bytes. */
function keyOf(block: BlockRange): number {
  return block.pieceIndex * 2 ** 30 + block.blockOffset;
}
