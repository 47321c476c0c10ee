// The public library: everything a program needs to read a torrent, download it and check it. The command line is built on this alone.

import { Geometry } from './metainfo/geometry.ts';
import type { Metainfo } from './metainfo/metainfo.ts';
import { type DownloadPlan, planFiles } from './storage/plan-files.ts';
import { verifyFiles as verifyWanted, type VerifyResult } from './storage/verify-files.ts';
import type { DownloadOptions } from './torrent/options.ts';
import { wantedBy } from './torrent/wanted.ts';

export { version } from './config.ts';
export {
  type ErrorCode,
  IncompleteError,
  InputError,
  InvariantError,
  NetworkError,
  ProtocolError,
  StorageError,
  TrackerError,
  TtorrentError,
} from './errors.ts';
export type { Checksum, ChecksumAlgorithm } from './metainfo/checksum.ts';
export type { Infohash, Metainfo, TorrentFile } from './metainfo/metainfo.ts';
export { parseTorrent } from './metainfo/parse-torrent.ts';
export type { TorrentFields } from './metainfo/build-torrent.ts';
export { editTorrent, type TorrentEdits } from './metainfo/edit-torrent.ts';
export { selectFiles } from './metainfo/selection.ts';
export { createTorrent, type CreatedTorrent, type CreateOptions } from './storage/create-torrent.ts';
export { obtainTorrent, obtainTorrentList, type ObtainOptions, type TorrentSource } from './torrent/obtain-torrent.ts';
export { sourceName } from './torrent/url-or-path.ts';
export { readTorrentFile } from './storage/read-torrent-file.ts';
export { writablePaths } from './storage/storage-paths.ts';
export { checkTorrentTarget, replaceTorrentFile, writeTorrentFile, type WriteOptions } from './storage/write-torrent-file.ts';
export type { Allocation } from './storage/storage.ts';
export type { DownloadPlan, PlannedFile } from './storage/plan-files.ts';
export type { VerifiedFile, VerifyResult } from './storage/verify-files.ts';
export { formatBytes } from './support/format-bytes.ts';
export { formatDuration } from './support/format-duration.ts';
export { printable, redactUrl } from './support/printable.ts';
export { Session, type SessionOptions } from './session/session.ts';
export type { Approve, CompleteFile } from './torrent/approval.ts';
export { Download, download, seed } from './torrent/download.ts';
export type { DownloadEvent, DownloadPhase, DownloadProgress, DownloadResult, FinalFile } from './torrent/events.ts';
export type { DownloadOptions } from './torrent/options.ts';
export type { SeedEnd, SeedOptions } from './torrent/seed-goal.ts';
export { type KeptLists, type PublishedSums, type PublishedSumsRequest, publishedSums } from './torrent/published-sums.ts';
export { type LoadedBlocklist, type LoadOptions, loadBlocklist } from './torrent/load-blocklist.ts';
export type { Blocklist } from './discovery/blocklist.ts';
export { type NetworkOptions, networkOf } from './transport/network-options.ts';
export type { ByteSink } from './storage/gathering-sink.ts';
export { downloadInto, streamDownload, type StreamedDownload, type StreamOptions } from './torrent/stream-download.ts';
export { findPeers, type FoundPeers } from './torrent/find-peers.ts';
export { scrapeTrackers, type TrackerScrape } from './torrent/scrape-trackers.ts';
export type { TrackerQueryOptions } from './torrent/tracker-query.ts';
export type { WebSeedAccount, WebSeedFate } from './webseed/web-seed.ts';
export type { PreferredSource } from './webseed/source-policy.ts';
export type { PeerAccount, PeerFate } from './torrent/peer-accounts.ts';
export type { SourceReport } from './discovery/peer-source.ts';
export type { EncryptionPolicy } from './wire/mse.ts';

/** What is to be verified, and where it is. */
export interface VerifyOptions {
  readonly outputDir: string;
  /** Files to check, by their index in `metainfo.files`. Default: all. */
  readonly selection?: Iterable<number>;
  readonly signal?: AbortSignal;
  readonly onProgress?: (checkedBytes: number, totalBytes: number) => void;
}

/** Hashes what is on disk, under final names or `.part`, and changes nothing. Throws StorageError, or the signal's reason. */
export function verifyFiles(metainfo: Metainfo, options: VerifyOptions): Promise<VerifyResult> {
  const wanted = wantedBy(metainfo, new Geometry(metainfo), options.selection);
  return verifyWanted(metainfo, {
    outputDir: options.outputDir,
    selection: wanted.files,
    signal: options.signal ?? new AbortController().signal,
    onProgress: options.onProgress ?? (() => {}),
  });
}

/** What a download would be asked, and how the check of what is there may be watched. */
export interface PlanOptions extends Pick<DownloadOptions, 'outputDir' | 'selection' | 'resume' | 'overwrite' | 'signal'> {
  readonly onProgress?: (checkedBytes: number, totalBytes: number) => void;
  readonly onWarning?: (message: string) => void;
}

/**
 * What `download` would find and do, without doing it: nothing is created, changed or contacted. Throws what `download` would throw before
 * it asks a peer: InputError, StorageError (in the way, held by another process, no room), the signal's reason.
 */
export function planDownload(metainfo: Metainfo, options: PlanOptions): Promise<DownloadPlan> {
  return planFiles(metainfo, {
    outputDir: options.outputDir,
    selection: wantedBy(metainfo, new Geometry(metainfo), options.selection).files,
    resume: options.resume ?? true,
    overwrite: options.overwrite ?? false,
    signal: options.signal ?? new AbortController().signal,
    onProgress: options.onProgress ?? (() => {}),
    onWarning: options.onWarning ?? (() => {}),
  });
}
