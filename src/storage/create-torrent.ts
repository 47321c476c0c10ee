// Makes a torrent of files on disk: finds them, has the parser say what a torrent of them would be, hashes that, and looks again whether a
// file changed meanwhile.

import { metainfoLimits } from '../config.ts';
import { InputError, StorageError } from '../errors.ts';
import {
  type BuiltFile,
  buildTorrent,
  setPieceHashes,
  type TorrentContent,
  type TorrentFields,
  withPads,
} from '../metainfo/build-torrent.ts';
import type { Metainfo } from '../metainfo/metainfo.ts';
import { parseTorrent } from '../metainfo/parse-torrent.ts';
import { checkPieceCount, checkPieceLength, choosePieceLength } from '../metainfo/piece-length.ts';
import { toHex } from '../support/bytes.ts';
import { formatBytes } from '../support/format-bytes.ts';
import { hashPieces } from './check-pieces.ts';
import { isUnchanged, statPath } from './file-stat.ts';
import { type Content, findContent, type FoundContent } from './find-content.ts';

/** What torrent to make. What is left out of the fields is not in the torrent. */
export interface CreateOptions extends TorrentFields {
  /** Default: that of the file or directory. */
  readonly name?: string;
  /** Bytes, a power of two from 16 KiB to 256 MiB. Default: chosen by the size, for 1 000 to 2 000 pieces. */
  readonly pieceLength?: number;
  /** Put pad files (BEP 47) between files, so that no piece holds bytes of two. Default: false. */
  readonly padFiles?: boolean;
  /** Globs of what to leave out, on paths below the directory or on names. A directory is left out with all it holds. */
  readonly exclude?: readonly string[];
  /** Take what begins with a dot, too. Default: false, with a warning. */
  readonly hidden?: boolean;
  /** Take what symbolic links lead to. Default: false, they are refused. */
  readonly followSymlinks?: boolean;
  /** A file that is not content, wherever it lies: the torrent of an earlier run. */
  readonly leaveOut?: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (hashedBytes: number, totalBytes: number) => void;
}

/** A torrent that was made. */
export interface CreatedTorrent {
  /** The torrent file. */
  readonly bytes: Uint8Array;
  /** What it says; its warnings tell which names downloads will change. */
  readonly metainfo: Metainfo;
  /** What was left out, one printable line each. */
  readonly warnings: readonly string[];
}

/**
 * Makes a torrent of the file or directory at `contentPath`; the same content and options give the same bytes. Throws InputError
 * `bad-argument` for what cannot be in a torrent; StorageError when something cannot be read, or changed while it was hashed; the signal's
 * reason.
 */
export async function createTorrent(contentPath: string, options: CreateOptions = {}): Promise<CreatedTorrent> {
  const { signal = new AbortController().signal, onProgress = () => {}, exclude = [], hidden = false, followSymlinks = false } = options;
  if (options.pieceLength !== undefined) checkPieceLength(options.pieceLength);
  const found = await findContent(contentPath, { exclude, hidden, followSymlinks, leaveOut: options.leaveOut, signal });
  const { content, sources } = planContent(contentPath, found, options);
  // The hashes change no other byte, so whatever the parser has against the torrent it says now and not after an hour of hashing.
  const bytes = buildTorrent(content, options);
  const planned = read(content, bytes);
  const pieceHashes = await hashUnchanged(planned, found.files, { sources, signal, onProgress });
  const infohash = setPieceHashes(bytes, pieceHashes);
  return { bytes, metainfo: { ...planned, infohash, infohashHex: toHex(infohash), pieceHashes }, warnings: found.warnings };
}

interface Plan {
  readonly content: TorrentContent;
  /** By file: where it is read; undefined for a pad file. */
  readonly sources: readonly (string | undefined)[];
}

function planContent(contentPath: string, found: Content, options: CreateOptions): Plan {
  const name = options.name ?? found.name;
  if (/^\.{0,2}$|\//.test(name)) throw new InputError('bad-argument', `"${name}" is no name for a torrent: give it another`);
  const contentBytes = bytesOf(found.files);
  if (found.files.length === 0) throw new InputError('bad-argument', `${contentPath}: there is no file to make a torrent of`);
  // libtorrent and transmission refuse a torrent without a piece.
  if (contentBytes === 0) throw new InputError('bad-argument', `${contentPath}: there is not a byte to make a torrent of`);
  const pieceLength = options.pieceLength ?? choosePieceLength(contentBytes);
  const files = options.padFiles === true ? withPads(found.files, pieceLength) : found.files;
  checkPieceCount(bytesOf(files), pieceLength);
  const content = { name, isMultiFile: found.isMultiFile, files, pieceLength };
  return { content, sources: files.map((file) => ('source' in file ? file.source : undefined)) };
}

function bytesOf(files: readonly BuiltFile[]): number {
  return files.reduce((sum, file) => sum + file.length, 0);
}

/** The torrent as everybody will read it. Throws InputError `bad-argument` when that is not what was meant. */
function read(content: TorrentContent, bytes: Uint8Array): Metainfo {
  if (bytes.length > metainfoLimits.fileBytes) {
    const limit = formatBytes(metainfoLimits.fileBytes);
    throw new InputError('bad-argument', `the torrent would be longer than ${limit}: take longer pieces, or make several torrents`);
  }
  const metainfo = parseOwn(bytes);
  const odd = content.files.findIndex(({ pad = false }, index) => metainfo.files[index]?.pad !== pad);
  if (odd !== -1)
    throw new InputError('bad-argument', `${content.files[odd]?.path.join('/')} has the name of a padding file: exclude or rename it`);
  return metainfo;
}

function parseOwn(bytes: Uint8Array): Metainfo {
  try {
    return parseTorrent(bytes);
  } catch (cause) {
    if (!(cause instanceof InputError)) throw cause;
    throw new InputError('bad-argument', `the torrent would be refused: ${cause.message}`, { cause });
  }
}

async function hashUnchanged(
  metainfo: Metainfo,
  files: readonly FoundContent[],
  request: Parameters<typeof hashPieces>[1],
): Promise<Uint8Array> {
  try {
    const hashes = await hashPieces(metainfo, request);
    requireUnchanged(files);
    return hashes;
  } catch (error) {
    // That a file cannot be read to its end mostly means that somebody writes to it: then that is the news.
    if (error instanceof StorageError) requireUnchanged(files);
    throw error;
  }
}

function requireUnchanged(files: readonly FoundContent[]): void {
  for (const { source, version } of files) {
    const now = statPath(source);
    if (now === undefined) throw new StorageError('read-write-failed', `${source} went away while it was hashed`);
    if (!isUnchanged(now, version))
      throw new StorageError('read-write-failed', `${source} changed while it was hashed: try again when it is at rest`);
  }
}
