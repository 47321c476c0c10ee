// An announcer among trackers that answer as a test says, on a clock that the test turns.

import type { SourceReport } from '../../src/discovery/peer-source.ts';
import type { Endpoint } from '../../src/support/endpoint.ts';
import { TrackerAnnouncer, type AnnouncerParts } from '../../src/tracker/announcer.ts';
import type { AnnounceRequest, AnnounceResponse, TrackerClient } from '../../src/tracker/tracker-client.ts';
import { HandClock } from '../support/hand-clock.ts';

/** What comes of an announce: an answer (one peer and defaults filled in), an error, or silence until the caller gives up. */
export type Outcome = Partial<AnnounceResponse> | Error | 'silence';

/** What a tracker does with an announce. */
export type Behaviour = (request: AnnounceRequest) => Outcome | Promise<Outcome>;

/** One announce as a tracker saw it. */
export interface SeenAnnounce {
  readonly atMs: number;
  readonly url: string;
  readonly request: AnnounceRequest;
}

export const somePeers: readonly Endpoint[] = [{ host: '192.0.2.1', port: 51413 }];

/** Everything of one test: trackers by URL, the announcer, and what both sides saw. */
export class ScriptedSwarm implements TrackerClient {
  readonly clock = new HandClock();
  readonly announcer: TrackerAnnouncer;
  readonly seen: SeenAnnounce[] = [];
  readonly reports: SourceReport[] = [];
  readonly seenAs: [host: string, voter: string][] = [];
  readonly found: { readonly atMs: number; readonly peers: readonly Endpoint[]; readonly localAllowed: boolean }[] = [];
  readonly behaviours: Map<string, Behaviour>;
  /** Announces that wait for an answer. */
  underWay = 0;
  totals = { uploaded: 0, downloaded: 0, left: 1000, isPartialSeed: false };
  port = 6881;

  constructor(tiers: readonly (readonly string[])[], behaviours: Record<string, Behaviour>, more: Partial<AnnouncerParts> = {}) {
    this.behaviours = new Map(Object.entries(behaviours));
    this.announcer = new TrackerAnnouncer({
      trackers: tiers,
      infohash: new Uint8Array(20),
      peerId: new Uint8Array(20),
      port: () => this.port,
      clientFor: (url) => (url.startsWith('http') ? this : undefined),
      totals: () => this.totals,
      listener: {
        foundPeers: (_origin, peers, localAllowed) => this.found.push({ atMs: this.clock.nowMs(), peers, localAllowed }),
        seenAs: (host, voter) => this.seenAs.push([host, voter]),
        reported: (report) => this.reports.push(report),
      },
      clock: this.clock,
      // A fraction just below 1 leaves every shuffled list as it is, and makes every back-off as long as it gets.
      random: { bytes: (length) => new Uint8Array(length).fill(0x5a), fraction: () => 0.999_999 },
      ...more,
    });
  }

  async announce(url: string, request: AnnounceRequest, signal: AbortSignal): Promise<AnnounceResponse> {
    this.seen.push({ atMs: this.clock.nowMs(), url, request });
    const outcome = (await this.behaviours.get(url)?.(request)) ?? new Error(`no tracker ${url}`);
    if (outcome instanceof Error) throw outcome;
    if (outcome === 'silence') return this.#silence(signal);
    return { ...plainAnswer, ...outcome };
  }

  /** What `url` heard, in order; a regular announce is `-`. */
  heard(url: string): string {
    return this.seen
      .filter((announce) => announce.url === url)
      .map(({ request }) => request.event ?? '-')
      .join(' ');
  }

  /** When `url` was asked, in seconds. */
  askedAtSeconds(url: string): number[] {
    return this.seen.filter((announce) => announce.url === url).map(({ atMs }) => Math.round(atMs / 1000));
  }

  async #silence(signal: AbortSignal): Promise<never> {
    this.underWay++;
    try {
      return await new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    } finally {
      this.underWay--;
    }
  }
}

const plainAnswer: AnnounceResponse = {
  peers: somePeers,
  intervalMs: 1_800_000,
  minIntervalMs: undefined,
  trackerId: undefined,
  seeders: undefined,
  leechers: undefined,
  warning: undefined,
  isLocal: false,
};
