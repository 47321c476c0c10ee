// What became of each peer: what it gave us, and how it failed. One record per address, for the account of a download that ends; the
// swarm notes, nothing decides by it.

import { peerLimits } from '../config.ts';
import type { PeerAddress } from '../discovery/address-entry.ts';
import type { PeerOrigin } from '../discovery/peer-source.ts';
import { ProtocolError, type TtorrentError } from '../errors.ts';
import { formatEndpoint } from '../support/endpoint.ts';
import type { Peer } from './peer.ts';

/** How it stands, or ended, with a peer: its last connection counts. */
export type PeerFate =
  /** It gave us blocks, and nothing is wrong with it, though it may choke us by now. */
  | 'serving'
  /** Connected, and it never gave what we asked: it chokes us, has nothing that we need, or owes us blocks. */
  | 'choked-us'
  | 'had-nothing'
  | 'stalled'
  /** The connection was not made. */
  | 'refused'
  | 'timed-out'
  | 'unreachable'
  /** Connected, and it was of no use. `duplicate`: it is connected already, by another port. */
  | 'no-handshake'
  | 'not-this-torrent'
  | 'duplicate'
  | 'broke-protocol'
  | 'sent-bad-data'
  /** It went away after the handshake. */
  | 'disconnected';

/** What is known of one peer. Sizes in bytes, times in milliseconds. */
export interface PeerAccount {
  /** `HOST:PORT`; `others` for all that came when the list was full. */
  readonly peer: string;
  readonly origin: PeerOrigin;
  /** What it said it is (BEP 10), made printable. */
  readonly client: string | undefined;
  readonly fate: PeerFate;
  /** How long it has given us nothing, when `fate` is of a connected peer. */
  readonly idleMs: number;
  /** Payload that came from it, good or not. */
  readonly downloadedBytes: number;
  /** Payload that went to it. */
  readonly uploadedBytes: number;
  /** Pieces that failed their hash and to which it had sent blocks. */
  readonly badPieces: number;
  /** When its first block was here, since the download was begun. */
  readonly firstBlockMs: number | undefined;
}

interface Entry {
  readonly peer: string;
  readonly origin: PeerOrigin;
  client: string | undefined;
  fate: PeerFate;
  idleMs: number;
  /** Of connections that are closed. */
  downloadedBytes: number;
  uploadedBytes: number;
  badPieces: number;
  /** On the clock. */
  firstBlockMs: number | undefined;
  isBanned: boolean;
}

/** As many as the address book names, and as many again that connected to us. */
const recordsMax = 2 * peerLimits.addresses;

/** The records of one swarm. */
export class PeerAccounts {
  readonly #entries = new Map<number, Entry>();
  #others: Entry | undefined;

  dialFailed(address: PeerAddress, cause: TtorrentError): void {
    this.#settle(this.#entryOf(address), fateOfDial(cause));
  }

  introduced(peer: Peer, client: string): void {
    this.#entryOf(peer.address).client = client;
  }

  /** A piece to which it had sent blocks failed its hash. */
  pieceFailed(address: PeerAddress): void {
    this.#entryOf(address).badPieces++;
  }

  banned(address: PeerAddress): void {
    const entry = this.#entryOf(address);
    entry.isBanned = true;
    entry.fate = 'sent-bad-data';
  }

  /** `isByUs`: the swarm closes because it is over, which says nothing about the peer. */
  closed(peer: Peer, wasReady: boolean, isByUs: boolean, cause: TtorrentError | undefined, nowMs: number): void {
    if (isByUs && !wasReady) return;
    const entry = this.#entryOf(peer.address);
    entry.downloadedBytes += peer.receivedBytes;
    entry.uploadedBytes += peer.sentBytes;
    entry.firstBlockMs ??= peer.firstBlockMs;
    entry.idleMs = peer.uselessMs(nowMs);
    this.#settle(entry, isByUs ? fateOfConnected(peer, entry.downloadedBytes) : fateOfClosed(peer, wasReady, cause));
  }

  /** Every peer that was tried or is connected (`ready`), in the order of their first mention. `startedMs`: when the download was begun. */
  list(ready: ReadonlyMap<number, Peer>, nowMs: number, startedMs: number): PeerAccount[] {
    for (const peer of ready.values()) this.#entryOf(peer.address);
    const accounts = [...this.#entries].map(([number, entry]) => accountOf(entry, ready.get(number), nowMs, startedMs));
    if (this.#others !== undefined) accounts.push(accountOf(this.#others, undefined, nowMs, startedMs));
    return accounts;
  }

  #settle(entry: Entry, fate: PeerFate): void {
    if (!entry.isBanned) entry.fate = fate;
  }

  #entryOf(address: PeerAddress): Entry {
    const known = this.#entries.get(address.number);
    if (known !== undefined) return known;
    if (this.#entries.size >= recordsMax) return (this.#others ??= newEntry('others', address.origin));
    const entry = newEntry(formatEndpoint(address.endpoint), address.origin);
    this.#entries.set(address.number, entry);
    return entry;
  }
}

function newEntry(peer: string, origin: PeerOrigin): Entry {
  const nothingYet = {
    client: undefined,
    idleMs: 0,
    downloadedBytes: 0,
    uploadedBytes: 0,
    badPieces: 0,
    firstBlockMs: undefined,
    isBanned: false,
  };
  return { peer, origin, fate: 'no-handshake', ...nothingYet };
}

function accountOf({ isBanned, ...entry }: Entry, connected: Peer | undefined, nowMs: number, startedMs: number): PeerAccount {
  const firstBlockMs = entry.firstBlockMs ?? connected?.firstBlockMs;
  const account = { ...entry, firstBlockMs: firstBlockMs === undefined ? undefined : firstBlockMs - startedMs };
  if (connected === undefined || isBanned) return account;
  const downloadedBytes = entry.downloadedBytes + connected.receivedBytes;
  const uploadedBytes = entry.uploadedBytes + connected.sentBytes;
  const fate = fateOfConnected(connected, downloadedBytes);
  return { ...account, fate, idleMs: connected.uselessMs(nowMs), downloadedBytes, uploadedBytes };
}

/** A refusal to connect names the system's code; a connection that was never answered has none. */
function fateOfDial(cause: TtorrentError): PeerFate {
  const code = (cause.cause as { code?: string } | undefined)?.code;
  if (code === 'ECONNREFUSED' || code === 'ECONNRESET') return 'refused';
  return code === undefined || code === 'ETIMEDOUT' ? 'timed-out' : 'unreachable';
}

/** `downloadedBytes`: what it gave over all its connections. */
function fateOfConnected(peer: Peer, downloadedBytes: number): PeerFate {
  if (peer.isSnubbed) return 'stalled';
  if (downloadedBytes > 0) return 'serving';
  const { weAreInterested, peerChokesUs, peerHas } = peer.protocol;
  if (weAreInterested && peerChokesUs) return 'choked-us';
  // At the end of a download nobody interests us any more.
  if (!weAreInterested) return peerChokesUs && peerHas.count > 0 ? 'choked-us' : 'had-nothing';
  return 'stalled';
}

function fateOfClosed(peer: Peer, wasReady: boolean, cause: TtorrentError | undefined): PeerFate {
  if (peer.isDuplicate) return 'duplicate';
  if (!wasReady) return cause instanceof ProtocolError ? 'not-this-torrent' : 'no-handshake';
  if (cause instanceof ProtocolError) return 'broke-protocol';
  // We closed it, since it was silent or owed us blocks; what the system reports has a cause of its own.
  return cause !== undefined && cause.cause === undefined ? 'stalled' : 'disconnected';
}
