// One connection to a web server that stays open for many requests: bytes out, bytes in, no HTTP. Plain connections read into one buffer
// that all share, as those to peers do (tcp.ts): each read is worked off before the next begins.

import type { Socket } from 'node:net';
import { NetworkError, TtorrentError } from '../errors.ts';
import type { Hop } from './connect-rule.ts';
import { type HttpConnection, openHttpConnection } from './http-connection.ts';
import type { Network } from './network.ts';
import { networkCause } from './network-cause.ts';

/** What a connection tells. */
export interface KeptConnectionListener {
  /** Valid during the call. */
  bytesReceived(chunk: Uint8Array): void;
  /** It is gone, once; `cause` is undefined when the server just ended it. Not told after `close`. */
  closed(cause: TtorrentError | undefined): void;
}

const receiveBuffer = Buffer.allocUnsafeSlow(256 * 1024);

/** An open connection. */
export class KeptConnection {
  /** How requests are written on it, and how far the address reaches that it leads to. */
  readonly way: Omit<HttpConnection, 'socket'>;
  readonly #socket: Socket;
  readonly #listener: { current: KeptConnectionListener | undefined };

  private constructor({ socket, ...way }: HttpConnection, listener: { current: KeptConnectionListener | undefined }) {
    this.#socket = socket;
    this.#listener = listener;
    this.way = way;
    socket.on('data', (chunk: Uint8Array) => listener.current?.bytesReceived(chunk)); // TLS; with `onread` there is none
    socket.on('error', (error) => this.#end(networkCause(error)));
    socket.on('end', () => this.#end(undefined));
    socket.on('close', () => this.#end(undefined));
  }

  /** Connects to `hop.url` under the connect rule. Throws NetworkError, ProtocolError, the signal's reason when aborted. */
  static async open(
    hop: Hop,
    network: Network,
    limits: { readonly connectTimeoutMs: number },
    signal: AbortSignal,
    listener: KeptConnectionListener,
  ): Promise<KeptConnection> {
    const current: { current: KeptConnectionListener | undefined } = { current: listener };
    const onread = {
      buffer: receiveBuffer,
      callback: (length: number) => {
        current.current?.bytesReceived(receiveBuffer.subarray(0, length));
        return true;
      },
    };
    try {
      return new KeptConnection(await openHttpConnection(hop, network, limits, signal, onread), current);
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
