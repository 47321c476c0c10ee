// One address as the book keeps it, and which of two is to be dialled first. Pure.

import { peerLimits } from '../config.ts';
import { type Endpoint, formatEndpoint, reachOf } from '../support/endpoint.ts';
import type { PeerOrigin } from './peer-source.ts';

/** What is known of one address. */
export interface PeerAddress {
  /** Names the address in short, from 1; stays the same for the life of the book. */
  readonly number: number;
  readonly endpoint: Endpoint;
  readonly origin: PeerOrigin;
  /** How it is to be dialled: as it last answered or, when it did not, the other way. */
  readonly isEncrypted: boolean;
}

/** The same, with how it did. */
export interface Entry extends PeerAddress {
  readonly isLoopback: boolean;
  /** Bans go by it: the host, or on loopback, where many peers share one, host and port. */
  readonly banKey: string;
  /** Which one of many that may speak alike named it, for a bound on how many it names. */
  readonly namedBy: string | undefined;
  isEncrypted: boolean;
  state: 'idle' | 'in-use' | 'retired';
  /** In use, it is a second address of a program that we are connected to, and takes no place of its host's. */
  isSecond: boolean;
  /** It connected to us, and said that it listens there. */
  isListening: boolean;
  /** Attempts in a row that brought nothing. */
  failures: number;
  /** It has given us blocks before. */
  hasServed: boolean;
  notBeforeMs: number;
  /** BEP 40; undefined while our own address is not known. */
  priority: number | undefined;
}

/** A fresh entry. */
export function newEntry(facts: Pick<Entry, 'number' | 'endpoint' | 'origin' | 'isEncrypted' | 'namedBy'>): Entry {
  return {
    ...facts,
    isLoopback: reachOf(facts.endpoint.host) === 'loopback',
    banKey: banKey(facts.endpoint),
    state: 'idle',
    isSecond: false,
    isListening: false,
    failures: 0,
    hasServed: false,
    notBeforeMs: 0,
    priority: undefined,
  };
}

/** See `Entry.banKey`. */
export function banKey(endpoint: Endpoint): string {
  return reachOf(endpoint.host) === 'loopback' ? formatEndpoint(endpoint) : endpoint.host;
}

/** We know where it listens, and it has not failed too often. */
export function canBeDialled(entry: Entry): boolean {
  return entry.origin === 'user' || ((entry.origin !== 'incoming' || entry.isListening) && entry.failures < peerLimits.failures);
}

/**
 * Negative when `a` is to be dialled before `b`: those that served first, then those of ports where peers usually are, then those that failed
 * least, then those of the family that has fewer connections (`inUse`), then by BEP 40.
 */
export function compareEntries(a: Entry, b: Entry, inUse: { readonly ipv4: number; readonly ipv6: number }): number {
  if (a.hasServed !== b.hasServed) return a.hasServed ? -1 : 1;
  if (isSuspect(a) !== isSuspect(b)) return isSuspect(a) ? 1 : -1;
  if (a.failures !== b.failures) return a.failures - b.failures;
  if (isIpv6(a) !== isIpv6(b)) return (inUse.ipv6 - inUse.ipv4) * (isIpv6(a) ? 1 : -1);
  return (b.priority ?? 0) - (a.priority ?? 0);
}

export function isIpv6({ endpoint }: PeerAddress): boolean {
  return endpoint.host.includes(':');
}

/** Servers of other kinds listen on privileged ports, and whoever names them may want us to knock there. */
function isSuspect({ origin, endpoint }: Entry): boolean {
  return origin !== 'user' && endpoint.port < 1024;
}
