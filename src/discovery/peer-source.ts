// The contract between a torrent and whatever finds peers for it: trackers and local discovery now, a DHT by the same interface. Peer exchange,
// which lives among the peers, tells the same listener. A source finds addresses; the address book decides which are worth a connection.

import type { Endpoint } from '../support/endpoint.ts';

/** Who named an address. */
export type PeerOrigin = 'user' | 'tracker' | 'pex' | 'lsd' | 'incoming';

/** What a source tells the torrent. Calls are synchronous and never throw. */
export interface PeerSourceListener {
  /**
   * `peers` were found. `localAllowed` says whether loopback and link-local addresses among them may be used: only when the source is
   * itself on such an address, or was typed by the user. `namedBy`: who named them where many could, of whom none may name too many.
   */
  foundPeers(origin: PeerOrigin, peers: readonly Endpoint[], localAllowed: boolean, namedBy?: string): void;
  /** The host `voter`, or a tracker's URL, sees us at `host`, a canonical IP literal. */
  seenAs(host: string, voter: string): void;
  /** Something a person or a log wants to know. */
  reported(report: SourceReport): void;
}

/** One outcome of asking a source. Texts from the remote have been made printable and short. */
export interface SourceReport {
  /** Left out for a tracker. */
  readonly kind?: 'pex' | 'lsd';
  /** The source's name for people: a tracker's URL without secrets; `peer exchange`, `local discovery`. */
  readonly source: string;
  readonly outcome: 'answered' | 'failed' | 'refused' | 'warned';
  /** `failed` and `refused`: the cause; `warned`: the tracker's words; `answered`: empty, but of a peer its `HOST:PORT`. */
  readonly message: string;
  /** `answered`: how many addresses it named. */
  readonly peerCount: number;
  /** `answered`: what the tracker says of the swarm. */
  readonly seeders?: number;
  readonly leechers?: number;
}

/** The transfer totals that trackers ask for, in bytes (BEP 3). */
export interface TransferTotals {
  readonly uploaded: number;
  readonly downloaded: number;
  readonly left: number;
  /** It has everything that it wants, which is not all (BEP 21). */
  readonly isPartialSeed: boolean;
}

/** A finder of peers for one torrent. */
export interface PeerSource {
  /** Begins; reports go to the listener until `stop`. */
  start(): void;
  /** The torrent just became complete (every selected byte). */
  completed(): void;
  /** Peers reach us at another port from now on. */
  portChanged(): void;
  /** Whether the torrent could use more peers now: a source may then ask again sooner. */
  setHungry(hungry: boolean): void;
  /** Whether this source has anybody to ask: false when no part of it is of a kind that we can use. */
  readonly isUsable: boolean;
  /** Says goodbye in bounded time and releases everything. Never rejects. */
  stop(): Promise<void>;
}
