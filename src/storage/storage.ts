// The contract between a torrent and the disk (design: ARCHITECTURE.md, "On disk"). Implemented by disk-storage.ts, and by
// stream-storage.ts for a download that goes to a pipe.

import type { Checksum } from '../metainfo/checksum.ts';
import type { Metainfo, TorrentFile } from '../metainfo/metainfo.ts';
import type { Bitfield } from '../support/bitfield.ts';
import type { FileVersion } from './file-stat.ts';

/** How space is taken: sparse (set the size, no blocks), none (files grow as written), prealloc (every byte written before the start). */
export type Allocation = 'sparse' | 'none' | 'prealloc';

/** How a download is put on disk. */
export interface StorageOptions {
  /** Created when missing, its last level only. */
  readonly outputDir: string;
  /** Files wanted, by index in `metainfo.files`; pad files need not be named. */
  readonly selection: ReadonlySet<number>;
  readonly allocation: Allocation;
  /** Make everything last before a file gets its final name; false leaves that to the system. */
  readonly fsync: boolean;
  /** Trust a state file; false checks every byte that is there. */
  readonly resume: boolean;
  /** Replace a file of other content that is in the way. */
  readonly overwrite: boolean;
  readonly signal: AbortSignal;
  readonly listener: StorageListener;
  /**
   * Asked before a file that is complete, verified and on disk gets its final name; `partPath` is where it is. Rejects with a StorageError to
   * veto that: the file keeps its temporary name, and the download ends with this error; with a `data-mismatch` only when the other files
   * are complete. Gives up when `signal` aborts.
   */
  readonly approve?: (file: TorrentFile, partPath: string) => Promise<void>;
}

/** What the storage tells. Calls are synchronous and never throw. */
export interface StorageListener {
  /** While existing data is checked: bytes hashed so far, of how many. */
  checked(checkedBytes: number, totalBytes: number): void;
  /**
   * `file` has its final name: every byte is verified and on disk. Said also of files that were complete at the start. `stat` is what it
   * looked like when that was so; `sums` are those that were asked for (summed-storage.ts).
   */
  fileCompleted(file: TorrentFile, absolutePath: string, stat: FileVersion | undefined, sums?: readonly Checksum[]): void;
  /** Something was odd and was dealt with. One line. */
  warned(message: string): void;
  /** The disk failed: every later call of the storage throws `error`. Said once, as soon as it is known. */
  failed?(error: unknown): void;
}

/** What a storage that passes pieces on in the torrent's order tells whoever picks them. */
export interface OrderedOutput {
  /** The first piece that has not left: pieces before it are not waited for. */
  readonly nextPiece: number;
  /** Whether whoever takes the bytes is what everything waits for at this moment. */
  readonly isHeldUp: boolean;
  /** Bytes of pieces that it may keep until their turn; their writes settle late and must not hold up others. */
  readonly keptBytesMax: number;
}

/** Opens a storage; see `openStorage` of disk-storage.ts. */
export type OpenStorage = (metainfo: Metainfo, options: StorageOptions) => Promise<TorrentStorage>;

/** The disk of one torrent. `openStorage` takes the lock, checks what is there and gives this. */
export interface TorrentStorage {
  readonly metainfo: Metainfo;
  /** Of a stream (stream-storage.ts); a disk takes pieces in any order. */
  readonly ordered?: OrderedOutput;
  /** Pieces whose wanted bytes are on disk and were verified, now or as the state file vouches. */
  readonly verified: Bitfield;
  /**
   * Writes a verified piece into the wanted files it covers. `bytes` must stay unchanged until the promise settles. Bytes of files that
   * are not wanted, of pad files, and of files that have their final name already are left out. Then it marks the piece verified; files of
   * which this was the last piece are flushed and get their final names in the background, at the latest by `finish`. Throws StorageError;
   * after the first one, be it of a write or of the background, every call throws it.
   */
  writePiece(pieceIndex: number, bytes: Uint8Array): Promise<void>;
  /** Whether every byte of the piece can be read back: it is verified, and no file that is not wanted has a part in it. */
  holds(pieceIndex: number): boolean;
  /** Reads `into.length` bytes of a piece that it holds, from `offset` on. Throws StorageError; that ends only this read. */
  read(pieceIndex: number, offset: number, into: Uint8Array): Promise<void>;
  /**
   * All pieces of the selection are verified: every wanted file is under its final name when this resolves, the state file is gone
   * (or kept, when the selection was partial: it then vouches for pieces that reach into files that are not there), the lock is freed.
   */
  finish(): Promise<void>;
  /** Saves the state, closes files, frees the lock. For a download that stops early; harmless after `finish`. Never rejects. */
  close(): Promise<void>;
}
