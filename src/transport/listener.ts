// Where peers connect to us: one TCP port, on every address or on those that the network is bound to.

import net from 'node:net';
import { InputError, NetworkError } from '../errors.ts';
import type { ByteStream } from './byte-stream.ts';
import { type Family, isBound, type Network } from './network.ts';
import { acceptedStream, remoteOf } from './tcp.ts';

/** Tried one after the other when the user names none. */
const customaryPorts = { first: 6881, last: 6999 };

/** Ports, the first and the last one included. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** A port on which peers can reach us. */
export interface PeerListener {
  readonly port: number;
  /** Accepts no more; connections that were handed out stay open. */
  close(): Promise<void>;
}

/**
 * Listens for peers on `port`, or on the first free one of a range, or else on the first free one of 6881 to 6999, or else on any. Each
 * connection goes to `accepted`, which owns it. Throws InputError when no named port can be had, NetworkError when there is none at all.
 */
export async function listenForPeers(
  port: number | PortRange | undefined,
  network: Network,
  accepted: (stream: ByteStream) => void,
): Promise<PeerListener> {
  const { first, last } = typeof port === 'number' ? { first: port, last: port } : (port ?? customaryPorts);
  let failure: unknown;
  for (let candidate = first; candidate <= last; candidate++) {
    try {
      return await listen(candidate, network, accepted);
    } catch (cause) {
      failure = cause; // taken by somebody: the next one
    }
  }
  if (port !== undefined) {
    const where = first === last ? `port ${first}` : `the ports ${first} to ${last}`;
    throw new InputError('bad-argument', `listening for peers on ${where}: ${whyNot(failure)}`, { cause: failure });
  }
  try {
    return await listen(0, network, accepted);
  } catch (cause) {
    throw new NetworkError(`listening for peers: ${whyNot(cause)}`, { cause });
  }
}

function whyNot(cause: unknown): string {
  const { code = 'failed' } = cause as { code?: string };
  if (code === 'EADDRINUSE') return 'another program listens there';
  if (code === 'EACCES') return 'this user may not';
  return code;
}

/** Where one server listens: `::` without `ipv6Only` is every address of both families. */
interface Place {
  readonly host?: string;
  readonly ipv6Only?: true;
}

function placesOf(network: Network): Place[] {
  const { families } = network;
  if (!isBound(network) && families.size === 2) return [{}];
  const anywhere: Readonly<Record<Family, Place>> = { 4: { host: '0.0.0.0' }, 6: { host: '::', ipv6Only: true } };
  return [...families].map(([family, host]) => (host === undefined ? anywhere[family] : { host }));
}

/** Rejects with what the system says. */
async function listen(port: number, network: Network, accepted: (stream: ByteStream) => void): Promise<PeerListener> {
  const listeners: PeerListener[] = [];
  const close = async (): Promise<void> => void (await Promise.all(listeners.map((listener) => listener.close())));
  try {
    // All on the port that the first one got.
    for (const place of placesOf(network)) listeners.push(await listenAt(place, listeners[0]?.port ?? port, accepted));
  } catch (error) {
    await close();
    throw error;
  }
  return { port: listeners[0]?.port ?? port, close };
}

function listenAt(place: Place, port: number, accepted: (stream: ByteStream) => void): Promise<PeerListener> {
  return new Promise((resolve, reject) => {
    const server = net.createServer({ pauseOnConnect: true, noDelay: true }, (socket) => {
      const remote = remoteOf(socket);
      if (remote === undefined) return socket.destroy();
      accepted(acceptedStream(socket, remote));
      return undefined;
    });
    server.once('error', reject);
    server.listen({ ...place, port, exclusive: true }, () => {
      server.removeAllListeners('error');
      server.on('error', () => {}); // failing to accept one connection (EMFILE) must not end the download
      const address = server.address();
      const actual = typeof address === 'object' && address !== null ? address.port : port;
      resolve({ port: actual, close: () => new Promise((done) => server.close(() => done())) });
    });
  });
}
