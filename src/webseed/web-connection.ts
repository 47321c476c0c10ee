// The connection of a lane: made when a request needs one, kept while requests go to the same server, its answers taken apart.

import { webSeedLimits } from '../config.ts';
import { NetworkError, ProtocolError, type TtorrentError } from '../errors.ts';
import type { Reach } from '../support/endpoint.ts';
import type { Hop } from '../transport/connect-rule.ts';
import type { Network } from '../transport/network.ts';
import { KeptConnection } from '../transport/kept-connection.ts';
import { type AnswerListener, AnswerReader } from './answer-reader.ts';
import { type ContentRequest, requestFor } from './content-url.ts';

/** What a connection tells its lane. */
export interface WebConnectionListener extends AnswerListener {
  /** It is there. */
  connected(): void;
  /** So many bytes came; what they say follows. */
  bytesRead(length: number): void;
  /** It could not be made. */
  unreachable(message: string): void;
  /** It is gone before the answer was complete. It is closed. */
  broken(message: string): void;
}

/** A connection to whichever server was asked last. */
export class WebConnection {
  readonly #listener: WebConnectionListener;
  readonly #network: Network;
  #connection: KeptConnection | undefined;
  #reader: AnswerReader | undefined;
  #opening: AbortController | undefined;
  /** The server that further requests may be sent to. */
  #origin = '';
  #isPaused = false;

  constructor(listener: WebConnectionListener, network: Network) {
    this.#listener = listener;
    this.#network = network;
  }

  get isOpening(): boolean {
    return this.#opening !== undefined;
  }

  /** How far the address reaches that it leads to. */
  get reach(): Reach | undefined {
    return this.#connection?.way.reach;
  }

  /** Whether another request may be sent when the answer is complete. */
  get isKept(): boolean {
    return this.#origin !== '';
  }

  /** Asks for `range` of what is at `hop`, or for all of it, over a new connection if need be. */
  send(hop: Hop, range: ContentRequest['range']): void {
    if (this.#connection === undefined || this.#origin !== hop.url.origin) return this.#connect(hop, range);
    this.#reader?.expect();
    this.#connection.send(requestFor(hop.url, range, this.#connection.way));
  }

  /** No other request is to follow this one. */
  retire(): void {
    this.#origin = '';
  }

  setPaused(isPaused: boolean): void {
    this.#isPaused = isPaused;
    if (isPaused) this.#connection?.pause();
    else this.#connection?.resume();
  }

  close(): void {
    this.#opening?.abort(new NetworkError('not needed any more'));
    this.#opening = undefined;
    this.#reader?.stop();
    this.#reader = undefined;
    this.#connection?.close();
    this.#connection = undefined;
  }

  #connect(hop: Hop, range: ContentRequest['range']): void {
    this.close();
    const opening = new AbortController();
    this.#opening = opening;
    const reader = new AnswerReader(this.#listener);
    const listener = {
      bytesReceived: (chunk: Uint8Array): void => this.#bytesReceived(reader, chunk),
      closed: (cause: TtorrentError | undefined): void => this.#closed(reader, cause),
    };
    KeptConnection.open(hop, this.#network, webSeedLimits, opening.signal, listener).then(
      (connection) => {
        if (opening.signal.aborted) return connection.close();
        this.#opening = undefined;
        this.#connection = connection;
        this.#origin = hop.url.origin;
        this.#reader = reader;
        if (this.#isPaused) connection.pause();
        this.#listener.connected();
        reader.expect();
        return connection.send(requestFor(hop.url, range, connection.way));
      },
      (error: Error) => {
        if (opening.signal.aborted) return;
        this.#opening = undefined;
        this.#listener.unreachable(error.message);
      },
    );
  }

  #bytesReceived(reader: AnswerReader, chunk: Uint8Array): void {
    this.#listener.bytesRead(chunk.length);
    try {
      reader.push(chunk);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.close();
      this.#listener.broken(error.message);
    }
  }

  #closed(reader: AnswerReader, cause: TtorrentError | undefined): void {
    if (cause === undefined && reader.ended()) {
      if (this.#reader === reader) this.close();
      return;
    }
    this.close();
    this.#listener.broken(cause?.message ?? 'connection closed before the answer was complete');
  }
}
