// Where peers connect to us: one TCP port on every address, IPv6 and IPv4.

import net from 'node:net';
import { InputError, NetworkError } from '../errors.ts';
import type { ByteStream } from './byte-stream.ts';
import { TcpStream, remoteOf } from './tcp.ts';

/** BitTorrent's customary ports: tried one after the other when the user names none. */
const firstPort = 6881;
const lastPort = 6999;

/** A port on which peers can reach us. */
export interface PeerListener {
  readonly port: number;
  /** Accepts no more; connections that were handed out stay open. */
  close(): Promise<void>;
}

/**
 * Listens for peers on `port`, or else on the first free one of 6881 to 6999, or else on any. Each connection goes to `accepted`, which
 * owns it. Throws InputError when the named port cannot be had, NetworkError when there is none at all.
 */
export async function listenForPeers(port: number | undefined, accepted: (stream: ByteStream) => void): Promise<PeerListener> {
  if (port !== undefined) {
    try {
      return await listen(port, accepted);
    } catch (cause) {
      throw new InputError('bad-argument', `listening for peers on port ${port}: ${whyNot(cause)}`, { cause });
    }
  }
  for (let candidate = firstPort; candidate <= lastPort; candidate++) {
    try {
      return await listen(candidate, accepted);
    } catch {
      // taken by somebody: the next one
    }
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
