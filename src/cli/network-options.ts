// The options of every command that reaches others: from where, by which family of addresses, through which proxy.

import { Option } from 'commander';

import type { NetworkOptions } from '../index.ts';
import type { Environment } from './env.ts';

/** The options, in the order of the help. */
export function networkOptions(): Option[] {
  return [
    new Option('--bind <ADDRESS|INTERFACE>', 'connect from, and listen on, this address or interface alone'),
    new Option('-4, --ipv4', 'use IPv4 alone').conflicts('ipv6'),
    new Option('-6, --ipv6', 'use IPv6 alone').conflicts('ipv4'),
    // Unchecked here: what is refused is repeated, and there may be a password in it.
    new Option('--proxy <URL>', 'connect through socks5://[USER:PASSWORD@]HOST:PORT alone; else HTTP goes by HTTP_PROXY and its kin'),
  ];
}

/** What commander gives of these options. */
export interface TypedNetworkOptions {
  bind?: string;
  ipv4?: true;
  ipv6?: true;
  proxy?: string;
}

/** What the library is asked for; nothing when nothing was typed. */
export function networkOptionsOf({ bind, ipv4, ipv6, proxy }: TypedNetworkOptions): { readonly network?: NetworkOptions } {
  const network: NetworkOptions = {
    ...(bind !== undefined && { bind }),
    ...(ipv4 === true && { family: 4 }),
    ...(ipv6 === true && { family: 6 }),
    ...(proxy !== undefined && { proxy }),
  };
  return Object.keys(network).length === 0 ? {} : { network };
}

/** The network that was asked for, in this environment. */
export function networkFor({ network }: { readonly network?: NetworkOptions }, env: Environment): NetworkOptions {
  return { ...network, variables: env.variables };
}
