// TCP to peers, outgoing and incoming. All sockets that we dial read into one buffer that is used again and again (`onread`): each read
// is worked off before the next begins, so a download of any size makes no garbage here.

import net from 'node:net';
import { peerLimits } from '../config.ts';
import { NetworkError } from '../errors.ts';
import { systemClock } from '../support/clock.ts';
import { withDeadline } from '../support/deadline.ts';
import { type Endpoint, formatEndpoint, makeEndpoint } from '../support/endpoint.ts';
import { formatDuration } from '../support/format-duration.ts';
import type { ByteStream, ByteStreamListener } from './byte-stream.ts';
import { boundFor, type Network } from './network.ts';
import { connectThroughSocks } from './socks.ts';

/** One read of the system fills at most this; 256 KiB measured best on loopback and is 16 blocks. */
const receiveBuffer = Buffer.allocUnsafeSlow(256 * 1024);

/** Connects to a peer. Throws NetworkError when refused or not connected after `timeoutMs`; the signal's reason when aborted. */
export function dialTcp(
  remote: Endpoint,
  network: Network,
  signal: AbortSignal,
  timeoutMs: number = peerLimits.connectTimeoutMs,
): Promise<ByteStream> {
  return network.socks === undefined ? dialDirectly(remote, network, signal, timeoutMs) : dialProxy(remote, network, signal, timeoutMs);
}

async function dialProxy(remote: Endpoint, network: Network, parent: AbortSignal, timeoutMs: number): Promise<ByteStream> {
  const connecting = `connecting to ${formatEndpoint(remote)}`;
  const late = (): Error => new NetworkError(`${connecting}: no answer in ${formatDuration(timeoutMs)}`);
  try {
    return await withDeadline(parent, systemClock, timeoutMs, late, async (signal) => {
      const socket = await connectThroughSocks(network, remote.host, remote.port, signal);
      return acceptedStream(socket, remote);
    });
  } catch (cause) {
    parent.throwIfAborted();
    if (!(cause instanceof Error) || cause.message.startsWith(connecting)) throw cause;
    throw new NetworkError(`${connecting}: ${cause.message}`, { cause });
  }
}

/** A socket that is read in the ordinary way, as a stream that is yet to be started. */
export function acceptedStream(socket: net.Socket, remote: Endpoint): TcpStream {
  const stream = new TcpStream(remote);
  socket.on('data', (chunk: Buffer) => stream.received(chunk));
  return stream.attach(socket);
}

function dialDirectly(remote: Endpoint, network: Network, signal: AbortSignal, timeoutMs: number): Promise<ByteStream> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const stream = new TcpStream(remote);
    const socket = net.connect({
      host: remote.host,
      port: remote.port,
      ...boundFor(network, remote.host),
      noDelay: true,
      onread: {
        buffer: receiveBuffer,
        callback: (length) => {
          stream.received(receiveBuffer.subarray(0, length));
          return true;
        },
      },
    });
    const settle = (outcome: () => void): void => {
      socket.setTimeout(0);
      socket.removeAllListeners();
      signal.removeEventListener('abort', onAbort);
      outcome();
    };
    const fail = (reason: unknown): void =>
      settle(() => {
        socket.on('error', () => {}); // a socket that is being destroyed may still complain
        socket.destroy();
        reject(reason);
      });
    const onAbort = (): void => fail(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    socket.setTimeout(timeoutMs);
    socket.once('timeout', () =>
      fail(new NetworkError(`connecting to ${formatEndpoint(remote)}: no answer in ${formatDuration(timeoutMs)}`)),
    );
    socket.once('error', (cause) => fail(connectionError('connecting to', remote, cause)));
    socket.once('connect', () => settle(() => resolve(stream.attach(socket))));
  });
}

/** A TCP socket as a ByteStream; for an accepted socket see listener.ts. */
export class TcpStream implements ByteStream {
  readonly remote: Endpoint;
  #socket: net.Socket | undefined;
  #listener: ByteStreamListener | undefined;

  constructor(remote: Endpoint) {
    this.remote = remote;
  }

  /** Takes the connected socket; it stays unread until `resume`. */
  attach(socket: net.Socket): this {
    this.#socket = socket;
    socket.pause();
    socket.on('error', (cause) => this.#closed(connectionError('talking to', this.remote, cause)));
    socket.on('end', () => socket.destroy()); // a peer that only listens is of no use
    socket.on('close', () => this.#closed(undefined));
    return this;
  }

  start(listener: ByteStreamListener): void {
    this.#listener = listener;
    if (this.#socket === undefined || this.#socket.destroyed) this.#closed(undefined);
  }

  /** The next bytes of the socket; valid during the call. */
  received(chunk: Uint8Array): void {
    this.#listener?.bytesReceived(chunk);
  }

  get unsentBytes(): number {
    return this.#socket?.writableLength ?? 0;
  }

  send(bytes: Uint8Array): void {
    if (this.#socket?.writable === true) this.#socket.write(bytes, this.#taken);
  }

  /** Not by 'drain', which comes after large writes only. */
  readonly #taken = (): void => {
    if (this.unsentBytes === 0) this.#listener?.drained();
  };

  pause(): void {
    this.#socket?.pause();
  }

  resume(): void {
    this.#socket?.resume();
  }

  close(): void {
    this.#socket?.destroy();
  }

  #closed(cause: NetworkError | undefined): void {
    const listener = this.#listener;
    this.#listener = undefined;
    this.#socket?.destroy();
    listener?.closed(cause);
  }
}

/** The endpoint at the other end of an accepted socket; undefined when it is gone already. */
export function remoteOf(socket: net.Socket): Endpoint | undefined {
  return makeEndpoint(socket.remoteAddress ?? '', socket.remotePort ?? 0);
}

function connectionError(doing: string, remote: Endpoint, cause: Error & { code?: string }): NetworkError {
  return new NetworkError(`${doing} ${formatEndpoint(remote)}: ${cause.code ?? cause.message}`, { cause });
}
