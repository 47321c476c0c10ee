// The contract of one announce and one scrape, whatever the protocol of the tracker (HTTP in http-tracker.ts, UDP in udp-tracker.ts).

import type { Endpoint } from '../support/endpoint.ts';
import type { TransferTotals } from '../discovery/peer-source.ts';

/** The events of BEP 3; `paused` is BEP 21's, in every regular announce of a partial seed. */
export type AnnounceEvent = 'started' | 'completed' | 'stopped' | 'paused';

/** What we tell a tracker. */
export interface AnnounceRequest extends Omit<TransferTotals, 'isPartialSeed'> {
  /** 20 bytes. */
  readonly infohash: Uint8Array;
  /** 20 bytes (BEP 20). */
  readonly peerId: Uint8Array;
  /** Where we listen. */
  readonly port: number;
  /** Absent in the regular announces. */
  readonly event: AnnounceEvent | undefined;
  /** How many peers we would like. */
  readonly numwant: number;
  /** 8 hex digits that stay the same for this run: how a tracker knows us after a change of address. */
  readonly key: string;
  /** What the tracker gave us before, byte for byte. */
  readonly trackerId: Uint8Array | undefined;
}

/** What a tracker answers, checked and clamped. */
export interface AnnounceResponse {
  readonly peers: readonly Endpoint[];
  /** Until the next regular announce. */
  readonly intervalMs: number;
  /** Never announce sooner. */
  readonly minIntervalMs: number | undefined;
  readonly trackerId: Uint8Array | undefined;
  readonly seeders: number | undefined;
  readonly leechers: number | undefined;
  /** Made printable, short. */
  readonly warning: string | undefined;
  /** Our address as it sees it (BEP 24): a canonical IP literal. */
  readonly externalIp?: string;
  /** Whether the tracker was reached at a loopback or link-local address. */
  readonly isLocal: boolean;
}

/** Announces to trackers of one protocol. */
export interface TrackerClient {
  /**
   * One announce to `url`. Throws TrackerError with the tracker's words when it refuses, NetworkError when it cannot be reached in time,
   * ProtocolError when its answer makes no sense; the signal's reason when aborted.
   */
  announce(url: string, request: AnnounceRequest, signal: AbortSignal): Promise<AnnounceResponse>;
}

/** How many have a torrent, as a tracker tells (BEP 48); undefined: it does not say. */
export interface ScrapeResponse {
  readonly seeders: number | undefined;
  readonly leechers: number | undefined;
  /** How often it was downloaded to its end. */
  readonly downloads: number | undefined;
}

/** Scrapes trackers of one protocol. */
export interface TrackerScraper {
  /** One scrape of the tracker with the announce URL `url`; `infohash` is 20 bytes. Throws what `TrackerClient.announce` throws. */
  scrape(url: string, infohash: Uint8Array, signal: AbortSignal): Promise<ScrapeResponse>;
}
