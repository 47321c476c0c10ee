// A byte stream of which the first bytes are looked at before it is handed to whoever reads it: they come again, and then the rest.

import { ProtocolError, type TtorrentError } from '../errors.ts';
import { concatBytes } from '../support/bytes.ts';
import type { Endpoint } from '../support/endpoint.ts';
import type { ByteStream, ByteStreamListener } from '../transport/byte-stream.ts';

/** Who looks at the first bytes. */
export interface FirstBytesListener {
  /** All bytes so far; `isEnough` when there are as many as were asked for. Not called after the stream was started by its reader. */
  arrived(bytes: Uint8Array, isEnough: boolean): void;
  /** The connection is gone before it was handed over. */
  gone(): void;
}

/** Beyond this nothing is kept for a reader who rests: a socket gives 64 KiB more at most after it was paused. */
const keptMaxBytes = 256 * 1024;

/** `inner`, whose first bytes were looked at. */
export class FirstBytes implements ByteStream, ByteStreamListener {
  readonly #inner: ByteStream;
  readonly #count: number;
  #looker: FirstBytesListener | undefined;
  #listener: ByteStreamListener | undefined;
  /** What the reader has not got yet; undefined when it gets everything directly. */
  #kept: Uint8Array | undefined = new Uint8Array();
  #isResumed = false;

  constructor(inner: ByteStream, count: number, looker: FirstBytesListener) {
    this.#inner = inner;
    this.#count = count;
    this.#looker = looker;
  }

  /** Begins to read. */
  begin(): void {
    this.#inner.start(this);
    this.#inner.resume();
  }

  get remote(): Endpoint {
    return this.#inner.remote;
  }

  get unsentBytes(): number {
    return this.#inner.unsentBytes;
  }

  /** Hands it over. */
  start(listener: ByteStreamListener): void {
    this.#looker = undefined;
    this.#listener = listener;
    this.#inner.pause();
  }

  send(bytes: Uint8Array): void {
    this.#inner.send(bytes);
  }

  pause(): void {
    this.#isResumed = false;
    this.#inner.pause();
  }

  resume(): void {
    this.#isResumed = true;
    if (this.#kept === undefined) this.#inner.resume();
    // Not before whoever resumes is done with what it does.
    else queueMicrotask(() => this.#deliver());
  }

  close(): void {
    this.#looker = undefined;
    this.#inner.close();
  }

  bytesReceived(chunk: Uint8Array): void {
    if (this.#kept === undefined) return this.#listener?.bytesReceived(chunk);
    this.#kept = concatBytes([this.#kept, chunk]);
    if (this.#kept.length > keptMaxBytes) {
      this.closed(new ProtocolError('the peer sends more than it may before it was answered'));
      return this.#inner.close();
    }
    this.#looker?.arrived(this.#kept, this.#kept.length >= this.#count);
  }

  drained(): void {
    this.#listener?.drained();
  }

  closed(cause: TtorrentError | undefined): void {
    const [listener, looker] = [this.#listener, this.#looker];
    this.#listener = undefined;
    this.#looker = undefined;
    listener?.closed(cause);
    looker?.gone();
  }

  #deliver(): void {
    const kept = this.#kept;
    if (!this.#isResumed || kept === undefined) return;
    this.#kept = undefined;
    this.#inner.resume();
    if (kept.length > 0) this.#listener?.bytesReceived(kept);
  }
}
