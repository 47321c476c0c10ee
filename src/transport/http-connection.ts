// One connection to a web server that stays open for many requests: bytes out, bytes in, no HTTP. Plain connections read into one buffer
// that all share, as those to peers do (tcp.ts): each read is worked off before the next begins.

import type { Socket } from 'node:net';
import { NetworkError, TtorrentError } from '../errors.ts';
import type { Reach } from '../support/endpoint.ts';
import { type Hop, reachOfAddress } from './connect-rule.ts';
import type { LookupHost } from './host-lookup.ts';
import { openSocket } from './http-get.ts';
import { networkCause } from './network-cause.ts';

/** What a connection tells. */
export interface HttpConnectionListener {
  /** Valid during the call. */
  bytesReceived(chunk: Uint8Array): void;
  /** It is gone, once; `cause` is undefined when the server just ended it. Not told after `close`. */
  closed(cause: TtorrentError | undefined): void;
}

const receiveBuffer = Buffer.allocUnsafeSlow(256 * 1024);

/** An open connection. */
export class HttpConnection {
  /** How far the address reaches that it leads to. */
  readonly reach: Reach;
  readonly #socket: Socket;
  readonly #listener: { current: HttpConnectionListener | undefined };

  private constructor(socket: Socket, listener: { current: HttpConnectionListener | undefined }) {
    this.#socket = socket;
    this.#listener = listener;
    this.reach = reachOfAddress(socket.remoteAddress ?? '');
    socket.on('data', (chunk: Uint8Array) => listener.current?.bytesReceived(chunk)); // TLS; with `onread` there is none
    socket.on('error', (error) => this.#end(networkCause(error)));
    socket.on('end', () => this.#end(undefined));
    socket.on('close', () => this.#end(undefined));
  }

  /** Connects to `hop.url` under the connect rule. Throws NetworkError, ProtocolError, the signal's reason when aborted. */
  static async open(
    hop: Hop,
    lookupHost: LookupHost,
    limits: { readonly connectTimeoutMs: number },
    signal: AbortSignal,
    listener: HttpConnectionListener,
  ): Promise<HttpConnection> {
    const current: { current: HttpConnectionListener | undefined } = { current: listener };
    const onread = {
      buffer: receiveBuffer,
      callback: (length: number) => {
        current.current?.bytesReceived(receiveBuffer.subarray(0, length));
        return true;
      },
    };
    try {
      return new HttpConnection(await openSocket(hop, lookupHost, limits, signal, onread), current);
    } catch (error) {
      signal.throwIfAborted();
      throw error instanceof TtorrentError ? error : networkCause(error);
    }
  }

  send(text: string): void {
    if (this.#socket.writable) this.#socket.write(text, 'latin1');
    else this.#end(new NetworkError('connection closed'));
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(): void {
    this.#listener.current = undefined;
    this.#socket.destroy();
  }

  #end(cause: TtorrentError | undefined): void {
    const listener = this.#listener.current;
    this.close();
    listener?.closed(cause);
  }
}
