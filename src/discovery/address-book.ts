// The owner of peer addresses: which we know, from whom, how they did, which to dial next, which are banned. Pure; time comes in.
// Sources are strangers: they may repeat, flood, or point us at machines that never asked for it.

import { peerLimits } from '../config.ts';
import { type Endpoint, formatEndpoint, reachOf } from '../support/endpoint.ts';
import type { Random } from '../support/random.ts';
import type { EncryptionPolicy } from '../wire/mse.ts';
import type { PeerOrigin } from './peer-source.ts';

/** Which addresses are left out, whoever names them; asked with canonical IP literals. */
export interface AddressRules {
  /** Whether connections there are made at all: not so to another family than those that are used. */
  readonly canReach: (host: string) => boolean;
  /** Whether the user wants nothing to do with it. */
  readonly isBlocked: (host: string) => boolean;
}

const noRules: AddressRules = { canReach: () => true, isBlocked: () => false };

/** What is known of one address. */
export interface PeerAddress {
  /** Names the address in short, from 1; stays the same for the life of the book. */
  readonly number: number;
  readonly endpoint: Endpoint;
  readonly origin: PeerOrigin;
  /** How it is to be dialled: as it last answered or, when it did not, the other way. */
  readonly isEncrypted: boolean;
}

interface Entry extends PeerAddress {
  readonly isLoopback: boolean;
  /** Bans go by it: the host, or on loopback, where many peers share one, host and port. */
  readonly banKey: string;
  isEncrypted: boolean;
  state: 'idle' | 'in-use' | 'retired';
  /** Attempts in a row that brought nothing. */
  failures: number;
  /** It has given us blocks before. */
  hasServed: boolean;
  notBeforeMs: number;
}

/** Back to a peer that served us and went away: soon, since it lives. */
const returnToServerMs = 500;
/** Back to one that never served us: no address is tried more than twice a minute, whoever names it. */
const retryMs = 30_000;
/** What the user typed is meant: tried again sooner, and for ever. */
const retryTypedMs = 3_000;

/** The addresses of one torrent. */
export class AddressBook {
  readonly #entries = new Map<string, Entry>();
  readonly #byNumber = new Map<number, Entry>();
  readonly #bannedKeys = new Set<string>();
  readonly #inUsePerHost = new Map<string, number>();
  /** How many ports of a host were named to us. */
  readonly #portsPerHost = new Map<string, number>();
  readonly #random: Random;
  readonly #encryption: EncryptionPolicy;
  readonly #rules: AddressRules;
  /** So many at most, since strangers name them: beyond that the count stands still. */
  readonly #blocked = new Set<string>();
  #nextNumber = 1;
  /** How many entries were named by a source or the user; the others connected to us. */
  #named = 0;
  /** The last time that was told. */
  #nowMs = 0;

  constructor(random: Random, encryption: EncryptionPolicy = 'prefer', rules = noRules) {
    this.#random = random;
    this.#encryption = encryption;
    this.#rules = rules;
  }

  /** How many addresses are known. */
  get size(): number {
    return this.#entries.size;
  }

  get bannedCount(): number {
    return this.#bannedKeys.size;
  }

  /** How many hosts were left out, or turned away, because they are blocked; counted up to `peerLimits.addresses`. */
  get blockedCount(): number {
    return this.#blocked.size;
  }

