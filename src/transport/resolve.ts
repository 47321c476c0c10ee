// `HOST:PORT` as a person types it, to endpoints.

import { InputError, NetworkError } from '../errors.ts';
import { type Endpoint, makeEndpoint } from '../support/endpoint.ts';
import { lookupHost } from './host-lookup.ts';

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

/** Every address of the host. Throws NetworkError when it has none; the signal's reason when aborted. */
export async function resolveHost(typed: HostAndPort, signal: AbortSignal): Promise<Endpoint[]> {
  const literal = makeEndpoint(typed.host, typed.port);
  if (literal !== undefined) return [literal];
  try {
    const addresses = await lookupHost(typed.host, signal);
    return addresses.flatMap((address) => makeEndpoint(address, typed.port) ?? []);
  } catch (cause) {
    signal.throwIfAborted();
    throw new NetworkError(`looking up the peer ${typed.host}: ${(cause as { code?: string }).code ?? 'failed'}`, { cause });
  }
}
