// `HOST:PORT` as a person types it, to endpoints.

import { InputError, NetworkError } from '../errors.ts';
import { type Endpoint, makeEndpoint } from '../support/endpoint.ts';
import { canReach, familyNames, type Network } from './network.ts';

/** A typed address that is yet to be looked up. */
export interface HostAndPort {
  readonly host: string;
  readonly port: number;
}

/** Reads `1.2.3.4:6881`, `[2001:db8::1]:6881` or `host.example:6881`. Throws InputError. */
export function parseHostAndPort(text: string): HostAndPort {
  const parts = /^(?:\[([0-9a-fA-F:.]+)\]|([^:/[\]\s]+)):(\d{1,5})$/.exec(text);
  const host = parts?.[1] ?? parts?.[2];
  const port = Number(parts?.[3]);
  if (host === undefined || port < 1 || port > 65_535) {
    throw new InputError('bad-argument', `peer "${text}": expected HOST:PORT or [IPV6]:PORT with a port from 1 to 65535`);
  }
  return { host, port };
}

/**
 * Every address of the host that can be reached. Throws NetworkError when it has none, and for a name behind a SOCKS5 proxy: looking it up
 * would tell the local network, and the peers of a torrent are known by their addresses. The signal's reason when aborted.
 */
export async function resolveHost(typed: HostAndPort, network: Network, signal: AbortSignal): Promise<Endpoint[]> {
  const literal = makeEndpoint(typed.host, typed.port);
  const found = literal === undefined ? await lookedUp(typed, network, signal) : [literal];
  const reachable = found.filter(({ host }) => canReach(network, host));
  if (reachable.length === 0) throw new NetworkError(`the peer ${typed.host} has no ${familyNames(network)} address`);
  return reachable;
}

async function lookedUp(typed: HostAndPort, network: Network, signal: AbortSignal): Promise<Endpoint[]> {
  if (network.socks !== undefined) {
    throw new NetworkError(`the peer ${typed.host} is not used: behind a proxy peers are named by address, for no name is looked up here`);
  }
  try {
    const addresses = await network.lookupHost(typed.host, signal);
    return addresses.flatMap((address) => makeEndpoint(address, typed.port) ?? []);
  } catch (cause) {
    signal.throwIfAborted();
    throw new NetworkError(`looking up the peer ${typed.host}: ${(cause as { code?: string }).code ?? 'failed'}`, { cause });
  }
}