  /**
   * Notes what a source named; returns how many were new. Left out: addresses that cannot be a peer's, that are blocked, or that lie in a
   * family that is not used; loopback and link-local ones
   * unless `localAllowed`; banned ones; all beyond the limit, in all and for one host: a list of a thousand ports of one address is
   * meant to make us knock on a stranger's doors.
   */
  add(origin: PeerOrigin, endpoints: readonly Endpoint[], localAllowed: boolean): number {
    let added = 0;
    let hasRoom = this.#hasRoomForNamed();
    for (const endpoint of endpoints) {
      if (!this.#isUsable(endpoint, localAllowed) || this.isBanned(endpoint)) continue;
      const known = this.#entries.get(formatEndpoint(endpoint));
      // Named again after we gave up on it: it may have come back.
      if (known !== undefined) known.failures = Math.min(known.failures, peerLimits.failures - 1);
      else if (hasRoom && this.#takePort(origin, endpoint.host)) {
        this.#insert(origin, endpoint);
        added++;
        hasRoom = this.#hasRoomForNamed();
      }
    }
    return added;
  }

  /** The address with this number; undefined when it was forgotten. */
  byNumber(number: number): PeerAddress | undefined {
    return this.#byNumber.get(number);
  }

  /** How many addresses might be dialled now. */
  dueCount(nowMs: number): number {
    this.#nowMs = nowMs;
    let count = 0;
    for (const entry of this.#entries.values()) if (this.#mayDial(entry, nowMs)) count++;
    return count;
  }

  /** The best address to dial now, marked as in use; undefined when there is none. */
  next(nowMs: number): PeerAddress | undefined {
    let best: Entry | undefined;
    let ties = 0;
    for (const entry of this.#entries.values()) {
      if (!this.#mayDial(entry, nowMs)) continue;
      const order = best === undefined ? -1 : compare(entry, best);
      if (order > 0) continue;
      ties = order < 0 ? 1 : ties + 1;
      // Among equals each has the same chance, so that a swarm of us does not crowd on one peer.
      if (order < 0 || this.#random.fraction() * ties < 1) best = entry;
    }
    if (best !== undefined) this.#use(best);
    return best;
  }

  /** A peer connected to us: its address, marked as in use; undefined when it is banned, in use, or one too many of its host. */
  accept(endpoint: Endpoint): PeerAddress | undefined {
    if (this.isBanned(endpoint) || this.#isBlocked(endpoint.host)) return undefined;
    const isLoopback = reachOf(endpoint.host) === 'loopback';
    const known = this.#entries.get(formatEndpoint(endpoint));
    if ((known !== undefined && known.state !== 'idle') || !this.#hasRoomForHost({ endpoint, isLoopback })) return undefined;
    const isFull = known === undefined && this.#entries.size - this.#named >= peerLimits.addresses;
    if (isFull && !this.#forgetOne((entry) => entry.origin === 'incoming' && entry.state !== 'in-use')) return undefined;
    const entry = known ?? this.#insert('incoming', endpoint);
    this.#use(entry);
    return entry;
  }

  /** The connection ended, or never came to be. `served` tells whether blocks came over it. */
  ended(address: PeerAddress, served: boolean, nowMs: number): void {
    const entry = this.#release(address);
    if (entry === undefined) return;
    entry.hasServed ||= served;
    // The port of an incoming connection says nothing once the connection is gone, unless there is something to remember.
    if (entry.origin === 'incoming' && !entry.hasServed) return this.#forget(entry);
    entry.failures = served ? 0 : entry.failures + 1;
    const base = entry.origin === 'user' ? retryTypedMs : retryMs;
    entry.notBeforeMs = nowMs + (served ? returnToServerMs : base * 2 ** Math.min(entry.failures - 1, 4));
  }

  /**
   * A connection that we had made ended before the peer answered our handshake; `hungUp` when the peer closed it. Then it may want the other
   * way: where the policy leaves that open, encrypted is tried at once after plain, and the two fail together.
   */
  unanswered(address: PeerAddress, hungUp: boolean, nowMs: number): void {
    const entry = this.#entries.get(formatEndpoint(address.endpoint));
    if (entry === undefined || this.#encryption !== 'prefer') return this.ended(address, false, nowMs);
    entry.isEncrypted = hungUp && !entry.isEncrypted;
    if (!entry.isEncrypted) return this.ended(address, false, nowMs);
    this.#release(address);
  }

  /** It is of no use and never will be: ourselves, another torrent. */
  retire(address: PeerAddress): void {
    const entry = this.#release(address);
    if (entry !== undefined) entry.state = 'retired';
  }

  /**
   * It sent wrong bytes: never again, whatever port it comes from (on loopback many peers share a host: there the port counts). False
   * when it was banned already.
   */
  ban(address: PeerAddress): boolean {
    this.retire(address);
    const key = banKey(address.endpoint);
    if (this.#bannedKeys.has(key)) return false;
    this.#bannedKeys.add(key);
    return true;
  }

  isBanned(endpoint: Endpoint): boolean {
    return this.#bannedKeys.has(banKey(endpoint));
  }

  /** Whether an address is left that may yet be dialled, now or later. */
  get hasProspects(): boolean {
    for (const entry of this.#entries.values())
      if (entry.state === 'idle' && canBeDialled(entry) && !this.#bannedKeys.has(entry.banKey)) return true;
    return false;
  }

  #isUsable(endpoint: Endpoint, localAllowed: boolean): boolean {
    return mayBePeer(endpoint, localAllowed) && this.#rules.canReach(endpoint.host) && !this.#isBlocked(endpoint.host);
  }

  #isBlocked(host: string): boolean {
    if (!this.#rules.isBlocked(host)) return false;
    if (this.#blocked.size < peerLimits.addresses) this.#blocked.add(host);
    return true;
  }

  /** Whether one more port of `host` may be used. */
  #takePort(origin: PeerOrigin, host: string): boolean {
    if (origin === 'user' || reachOf(host) === 'loopback') return true;
    const ports = this.#portsPerHost.get(host) ?? 0;
    if (ports >= peerLimits.perAddress) return false;
    this.#portsPerHost.set(host, ports + 1);
    return true;
  }

  #insert(origin: PeerOrigin, endpoint: Endpoint): Entry {
    const entry: Entry = {
      number: this.#nextNumber++,
      endpoint,
      origin,
      isEncrypted: this.#encryption === 'require',
      isLoopback: reachOf(endpoint.host) === 'loopback',
      banKey: banKey(endpoint),
      state: 'idle',
      failures: 0,
      hasServed: false,
      notBeforeMs: 0,
    };
    this.#entries.set(formatEndpoint(endpoint), entry);
    this.#byNumber.set(entry.number, entry);
    if (origin !== 'incoming') this.#named++;
    return entry;
  }

  #mayDial(entry: Entry, nowMs: number): boolean {
    return (
      entry.state === 'idle' &&
      canBeDialled(entry) &&
      entry.notBeforeMs <= nowMs &&
      !this.#bannedKeys.has(entry.banKey) &&
      this.#hasRoomForHost(entry)
    );
  }

  #hasRoomForHost(entry: Pick<Entry, 'endpoint' | 'isLoopback'>): boolean {
    return entry.isLoopback || (this.#inUsePerHost.get(entry.endpoint.host) ?? 0) < peerLimits.perAddress;
  }

  #use(entry: Entry): void {
    entry.state = 'in-use';
    this.#inUsePerHost.set(entry.endpoint.host, (this.#inUsePerHost.get(entry.endpoint.host) ?? 0) + 1);
  }

  #release(address: PeerAddress): Entry | undefined {
    const entry = this.#entries.get(formatEndpoint(address.endpoint));
    if (entry?.state !== 'in-use') return undefined;
    entry.state = 'idle';
    const left = (this.#inUsePerHost.get(entry.endpoint.host) ?? 1) - 1;
    if (left > 0) this.#inUsePerHost.set(entry.endpoint.host, left);
    else this.#inUsePerHost.delete(entry.endpoint.host);
    return entry;
  }

  /** Whether a source may name one more: in the place of one that was given up long enough ago to be dialled again if it is named again. */
  #hasRoomForNamed(): boolean {
    if (this.#named < peerLimits.addresses) return true;
    const mayGo = (entry: Entry): boolean => entry.state === 'idle' && !canBeDialled(entry) && entry.notBeforeMs <= this.#nowMs;
    return this.#forgetOne((entry) => entry.origin !== 'incoming' && mayGo(entry));
  }

  /** Forgets the oldest of those that `mayGo`; false when there is none. */
  #forgetOne(mayGo: (entry: Entry) => boolean): boolean {
    for (const entry of this.#entries.values()) {
      if (!mayGo(entry)) continue;
      this.#forget(entry);
      return true;
    }
    return false;
  }

  #forget(entry: Entry): void {
    this.#entries.delete(formatEndpoint(entry.endpoint));
    this.#byNumber.delete(entry.number);
    if (entry.origin === 'incoming') return;
    this.#named--;
    const ports = this.#portsPerHost.get(entry.endpoint.host);
    if (ports === 1) this.#portsPerHost.delete(entry.endpoint.host);
    else if (ports !== undefined) this.#portsPerHost.set(entry.endpoint.host, ports - 1);
  }
}

/** Whether a source may name `endpoint` as a peer; `localAllowed`: also on this machine or its link. */
export function mayBePeer(endpoint: Endpoint, localAllowed: boolean): boolean {
  const reach = reachOf(endpoint.host);
  return reach !== 'unusable' && (localAllowed || (reach !== 'loopback' && reach !== 'link-local'));
}

/** We know where it listens, and it has not failed too often. */
function canBeDialled(entry: Entry): boolean {
  return entry.origin === 'user' || (entry.origin !== 'incoming' && entry.failures < peerLimits.failures);
}

/** Negative when `a` is to be dialled before `b`: those that served first, then those that failed least. */
function compare(a: Entry, b: Entry): number {
  if (a.hasServed !== b.hasServed) return a.hasServed ? -1 : 1;
  return a.failures - b.failures;
}

function banKey(endpoint: Endpoint): string {
  return reachOf(endpoint.host) === 'loopback' ? formatEndpoint(endpoint) : endpoint.host;
}
