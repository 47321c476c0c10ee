// The sending half of one connection: gathers small messages into one write, sends blocks in large ones, and keeps what waits in memory
// small: nothing is read from a peer that does not take its answers, and its blocks go out one batch at a time.

import type { ByteStream } from '../transport/byte-stream.ts';
import type { OutgoingBytes } from '../wire/outgoing-bytes.ts';

/** A peer that does not read while it asks a lot is not read from: its answers wait here, no more than this. */
const unsentBytesMax = 512 * 1024;
/** Bytes of blocks in one write: a slow peer is to have a second of work at most before it, a fast one a tenth. */
const batchMinBytes = 16 * 1024;
export const batchMaxBytes = 256 * 1024;
const batchQuickMs = 100;
const batchSlowMs = 1_000;

/** Sends to one peer. */
export class PeerSender {
  /** Bytes of blocks that were sent. */
  sentBytes = 0;
  /** How many bytes of blocks to send at a time. */
  batchBytes = batchMinBytes;
  readonly #stream: ByteStream;
  readonly #outgoing: OutgoingBytes;
  /** Since when what was sent waits to be taken by the system; undefined when nothing does. */
  #waitsSinceMs: number | undefined;
  #batchSentMs: number | undefined;
  #onTaken: (() => void) | undefined;

  constructor(stream: ByteStream, outgoing: OutgoingBytes) {
    this.#stream = stream;
    this.#outgoing = outgoing;
  }

  /** Too much waits to be taken by the system for anything more to be asked of us. */
  get isFull(): boolean {
    return this.#stream.unsentBytes > unsentBytesMax;
  }

  /** Whether the next batch of blocks may be made. */
  get hasRoom(): boolean {
    return this.#stream.unsentBytes === 0;
  }

  /** How long the peer has taken nothing of what waits for it. */
  stuckMs(nowMs: number): number {
    return this.#waitsSinceMs === undefined ? 0 : nowMs - this.#waitsSinceMs;
  }

  /** Sends the messages that were gathered; false when there were none. */
  flush(nowMs: number): boolean {
    const bytes = this.#outgoing.take();
    if (bytes === undefined) return false;
    this.#send(bytes, nowMs);
    return true;
  }

  /** Sends whole `piece` messages with `payloadBytes` of blocks in them, after all that was gathered. `taken`: `bytes` is no longer needed. */
  sendBlocks(bytes: Uint8Array, payloadBytes: number, nowMs: number, taken: () => void): void {
    this.flush(nowMs);
    this.sentBytes += payloadBytes;
    this.#batchSentMs = nowMs;
    this.#onTaken = taken;
    this.#send(bytes, nowMs);
  }

  /** The system has taken everything. */
  drained(nowMs: number): void {
    this.#waitsSinceMs = undefined;
    if (this.#batchSentMs === undefined) return;
    const tookMs = nowMs - this.#batchSentMs;
    this.#batchSentMs = undefined;
    if (tookMs < batchQuickMs) this.batchBytes = Math.min(2 * this.batchBytes, batchMaxBytes);
    else if (tookMs > batchSlowMs) this.batchBytes = Math.max(this.batchBytes / 2, batchMinBytes);
    this.#onTaken?.();
    this.#onTaken = undefined;
  }

  #send(bytes: Uint8Array, nowMs: number): void {
    this.#stream.send(bytes);
    if (this.#stream.unsentBytes > 0) this.#waitsSinceMs ??= nowMs;
  }
}
