// Digests of whole files, made of their pieces while these are written: a piece whose turn has come is hashed as it stands in memory, one
// that came too early waits there as a copy, and what finds no room there, or was on disk at the start, is read from the file in its turn.

import { createHash, type Hash } from 'node:crypto';
import { close, constants, open } from 'node:fs';
import { promisify } from 'node:util';
import { storageLimits } from '../config.ts';
import type { Checksum, ChecksumAlgorithm } from '../metainfo/checksum.ts';
import type { Geometry } from '../metainfo/geometry.ts';
import type { TorrentFile } from '../metainfo/metainfo.ts';
import type { Bitfield } from '../support/bitfield.ts';
import { Deferred } from '../support/deferred.ts';
import { nextTurn } from './check-pieces.ts';
import { rangeInFile } from './file-content.ts';
import { readFully } from './positioned-io.ts';
import { storageError } from './storage-error.ts';

/** What FileDigests works with. */
export interface FileDigestsParts {
  readonly geometry: Geometry;
  /** The files to digest, and with which algorithms. */
  readonly files: ReadonlyMap<TorrentFile, ReadonlySet<ChecksumAlgorithm>>;
  /** Pieces whose bytes are on disk at the start. */
  readonly verified: Bitfield;
  /** Where the bytes of a file are now. */
  readonly pathOf: (file: TorrentFile) => string;
  /** When aborted, nothing more is read or hashed, and every digest that is not done rejects with its reason. */
  readonly signal: AbortSignal;
}

/** One file on its way to its digest. */
interface FileDigest {
  readonly file: TorrentFile;
  readonly hashes: readonly { readonly algorithm: ChecksumAlgorithm; readonly hash: Hash }[];
  /** Pieces that came before their turn, by index: the file's bytes of them. */
  readonly early: Map<number, Uint8Array>;
  readonly sums: Deferred<readonly Checksum[]>;
  /** The piece whose turn it is. */
  next: number;
  readonly end: number;
  /** Whether somebody is hashing it, and whether from what is on disk. */
  isBusy: boolean;
  isReading: boolean;
}

const openFd = promisify(open);
const closeFd = promisify(close);
const readAll = promisify(readFully);

/** The digests of one download. */
export class FileDigests {
  readonly #parts: FileDigestsParts;
  readonly #digests = new Map<number, FileDigest>();
  /** Pieces that can be read back. */
  readonly #onDisk: Bitfield;
  #earlyBytes = 0;
  /** Hashed in this turn of the event loop, by each algorithm. */
  #turnBytes = 0;
  #turn: Promise<void> | undefined;
  /** Settles when nobody reads; there is one buffer for it. */
  #reading: Promise<void> = Promise.resolve();
  #buffer: Uint8Array | undefined;

