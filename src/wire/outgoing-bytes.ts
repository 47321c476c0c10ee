// Messages that wait to be sent, gathered so that a turn of the event loop costs one write per peer: requests go out by the dozen.

import { type BlockRange, blockMessageBytes, writeBlockMessage } from './messages.ts';

const firstCapacity = 1024;

/** A growing buffer of bytes to send, emptied as a whole. */
export class OutgoingBytes {
  #bytes = new Uint8Array(firstCapacity);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Appends an encoded message (copied). */
  append(message: Uint8Array): void {
    this.#makeRoom(message.length);
    this.#bytes.set(message, this.#length);
    this.#length += message.length;
  }

  /** Appends a `request`, `cancel` or `rejectRequest`. */
  appendBlockMessage(id: number, block: BlockRange): void {
    this.#makeRoom(blockMessageBytes);
    writeBlockMessage(this.#bytes, this.#length, id, block);
    this.#length += blockMessageBytes;
  }

  /** Everything gathered so far, as the taker's own; undefined when there is nothing. */
  take(): Uint8Array | undefined {
    if (this.#length === 0) return undefined;
    const taken = this.#bytes.slice(0, this.#length);
    this.#length = 0;
    return taken;
  }

  #makeRoom(length: number): void {
    if (this.#length + length <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + length));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}
