// Whole passes over the content of one file, in bounded chunks: copying verified pieces to a `.part`, comparing a `.part` with the file it
// is to replace, and writing zeros ahead.

import { close, closeSync, constants, open, openSync, readSync } from 'node:fs';
import { promisify } from 'node:util';
import { storageLimits } from '../config.ts';
import type { Geometry } from '../metainfo/geometry.ts';
import type { TorrentFile } from '../metainfo/metainfo.ts';
import { type ExistingFileJudgement, type ExistingPiece, judgeExistingFile } from './existing-file.ts';
import { readFully, writeFully } from './positioned-io.ts';
import { storageError } from './storage-error.ts';

/** A range of a file, in bytes. */
export interface FileRange {
  readonly fileOffset: number;
  readonly length: number;
}

const readAll = promisify(readFully);
const writeAll = promisify(writeFully);
const openFd = promisify(open);
const closeFd = promisify(close);

/** The part of `file` that lies in piece `pieceIndex`, one of its pieces. */
export function rangeInFile(geometry: Geometry, file: TorrentFile, pieceIndex: number): FileRange {
  const begin = Math.max(geometry.offsetOf(pieceIndex), file.torrentOffset);
  const end = Math.min(geometry.offsetOf(pieceIndex) + geometry.lengthOf(pieceIndex), file.torrentOffset + file.length);
  return { fileOffset: begin - file.torrentOffset, length: end - begin };
}

/** Copies `ranges` of the file at `fromPath` to the same places of the open file `toFd`. Throws StorageError; the signal's reason. */
export async function copyRanges(fromPath: string, toFd: number, ranges: Iterable<FileRange>, signal: AbortSignal): Promise<void> {
  const buffer = Buffer.allocUnsafeSlow(storageLimits.copyChunkBytes);
  await reading(fromPath, `copying verified pieces of ${fromPath}`, async (fromFd) => {
    for (const { offset, length } of chunksOf(ranges)) {
      if (signal.aborted) return;
      await readAll(fromFd, buffer, 0, length, offset);
      await writeAll(toFd, buffer, 0, length, offset);
    }
  });
  signal.throwIfAborted();
}

/** Writes zeros to `ranges` of an open file. Throws the system's error; the signal's reason. */
export async function writeZeros(fd: number, ranges: Iterable<FileRange>, signal: AbortSignal): Promise<void> {
  const zeros = Buffer.alloc(storageLimits.copyChunkBytes);
  for (const { offset, length } of chunksOf(ranges)) {
    signal.throwIfAborted();
    await writeAll(fd, zeros, 0, length, offset);
  }
}

/** Judges the file at `otherPath`, which has the same length, by how many pieces of it equal the verified ones in `fd`. */
export async function compareWithVerified(
  fd: number,
  otherPath: string,
  file: TorrentFile,
  geometry: Geometry,
): Promise<ExistingFileJudgement> {
  const pieces: ExistingPiece[] = [];
  await reading(otherPath, `comparing ${otherPath} with the verified data`, async (otherFd) => {
    const { begin, end } = geometry.piecesOf(file);
    for (let pieceIndex = begin; pieceIndex < end; pieceIndex++) {
      pieces.push(await compareRange(fd, otherFd, rangeInFile(geometry, file, pieceIndex)));
    }
  });
  return judgeExistingFile(pieces);
}

/** Reads single bytes of the file at `path`, not through a symbolic link. Opened when first needed; throws StorageError. */
export class ByteReader {
  readonly #path: string;
  readonly #byte = Buffer.alloc(1);
  #fd: number | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** The byte at `offset`; undefined behind the end of the file. */
  at(offset: number): number | undefined {
    try {
      this.#fd ??= openSync(this.#path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
      return readSync(this.#fd, this.#byte, 0, 1, offset) === 1 ? this.#byte[0] : undefined;
    } catch (error) {
      throw storageError(`reading ${this.#path}`, error, 'read-write-failed');
    }
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }
}

async function compareRange(fd: number, otherFd: number, range: FileRange): Promise<ExistingPiece> {
  const [verified, other] = [Buffer.allocUnsafe(storageLimits.copyChunkBytes), Buffer.allocUnsafe(storageLimits.copyChunkBytes)];
  let isEqual = true;
  let isZeros = true;
  for (const { offset, length } of chunksOf([range])) {
    await readAll(fd, verified, 0, length, offset);
    await readAll(otherFd, other, 0, length, offset);
    isEqual &&= verified.compare(other, 0, length, 0, length) === 0;
    isZeros &&= other.subarray(0, length).every((byte) => byte === 0);
  }
  if (isZeros) return 'empty';
  return isEqual ? 'valid' : 'wrong';
}

async function reading(path: string, doing: string, action: (fd: number) => Promise<void>): Promise<void> {
  try {
    const fd = await openFd(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      await action(fd);
    } finally {
      await closeFd(fd);
    }
  } catch (error) {
    throw storageError(doing, error, 'read-write-failed');
  }
}

function* chunksOf(ranges: Iterable<FileRange>): Generator<{ readonly offset: number; readonly length: number }> {
  for (const { fileOffset, length } of ranges) {
    for (let at = 0; at < length; at += storageLimits.copyChunkBytes) {
      yield { offset: fileOffset + at, length: Math.min(storageLimits.copyChunkBytes, length - at) };
    }
  }
}
