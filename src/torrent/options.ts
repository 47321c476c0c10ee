// What can be asked of a download, with the defaults that a caller leaves out.

import type { Blocklist } from '../discovery/blocklist.ts';
import type { Checksum, ChecksumAlgorithm } from '../metainfo/checksum.ts';
import type { Allocation } from '../storage/storage.ts';
import type { PortRange } from '../transport/listener.ts';
import type { NetworkOptions } from '../transport/network-options.ts';
import type { PreferredSource } from '../webseed/source-policy.ts';
import type { EncryptionPolicy } from '../wire/mse.ts';
import type { Approve } from './approval.ts';
import type { SeedOptions } from './seed-goal.ts';

/** What a download is asked. Sizes in bytes, times in milliseconds. */
export interface DownloadOptions {
  /** Where the files go. Its last level is created when missing. */
  readonly outputDir: string;
  /** Files wanted, by their index in `metainfo.files`. Default: all. */
  readonly selection?: Iterable<number>;
  /** Announce URLs beside the torrent's own. */
  readonly announce?: readonly string[];
  /** Peers to use beside those that trackers name: `HOST:PORT`, `[IPV6]:PORT`; host names are looked up. */
  readonly peers?: readonly string[];
  /** Where to listen for peers: a port, or the first free one of a range. Default: a free port of 6881 to 6999, then any. */
  readonly port?: number | PortRange;
  /** Let peers connect to us. Default: true. */
  readonly listen?: boolean;
  /** Ask the router to let peers reach that port, by PCP, NAT-PMP or UPnP; a failure is a warning. Default: false. */
  readonly mapPort?: boolean;
  /** How others are reached: from which address, by IPv4 or IPv6, through which proxies. Default: in every way. */
  readonly network?: NetworkOptions;
  /** Whom not to connect to and not to let in, as `loadBlocklist` gives it. Trackers and web servers are not asked about. Default: nobody. */
  readonly blocklist?: Blocklist;
  /** Tell peers of each other, and learn of peers from them (BEP 11); never for a private torrent. Default: true. */
  readonly peerExchange?: boolean;
  /** Find peers on the local network by multicast (BEP 14), and be found; never for a private torrent. Default: true. */
  readonly localDiscovery?: boolean;
  readonly maxPeers?: number;
  /** URLs of web servers that have the content (BEP 19), beside those of the torrent; they may be on this machine. */
  readonly webSeeds?: readonly string[];
  /** Who is asked first; the others are asked when these are slow. Default: `any`, all at once. */
  readonly prefer?: PreferredSource;
  /** Web seeds wait until peers have been slow for so long. Default: with `prefer: 'peers'` 10 s, else they do not wait. */
  readonly webSeedAfterMs?: number;
  /** Use web seeds alone: ask no tracker, connect to no peer and let none connect. Default: false. */
  readonly noPeers?: boolean;
  /**
   * Connections to peers. `prefer`: a peer that hangs up on a plain handshake is asked encrypted; both are accepted. `require`: RC4 only, both
   * ways. `off`: plain only. Default: `prefer`.
   */
  readonly encryption?: EncryptionPolicy;
  /** What is read from peers and sent to them, bytes per second. Default: no limit. */
  readonly maxDownloadRate?: number;
  readonly maxUploadRate?: number;
  /** Seed when everything is there: the result then comes when that is over. Default: no. */
  readonly seed?: SeedOptions;
  /** Offer each peer one piece at a time (BEP 16), for the first and only seed of a torrent. Default: false. */
  readonly superSeed?: boolean;
  /** End when no piece was verified for so long; 0 = never. Default: 5 minutes. */
  readonly stallTimeoutMs?: number;
  /** End after so long: with what is there an IncompleteError, or well when everything is and it seeds. Default: never. */
  readonly deadlineMs?: number;
  /** End when the mean rate over any window of this length is below. Default: never. */
  readonly minRate?: { readonly bytesPerSecond: number; readonly windowMs: number };
  /** Trust saved state; false checks every byte that is there. Default: true. */
  readonly resume?: boolean;
  /** Where complete downloads are remembered, so that the next run need not hash them. Created when needed. Default: nowhere. */
  readonly stateDir?: string;
  /** Replace a different file that is in the way. Default: false. */
  readonly overwrite?: boolean;
  /** Default: sparse. */
  readonly allocation?: Allocation;
  /** Which pieces come first: the rarest, or those at the beginning. Default: rarest. */
  readonly order?: 'rarest' | 'sequential';
  /** In sequential order: how far beyond the first missing byte pieces are begun, in bytes; at least two pieces. Default: 64 MiB. */
  readonly readAheadBytes?: number;
  /** Make data last on disk before a file gets its final name. Default: true. */
  readonly fsync?: boolean;
  /**
   * Asked before a complete file gets its final name: when it rejects, the file keeps its temporary name and the download ends with that
   * StorageError, or with one of the code `hook-failed`. The next run asks again. Not asked for empty files and for files that were complete
   * before. Several files may be asked about at a time; the state is not saved meanwhile. Default: every file is approved.
   */
  readonly approve?: Approve;
  /** Published checksums by index in `metainfo.files`: a file that does not match keeps its temporary name; the others go on. */
  readonly checksums?: ReadonlyMap<number, readonly Checksum[]>;
  /** Sums that each selected file is told with, beside those of `checksums`. Default: none. */
  readonly sums?: readonly ChecksumAlgorithm[];
  /** Ends the download early and cleanly: state saved, `stopped` announced; the result then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}
