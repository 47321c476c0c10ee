// What a report holds: the run of one `get` or `seed` as plain data. `--report FILE.json` writes it as it is, FILE.html shows it. Sizes in bytes, times
// in milliseconds since the run began.

import type { PeerFate } from '../../index.ts';
import type { TrackerFacts, WebSeedFacts } from '../reporters/json-events.ts';

/** The record of a run. */
export interface Report {
  readonly v: 1;
  readonly type: 'report';
  /** Of ttorrent. */
  readonly version: string;
  /** Node's version, the system, the processor. */
  readonly platform: string;
  /** UTC, ISO 8601. */
  readonly startedAt: string;
  readonly durationMs: number;
  /** Those given, as in the event `start`. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Null when it could not be read. */
  readonly torrent: ReportedTorrent | null;
  readonly end: ReportedEnd;
  /** Null when no download was begun. */
  readonly totals: ReportedTotals | null;
  readonly timings: { readonly firstPeerMs: number | null; readonly firstByteMs: number | null; readonly firstPieceMs: number | null };
  /** At most 2 000. */
  readonly samples: readonly Sample[];
  /** The pieces in order, in at most 1 440 cells. */
  readonly pieces: readonly PieceCell[];
  /** When nothing was verified for 10 s or more; at most 100. */
  readonly stalls: readonly { readonly fromMs: number; readonly toMs: number }[];
  /** The last outcome of each. */
  readonly trackers: readonly TrackerFacts[];
  readonly webSeeds: readonly WebSeedFacts[];
  /** Bytes by who named the peers. */
  readonly origins: readonly {
    readonly origin: string;
    readonly peers: number;
    readonly downloadedBytes: number;
    readonly uploadedBytes: number;
  }[];
  readonly fates: Partial<Record<PeerFate, number>>;
  /** The 200 that gave most, and among those that gave nothing took most. */
  readonly peers: readonly ReportedPeer[];
  readonly peersLeftOut: number;
  /** The first 500. */
  readonly files: readonly ReportedFile[];
  readonly filesLeftOut: number;
  /** The first 50. */
  readonly warnings: readonly string[];
}

export interface ReportedTorrent {
  readonly name: string;
  readonly infohash: string;
  readonly totalLength: number;
  readonly selectedLength: number;
  readonly pieceLength: number;
  readonly pieceCount: number;
  readonly private: boolean;
}

export interface ReportedEnd {
  readonly exitCode: number;
  readonly exitName: string;
  readonly code: string | null;
  readonly reason: string;
}

export interface ReportedTotals {
  readonly totalBytes: number;
  readonly verifiedBytes: number;
  readonly pieceCount: number;
  readonly verifiedPieces: number;
  readonly downloadedBytes: number;
  readonly wastedBytes: number;
  readonly corruptBytes: number;
  readonly uploadedBytes: number;
  /** Sent as a share of the bytes selected. */
  readonly ratio: number;
  readonly seedingMs: number;
  /** Of existing data, hashed. */
  readonly checkedBytes: number;
  readonly badPieces: number;
  readonly bannedPeers: number;
  readonly knownPeers: number;
  readonly meanBytesPerSecond: number;
}

/** One moment of the download. */
export interface Sample {
  readonly t: number;
  readonly verifiedBytes: number;
  readonly downloadedBytes: number;
  readonly uploadedBytes: number;
  readonly connectedPeers: number;
}

/** Pieces `first` to `first + count - 1`, by their number. */
export interface PieceCell {
  readonly first: number;
  readonly count: number;
  /** Of them: needed by the selected files, verified before this run, verified in it. */
  readonly wanted: number;
  readonly before: number;
  readonly fetched: number;
  /** When those of this run came, on average; null when there are none. */
  readonly atMs: number | null;
}

export interface ReportedPeer {
  readonly peer: string;
  readonly origin: string;
  readonly client: string | null;
  readonly fate: PeerFate;
  readonly downloadedBytes: number;
  readonly uploadedBytes: number;
  /** Pieces that failed their hash and to which it had sent blocks. */
  readonly badPieces: number;
  readonly firstBlockMs: number | null;
}

export interface ReportedFile {
  readonly path: string;
  readonly length: number;
  readonly selected: boolean;
  readonly complete: boolean;
  readonly sums: Readonly<Record<string, string>> | null;
}
