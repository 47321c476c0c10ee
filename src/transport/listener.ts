// Where peers connect to us: one TCP port on every address, IPv6 and IPv4.

import net from 'node:net';
import { InputError, NetworkError } from '../errors.ts';
import type { ByteStream } from './byte-stream.ts';
import { TcpStream, remoteOf } from './tcp.ts';

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
export async function listenForPeers(port: number | PortRange | undefined, accepted: (stream: ByteStream) => void): Promise<PeerListener> {
  const { first, last } = typeof port === 'number' ? { first: port, last: port } : (port ?? customaryPorts);
  let failure: unknown;
  for (let candidate = first; candidate <= last; candidate++) {
    try {
      return await listen(candidate, accepted);
    } catch (cause) {
      failure = cause; // taken by somebody: the next one
    }
  }
  if (port !== undefined) {
    const where = first === last ? `port ${first}` : `the ports ${first} to ${last}`;
    throw new InputError('bad-argument', `listening for peers on ${where}: ${whyNot(failure)}`, { cause: failure });
  }
  try {
    return await listen(0, accepted);
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

/** Rejects with what the system says. */
function listen(port: number, accepted: (stream: ByteStream) => void): Promise<PeerListener> {
  return new Promise((resolve, reject) => {
    const server = net.createServer({ pauseOnConnect: true, noDelay: true }, (socket) => {
      const remote = remoteOf(socket);
      if (remote === undefined) return socket.destroy();
      const stream = new TcpStream(remote);
      socket.on('data', (chunk: Buffer) => stream.received(chunk));
      accepted(stream.attach(socket));
      return undefined;
    });
    server.once('error', reject);
    server.listen({ port, exclusive: true }, () => {
      server.removeAllListeners('error');
      server.on('error', () => {}); // failing to accept one connection (EMFILE) must not end the download
      const address = server.address();
      const actual = typeof address === 'object' && address !== null ? address.port : port;
      resolve({ port: actual, close: () => new Promise((done) => server.close(() => done())) });
    });
  });
}
