// Host names to addresses, off the thread pool: Node's `dns.lookup` blocks one of four threads, which also write our pieces, for as long as
// a dead name server likes, and cannot be cancelled. So: hosts file, then DNS queries of our own; the system's lookup only for names that
// neither knows (mDNS, NIS and the like), one at a time.

import { lookup, Resolver } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { trackerLimits } from '../config.ts';
import { addressLiteral } from '../support/endpoint.ts';

/** All addresses of a host name, best first. Rejects with the resolver's error (`code`), or the signal's reason. */
export type LookupHost = (hostname: string, signal: AbortSignal) => Promise<readonly string[]>;

/** Where addresses come from. */
export interface AddressSources {
  /** The text of the hosts file. */
  readonly readHostsFile: () => Promise<string>;
  readonly queryDns: LookupHost;
  /** The operating system's own way, for names that the others do not know. */
  readonly askSystem: (hostname: string) => Promise<readonly string[]>;
}

/** Errors of a DNS query that say "not here" rather than "no answer": the system may know more. */
const unknownToDns: ReadonlySet<unknown> = new Set(['ENOTFOUND', 'ENODATA', 'ENONAME', 'ECONNREFUSED', 'EBADNAME']);

/** A lookup over `sources`. */
export function hostLookupOver(sources: AddressSources): LookupHost {
  let systemIsFree: Promise<unknown> = Promise.resolve();
  return async (hostname, signal) => {
    const listed = hostsFileAddresses(await sources.readHostsFile(), hostname);
    if (listed.length > 0) return listed;
    try {
      return await sources.queryDns(hostname, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof Error && 'code' in error && unknownToDns.has(error.code))) throw error;
    }
    const answer = systemIsFree.then(() => sources.askSystem(hostname));
    systemIsFree = answer.catch(() => {});
    return answer;
  };
}

/** The lookup of this machine. */
export const lookupHost: LookupHost = hostLookupOver({
  readHostsFile: () => readFile(hostsFilePath(), 'utf8').catch(() => ''),
  queryDns: dnsQueries(),
  askSystem: async (hostname) => (await lookup(hostname, { all: true })).map(({ address }) => address),
});

/**
 * The lookup of this machine when every packet is to leave from the addresses of `families`: the system's own way is not asked, since it
 * cannot be told where to leave from.
 */
export function boundLookup(families: ReadonlyMap<4 | 6, string | undefined>): LookupHost {
  return hostLookupOver({
    readHostsFile: () => readFile(hostsFilePath(), 'utf8').catch(() => ''),
    queryDns: dnsQueries(undefined, families),
    askSystem: async () => {
      throw Object.assign(new Error('not known to the hosts file and to DNS'), { code: 'ENOTFOUND' });
    },
  });
}

/** The addresses that a hosts file (`ADDRESS NAME...`, `#` begins a comment) gives a name. */
export function hostsFileAddresses(text: string, hostname: string): string[] {
  const wanted = hostname.toLowerCase();
  // Files that block advertisers have 100 000 lines and more: only those that hold the name are taken apart.
  const lines = text.toLowerCase().includes(wanted) ? text.split('\n').filter((line) => line.toLowerCase().includes(wanted)) : [];
  return lines.flatMap((line) => {
    const [address = '', ...names] = (line.split('#', 1)[0] ?? '').trim().split(/\s+/);
    const isListed = names.some((name) => name.toLowerCase() === wanted);
    return isListed && addressLiteral(address) !== undefined ? [address] : [];
  });
}

/** Queries of `servers` (`ADDRESS:PORT`), or of the system's, for the IPv6 and the IPv4 addresses of a name; sent from `local` addresses. */
export function dnsQueries(servers?: readonly string[], local?: ReadonlyMap<4 | 6, string | undefined>): LookupHost {
  return async (hostname, signal) => {
    const resolver = new Resolver({ timeout: trackerLimits.dnsTimeoutMs, tries: trackerLimits.dnsTries });
    if (servers !== undefined) resolver.setServers(servers);
    if (local !== undefined) resolver.setLocalAddress(local.get(4) ?? '0.0.0.0', local.get(6) ?? '::');
    const cancel = (): void => resolver.cancel();
    signal.addEventListener('abort', cancel, { once: true });
    try {
      const answers = await Promise.allSettled([resolver.resolve6(hostname), resolver.resolve4(hostname)]);
      const addresses = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
      const [, ipv4] = answers;
      if (addresses.length === 0 && ipv4.status === 'rejected') throw ipv4.reason;
      return addresses;
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  };
}

function hostsFilePath(): string {
  return process.platform === 'win32' ? `${process.env['SystemRoot'] ?? 'C:\\Windows'}\\System32\\drivers\\etc\\hosts` : '/etc/hosts';
}
