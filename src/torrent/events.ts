// What a download tells while it runs: typed events and a snapshot of its progress. Plain values; a reporter turns them into words.

import type { SourceReport } from '../discovery/peer-source.ts';
import type { Checksum } from '../metainfo/checksum.ts';
import type { TorrentFile } from '../metainfo/metainfo.ts';
import type { SeedEnd } from './seed-goal.ts';

/** What a download is doing. */
export type DownloadPhase = 'checking' | 'downloading' | 'finishing' | 'seeding' | 'ended';

/** Where a download stands. All sizes in bytes of the selected files unless said otherwise. */
export interface DownloadProgress {
  readonly phase: DownloadPhase;
  /** Selected bytes, pad files left out. */
  readonly totalBytes: number;
  /** Selected bytes that are verified and written. */
  readonly verifiedBytes: number;
  /** Pieces of the selection, and how many are verified. */
  readonly pieceCount: number;
  readonly verifiedPieces: number;
  /** Bytes of existing data hashed so far, of how many, while `phase` is `checking`. */
  readonly checkedBytes: number;
  readonly bytesToCheck: number;
  /** Payload received in this run, good or not. */
  readonly downloadedBytes: number;
  /** Of it, payload from web seeds. */
  readonly webBytes: number;
  /** Payload received that was of no use: duplicates, unasked blocks. */
  readonly wastedBytes: number;
  /** Payload of pieces that failed their hash. */
  readonly corruptBytes: number;
  /** Payload sent to peers in this run. */
  readonly uploadedBytes: number;
  /** Payload per second over the last few seconds. */
  readonly rateBytesPerSecond: number;
  readonly uploadRateBytesPerSecond: number;
  /** Undefined while nothing arrives. */
  readonly etaMs: number | undefined;
  /** Peers past their handshake. */
  readonly connectedPeers: number;
  /** Addresses known. */
  readonly knownPeers: number;
  readonly bannedPeers: number;
  /** Hosts that the blocklist kept out; counted up to 3 000. */
  readonly blockedHosts: number;
  /** Since the download was begun. */
  readonly elapsedMs: number;
  /** How long it has seeded, or had. */
  readonly seedingMs: number;
}

/** A file under its final name. */
export interface FinalFile {
  readonly file: TorrentFile;
  /** Absolute. */
  readonly path: string;
  /** When some were asked for, by `checksums` or `sums`. */
  readonly sums?: readonly Checksum[];
}

/** Something that happened in a download. */
export type DownloadEvent =
  /** About twice a second while it runs, and once at each change of phase. */
  | { readonly type: 'progress'; readonly progress: DownloadProgress }
  /** A tracker answered, failed, refused or warned. */
  | { readonly type: 'source'; readonly report: SourceReport }
  /** A file has its final name, complete and verified. */
  | ({ readonly type: 'file' } & FinalFile)
  | { readonly type: 'piece'; readonly pieceIndex: number }
  /** A piece failed its hash; it is fetched again. */
  | { readonly type: 'bad-data'; readonly pieceIndex: number; readonly peers: readonly string[] }
  /** A peer was proven to have sent wrong bytes and is not used again. */
  | { readonly type: 'banned'; readonly peer: string; readonly reason: string }
  /** A connection to a peer was made, the peer said which client it is, or it was lost: for `--verbose`. */
  | {
      readonly type: 'peer';
      readonly peer: string;
      readonly change: 'connected' | 'introduced' | 'lost' | 'failed';
      readonly message: string;
    }
  /** A web seed gave content, for the first time or again; or it failed, in other words than before. */
  | { readonly type: 'web-seed'; readonly url: string; readonly change: 'connected' | 'failed'; readonly message: string }
  | { readonly type: 'warning'; readonly message: string };

/** A download that reached its end. */
export interface DownloadResult {
  /** The selected files. */
  readonly files: readonly FinalFile[];
  readonly progress: DownloadProgress;
  /** Why seeding was over; undefined when there was none, or it is to come. */
  readonly seedEnd: SeedEnd | undefined;
}