  constructor(parts: FileDigestsParts) {
    this.#parts = parts;
    this.#onDisk = parts.verified.clone();
    for (const [file, algorithms] of parts.files) {
      const { begin, end } = parts.geometry.piecesOf(file);
      const hashes = [...algorithms].map((algorithm) => ({ algorithm, hash: createHash(algorithm) }));
      const sums = new Deferred<readonly Checksum[]>();
      sums.promise.catch(() => undefined); // told to whoever asks
      this.#digests.set(file.index, { file, hashes, early: new Map(), sums, next: begin, end, isBusy: false, isReading: false });
    }
    parts.signal.addEventListener('abort', () => this.#abandon(parts.signal.reason), { once: true });
  }

  /** Begins to read what is on disk. */
  start(): void {
    for (const digest of this.#digests.values()) void this.#advance(digest);
  }

  /**
   * The sums of `file`, one of those to digest, once all its pieces were taken or are on disk. Rejects with a StorageError when it cannot be
   * read back, with the signal's reason when aborted.
   */
  sumsOf(file: TorrentFile): Promise<readonly Checksum[]> {
    return (this.#digests.get(file.index) as FileDigest).sums.promise;
  }

  /** A verified piece is on disk. `bytes` must stay unchanged until the promise settles, which never rejects. */
  async take(pieceIndex: number, bytes: Uint8Array): Promise<void> {
    const { geometry } = this.#parts;
    const taken: Promise<void>[] = [];
    for (const { file, rangeOffset, length } of geometry.slices(geometry.offsetOf(pieceIndex), geometry.lengthOf(pieceIndex))) {
      const digest = this.#digests.get(file.index);
      if (digest !== undefined) taken.push(this.#takePart(digest, pieceIndex, bytes.subarray(rangeOffset, rangeOffset + length)));
    }
    await Promise.all(taken);
  }

  async #takePart(digest: FileDigest, pieceIndex: number, part: Uint8Array): Promise<void> {
    while (digest.next !== pieceIndex || digest.isBusy) {
      if (this.#isDoneWith(digest, pieceIndex)) return;
      if (this.#earlyBytes + part.length <= storageLimits.earlyDigestBytes) {
        this.#earlyBytes += part.length;
        digest.early.set(pieceIndex, new Uint8Array(part)); // a copy: buffers of pieces are used again
        return;
      }
      // Where only the hashing is slow there will be room. A gap may last, and so may reading what was there: the disk keeps it.
      if (!digest.isBusy || digest.isReading) return void this.#onDisk.add(pieceIndex);
      await nextTurn();
    }
    if (this.#isDoneWith(digest, pieceIndex)) return;
    digest.isBusy = true;
    await this.#update(digest, part);
    digest.next++;
    digest.isBusy = false;
    void this.#advance(digest);
  }

  #isDoneWith(digest: FileDigest, pieceIndex: number): boolean {
    return pieceIndex < digest.next || this.#onDisk.has(pieceIndex) || this.#parts.signal.aborted;
  }

  /** Hashes what is there of the file, as far as it goes on without a gap. */
  async #advance(digest: FileDigest): Promise<void> {
    if (digest.isBusy) return;
    digest.isBusy = true;
    try {
      for (;;) {
        if (this.#parts.signal.aborted) return;
        const part = digest.early.get(digest.next);
        if (part !== undefined) {
          await this.#update(digest, part);
          digest.early.delete(digest.next++);
          this.#earlyBytes -= part.length;
        } else if (this.#isReadable(digest)) {
          await this.#readAhead(digest);
        } else {
          break;
        }
      }
    } catch (error) {
      return digest.sums.reject(storageError(`reading ${this.#parts.pathOf(digest.file)} to sum it up`, error, 'read-write-failed'));
    }
    // From here on it stays busy when it is done: nobody is to touch it again.
    if (digest.next < digest.end) digest.isBusy = false;
    else digest.sums.resolve(digest.hashes.map(({ algorithm, hash }) => ({ algorithm, hex: hash.digest('hex') })));
  }

  #isReadable(digest: FileDigest): boolean {
    return digest.next < digest.end && !digest.early.has(digest.next) && this.#onDisk.has(digest.next);
  }

  /** Reads the pieces that are on disk from the file's next one on. One file at a time: the others wait. */
  async #readAhead(digest: FileDigest): Promise<void> {
    const mine = new Deferred<void>();
    const before = this.#reading;
    this.#reading = mine.promise;
    digest.isReading = true;
    try {
      await before;
      this.#parts.signal.throwIfAborted();
      const fd = await openFd(this.#parts.pathOf(digest.file), constants.O_RDONLY | constants.O_NOFOLLOW);
      try {
        for (; this.#isReadable(digest); digest.next++) await this.#readPiece(digest, fd);
      } finally {
        await closeFd(fd);
      }
    } finally {
      digest.isReading = false;
      mine.resolve();
    }
  }

  async #readPiece(digest: FileDigest, fd: number): Promise<void> {
    this.#buffer ??= Buffer.allocUnsafeSlow(storageLimits.copyChunkBytes);
    const { fileOffset, length } = rangeInFile(this.#parts.geometry, digest.file, digest.next);
    for (let at = 0; at < length; at += this.#buffer.length) {
      this.#parts.signal.throwIfAborted();
      const chunk = this.#buffer.subarray(0, Math.min(this.#buffer.length, length - at));
      await readAll(fd, chunk, 0, chunk.length, fileOffset + at);
      await this.#update(digest, chunk);
    }
  }

  /** Hashes `bytes`, a part in each turn of the event loop, whoever else is hashing. */
  async #update(digest: FileDigest, bytes: Uint8Array): Promise<void> {
    const step = Math.ceil(storageLimits.digestTurnBytes / digest.hashes.length);
    for (let at = 0; at < bytes.length; at += step) {
      while (this.#turnBytes >= storageLimits.digestTurnBytes) await (this.#turn ??= this.#newTurn());
      if (this.#parts.signal.aborted) return;
      const part = bytes.subarray(at, at + step);
      for (const { hash } of digest.hashes) hash.update(part);
      this.#turnBytes += part.length * digest.hashes.length;
    }
  }

  async #newTurn(): Promise<void> {
    await nextTurn();
    this.#turn = undefined;
    this.#turnBytes = 0;
  }

  #abandon(reason: unknown): void {
    for (const digest of this.#digests.values()) digest.sums.reject(reason);
  }
}
