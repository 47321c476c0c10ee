// Connections through a SOCKS5 proxy (RFC 1928, RFC 1929), names left to the proxy. The package speaks the protocol; what it throws is
// replaced, since its errors carry the password.

import type { Socket } from 'node:net';
import type { SocksClientOptions } from 'socks';
import { peerLimits } from '../config.ts';
import { NetworkError } from '../errors.ts';
import { addressLiteral } from '../support/endpoint.ts';
import { connectToOne } from './connect.ts';
import type { Network } from './network.ts';
import { networkCause } from './network-cause.ts';
import type { Proxy } from './proxy.ts';

/** Over a connection to `host`, a name or an IP literal. Throws NetworkError in words that fit behind `connecting to`; the signal's reason. */
export async function connectThroughSocks(
  network: Network,
  host: string,
  port: number,
  signal: AbortSignal,
  proxy: Proxy | undefined = network.socks,
): Promise<Socket> {
  if (proxy === undefined) throw new NetworkError('there is no proxy');
  // One byte says how long it is; the package would throw where nobody catches it.
  if (Buffer.byteLength(host) > 255) throw new NetworkError('the host name is longer than 255 bytes');
  // Loaded when needed: it takes 20 ms. Before there is a connection, whose end in that time nobody would hear of.
  const { SocksClient } = await import('socks');
  const socket = await connectToProxy(proxy, network, signal);
  // Whatever the package leaves unheard must not crash us; ending the socket is what ends a handshake under way.
  socket.on('error', () => {});
  const abort = (): void => void socket.destroy();
  signal.addEventListener('abort', abort, { once: true });
  try {
    await SocksClient.createConnection(wishes(proxy, host, port, socket));
    signal.throwIfAborted();
  } catch (error) {
    socket.destroy();
    signal.throwIfAborted();
    throw new NetworkError(`the proxy ${proxy.name} ${complaintIn(error)}`);
  } finally {
    signal.removeEventListener('abort', abort);
  }
  return socket;
}

/** A TCP connection to the proxy itself, whose name is the one that is looked up here. */
export async function connectToProxy(proxy: Proxy, network: Network, signal: AbortSignal): Promise<Socket> {
  try {
    const literal = addressLiteral(proxy.host);
    const addresses = literal === undefined ? await network.lookupHost(proxy.host, signal) : [literal];
    return await connectToOne(addresses, proxy.port, network, signal);
  } catch (error) {
    signal.throwIfAborted();
    throw new NetworkError(`the proxy ${proxy.name} cannot be reached: ${networkCause(error).message}`, { cause: error });
  }
}

/** That the proxy connect `socket` to `host`, and nothing of the answer be read. */
function wishes(proxy: Proxy, host: string, port: number, socket: Socket): SocksClientOptions {
  const { credentials } = proxy;
  return {
    command: 'connect',
    proxy: {
      host: proxy.host,
      port: proxy.port,
      type: 5,
      ...(credentials !== undefined && { userId: credentials.user, password: credentials.password }),
    },
    destination: { host, port },
    timeout: peerLimits.connectTimeoutMs,
    existing_socket: socket,
  };
}

/** What the package says, as long as it is of the kind that RFC 1928 lists. */
function complaintIn(error: unknown): string {
  const [, reason] = /rejected connection - (\w+)$/i.exec(error instanceof Error ? error.message : '') ?? [];
  if (reason !== undefined) return `cannot connect there (${reason})`;
  if (error instanceof Error && /authenticat|no accepted/i.test(error.message)) return 'refuses our user and password, or wants some';
  return 'ends the connection, or does not speak SOCKS5';
}
