// The contract of a connection to a peer: bytes in both directions. TCP in tcp.ts; other transports follow the same contract.

import type { TtorrentError } from '../errors.ts';
import type { Endpoint } from '../support/endpoint.ts';

/** Whoever reads a stream. Calls never overlap. */
export interface ByteStreamListener {
  /**
   * The next bytes, to change as one likes. They are valid during the call only: the buffer is used again for whatever arrives next, on any
   * connection.
   */
  bytesReceived(chunk: Uint8Array): void;
  /** Everything handed to `send` has been taken by the system: said each time when that has become so. */
  drained(): void;
  /** The connection is gone, by either side; said once and last. `cause` is undefined when we closed it or the peer did so in order. */
  closed(cause: TtorrentError | undefined): void;
}

/** An open connection. */
export interface ByteStream {
  readonly remote: Endpoint;
  /** Names who is told of what happens. Nothing is read before the first `resume`. */
  start(listener: ByteStreamListener): void;
  /** Queues bytes, which nobody may change from then on; the stream does not either, so they may be part of a cache. */
  send(bytes: Uint8Array): void;
  /** Bytes queued by `send` that the system has not taken yet. */
  readonly unsentBytes: number;
  /** Stops reading, so that the peer's sending stalls: backpressure. */
  pause(): void;
  resume(): void;
  /** Closes at once; `closed` follows. */
  close(): void;
}
