// The public library: everything a program needs to read a torrent, download it and check it. The command line is built on this alone.

import { Geometry } from './metainfo/geometry.ts';
import type { Metainfo } from './metainfo/metainfo.ts';
import { verifyFiles as verifyWanted, type VerifyResult } from './storage/verify-files.ts';
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
export type { Infohash, Metainfo, TorrentFile } from './metainfo/metainfo.ts';
export { parseTorrent } from './metainfo/parse-torrent.ts';
export { selectFiles } from './metainfo/selection.ts';
export { readTorrentFile } from './storage/read-torrent-file.ts';
export type { Allocation } from './storage/storage.ts';
export type { VerifiedFile, VerifyResult } from './storage/verify-files.ts';
export { formatBytes } from './support/format-bytes.ts';
export { printable, redactUrl } from './support/printable.ts';
export type { Approve, CompleteFile } from './torrent/approval.ts';
export { Download, download } from './torrent/download.ts';
export type { DownloadEvent, DownloadPhase, DownloadProgress, DownloadResult } from './torrent/events.ts';
export type { DownloadOptions } from './torrent/options.ts';
export type { SourceReport } from './discovery/peer-source.ts';

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
