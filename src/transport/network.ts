// How this torrent may reach others, as one value that is handed to whatever opens a socket: which families of addresses, from which
// addresses of this machine, through which proxies, and how names become addresses. Nothing here opens anything.

import { addressLiteral } from '../support/endpoint.ts';
import { type LookupHost, lookupHost } from './host-lookup.ts';
import type { Proxy } from './proxy.ts';

export type Family = 4 | 6;

/** See the head of this file. Made by `networkOf` (network-options.ts); `directNetwork` is the one without wishes. */
export interface Network {
  /** The families that may be used, each with the address of this machine that its sockets are bound to; undefined: the system chooses. */
  readonly families: ReadonlyMap<Family, string | undefined>;
  /**
   * A SOCKS5 proxy that every connection goes through. Then nothing else may leave: no UDP, no look-up of a name (the proxy does that), no
   * listener, no port mapping.
   */
  readonly socks: Proxy | undefined;
  /** The proxy that a request for `url` over HTTP goes through, if there is no `socks`. */
  readonly httpProxyFor: (url: URL) => Proxy | undefined;
  /** Of the families that may be used and of others: whoever connects leaves out what `canReach` refuses. */
  readonly lookupHost: LookupHost;
}

/** Every family, from where the system likes, through no proxy. */
export const directNetwork: Network = {
  families: new Map<Family, undefined>([
    [4, undefined],
    [6, undefined],
  ]),
  socks: undefined,
  httpProxyFor: () => undefined,
  lookupHost,
};

export function familyOf(address: string): Family {
  return address.includes(':') ? 6 : 4;
}

/** Whether connections to `address`, an IP literal in any spelling, are made at all. */
export function canReach({ families }: Network, address: string): boolean {
  return families.has(familyOf(addressLiteral(address) ?? address));
}

/** Whether sockets are bound to an address of this machine that the user chose. */
export function isBound({ families }: Network): boolean {
  return [...families.values()].some((address) => address !== undefined);
}

/** The address that a socket towards `address` is bound to, for the options of `net.connect`. */
export function boundFor({ families }: Network, address: string): { readonly localAddress?: string } {
  const localAddress = families.get(familyOf(address));
  return localAddress === undefined ? {} : { localAddress };
}

/** `IPv4`, `IPv6` or both, for messages. */
export function familyNames({ families }: Network): string {
  return [...families.keys()].map((family) => `IPv${family}`).join(' or ');
}
