// Hashes pieces of files on disk, synchronously: the inner loop of a check, run by hash workers and, for little data, by the main thread.

import { createHash, hash } from 'node:crypto';
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { storageLimits } from '../config.ts';
import { StorageError } from '../errors.ts';
import { type FileSlice, Geometry } from '../metainfo/geometry.ts';
import type { Metainfo } from '../metainfo/metainfo.ts';
import { equalBytes } from '../support/bytes.ts';
import { storageError, systemCode } from './storage-error.ts';

/** What a check needs to know of a torrent; plain values, since they are sent to worker threads. */
export interface HashLayout extends Pick<Metainfo, 'files' | 'pieceCount' | 'pieceLength' | 'totalLength' | 'pieceHashes'> {
  /** By file index: the path to read the file from; undefined when it is not there. */
  readonly sources: readonly (string | undefined)[];
}

/** What a check says of a piece, as a number that fits a shared array. `zeros`: wrong, and all its bytes are zero, as if never written. */
export const pieceVerdict = { wrong: 0, valid: 1, zeros: 2 } as const;

/** Hashes pieces into one buffer that is reused; keeps the last file open, since the next piece mostly goes on in it. */
export class PieceHasher {
  readonly #layout: HashLayout;
  readonly #geometry: Geometry;
  /** Small enough to stay in a core's cache between read and hash. */
  readonly #buffer = Buffer.allocUnsafeSlow(storageLimits.hashChunkBytes);
  #open: { readonly fileIndex: number; readonly fd: number } | undefined;
  readonly #zeroDigests = new Map<number, Uint8Array>();

  constructor(layout: HashLayout) {
    this.#layout = layout;
    this.#geometry = new Geometry(layout);
  }

  /** One of `pieceVerdict`. A file that is missing or ends too early makes it `wrong`. Throws StorageError when one cannot be read. */
  judge(pieceIndex: number): number {
    const length = this.#geometry.lengthOf(pieceIndex);
    const digest = this.#digestOf(pieceIndex, length);
    if (digest === undefined) return pieceVerdict.wrong;
    const expected = this.#layout.pieceHashes.subarray(pieceIndex * 20, pieceIndex * 20 + 20);
    if (equalBytes(digest, expected)) return pieceVerdict.valid;
    return equalBytes(digest, this.#zeroDigest(length)) ? pieceVerdict.zeros : pieceVerdict.wrong;
  }

  /** Puts the hash of a piece into `pieceHashes` of the layout, and says `valid`. Throws StorageError when a byte of it cannot be read. */
  fill(pieceIndex: number): number {
    const digest = this.#digestOf(pieceIndex, this.#geometry.lengthOf(pieceIndex));
    if (digest === undefined) throw new StorageError('read-write-failed', `piece ${pieceIndex}: a file ends before its length`);
    this.#layout.pieceHashes.set(digest, pieceIndex * 20);
    return pieceVerdict.valid;
  }

  /** Closes the file that was read last. */
  close(): void {
    if (this.#open !== undefined) closeSync(this.#open.fd);
    this.#open = undefined;
  }

  #digestOf(pieceIndex: number, length: number): Uint8Array | undefined {
    return this.#digest(this.#geometry.slices(this.#geometry.offsetOf(pieceIndex), length), length);
  }

  #digest(slices: readonly FileSlice[], length: number): Uint8Array | undefined {
    if (length <= this.#buffer.length) {
      const isThere = slices.every((slice) => this.#readSlice(slice, 0, slice.length, slice.rangeOffset));
      return isThere ? hash('sha1', this.#buffer.subarray(0, length), 'buffer') : undefined;
    }
    const sha1 = createHash('sha1');
    for (const slice of slices) {
      for (let at = 0; at < slice.length; at += this.#buffer.length) {
        const chunkLength = Math.min(this.#buffer.length, slice.length - at);
        if (!this.#readSlice(slice, at, chunkLength, 0)) return undefined;
        sha1.update(this.#buffer.subarray(0, chunkLength));
      }
    }
    return sha1.digest();
  }

  /** Reads `length` bytes of `slice` from `sliceOffset` on into the buffer; false when they are not there. */
  #readSlice(slice: FileSlice, sliceOffset: number, length: number, bufferOffset: number): boolean {
    if (slice.file.pad) {
      this.#buffer.fill(0, bufferOffset, bufferOffset + length);
      return true;
    }
    const source = this.#layout.sources[slice.file.index];
    const fd = source === undefined ? undefined : this.#descriptor(slice.file.index, source);
    if (source === undefined || fd === undefined) return false;
    try {
      for (let done = 0; done < length; ) {
        const got = readSync(fd, this.#buffer, bufferOffset + done, length - done, slice.fileOffset + sliceOffset + done);
        if (got === 0) return false;
        done += got;
      }
      return true;
    } catch (error) {
      throw storageError(`reading ${source} to hash it`, error, 'read-write-failed');
    }
  }

  #descriptor(fileIndex: number, source: string): number | undefined {
    if (this.#open?.fileIndex === fileIndex) return this.#open.fd;
    this.close();
    try {
      const fd = openSync(source, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
      this.#open = { fileIndex, fd };
      return fd;
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return undefined;
      throw storageError(`opening ${source} to hash it`, error, 'open-failed');
    }
  }

  /** The SHA-1 of `length` zeros; there are two lengths at most, that of the last piece and that of all others. */
  #zeroDigest(length: number): Uint8Array {
    const known = this.#zeroDigests.get(length) ?? digestOfZeros(length);
    this.#zeroDigests.set(length, known);
    return known;
  }
}

/** The SHA-1 of `length` zeros. */
export function digestOfZeros(length: number): Uint8Array {
  const zeros = Buffer.alloc(Math.min(length, storageLimits.hashChunkBytes));
  const sha1 = createHash('sha1');
  for (let at = 0; at < length; at += zeros.length) sha1.update(zeros.subarray(0, Math.min(zeros.length, length - at)));
  return sha1.digest();
}
