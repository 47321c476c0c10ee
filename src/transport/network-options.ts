// What a user asks of the network, checked against this machine, as a Network.

import { networkInterfaces } from 'node:os';
import { InputError } from '../errors.ts';
import { addressLiteral, reachOf } from '../support/endpoint.ts';
import { printable } from '../support/printable.ts';
import { boundLookup, lookupHost } from './host-lookup.ts';
import { directNetwork, type Family, familyOf, type Network } from './network.ts';
import { parseProxy } from './proxy.ts';
import { proxiesOf, type Variables } from './proxy-variables.ts';

/** How a torrent may reach others. Default: in every way. */
export interface NetworkOptions {
  /** An address of this machine, or the name of one of its interfaces: every socket is bound to it. */
  readonly bind?: string;
  /** Use addresses of this family alone. */
  readonly family?: Family;
  /** `socks5://[USER:PASSWORD@]HOST:PORT`: every connection goes through it, and nothing else leaves. */
  readonly proxy?: string;
  /** Where, without `proxy`, HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY are looked for. Default: nowhere. */
  readonly variables?: Variables;
}

/** The addresses of this machine by the names of its interfaces. */
export type Interfaces = Readonly<Record<string, readonly { readonly address: string; readonly internal?: boolean }[] | undefined>>;

/** The network of `options`. Throws InputError: an address that is not ours, an interface that is not there, a proxy that is none. */
export function networkOf(options: NetworkOptions = {}, interfaces: () => Interfaces = networkInterfaces): Network {
  const { bind, family, proxy, variables = {} } = options;
  const families = new Map<Family, string | undefined>();
  const bound = bind === undefined ? undefined : addressesOf(bind, interfaces());
  for (const candidate of [4, 6] as const) {
    if (family !== undefined && candidate !== family) continue;
    const address = bound?.find((one) => familyOf(one) === candidate);
    if (bound === undefined || address !== undefined) families.set(candidate, address);
  }
  if (families.size === 0) {
    throw new InputError('bad-argument', `the address to bind to, ${printable(bind ?? '', 100)}, has no IPv${family} address`);
  }
  // An empty variable or setting is as good as none.
  const socks = proxy === undefined || proxy === '' ? undefined : parseProxy(proxy, 'the proxy', ['socks5']);
  return {
    ...directNetwork,
    families,
    socks,
    httpProxyFor: socks === undefined ? proxiesOf(variables) : () => undefined,
    lookupHost: bound === undefined ? lookupHost : boundLookup(families),
  };
}

/** The addresses that `bind` stands for, those of further reach first. */
function addressesOf(bind: string, interfaces: Interfaces): string[] {
  const ofMachine = new Map(
    Object.entries(interfaces).map(([name, addresses = []]) => [
      name,
      // A link-local IPv6 address needs its interface beside it, and leads to no peer.
      addresses.map(({ address }) => addressLiteral(address) ?? '').filter((address) => address !== '' && !isLinkLocalIpv6(address)),
    ]),
  );
  const literal = addressLiteral(bind);
  const known = literal === undefined ? ofMachine.get(bind) : [...ofMachine.values()].flat().includes(literal) ? [literal] : undefined;
  // All of 127.0.0.0/8 is this machine, though one address of it is listed.
  if (known === undefined && literal !== undefined && reachOf(literal) === 'loopback') return [literal];
  if (known === undefined || known.length === 0) {
    const there = [...ofMachine].map(([name, addresses]) => `${name} (${addresses.join(', ') || 'no address'})`).join(', ');
    throw new InputError(
      'bad-argument',
      `"${printable(bind, 100)}" is ${known === undefined ? 'no address or interface of this machine' : 'an interface without an address'}; there are: ${printable(there, 500)}`,
    );
  }
  const order = ['global', 'private', 'loopback', 'link-local', 'unusable'];
  return known.toSorted((a, b) => order.indexOf(reachOf(a)) - order.indexOf(reachOf(b)));
}

function isLinkLocalIpv6(address: string): boolean {
  return address.includes(':') && reachOf(address) === 'link-local';
}
