// Writes and reads the bytes of pieces across the files that they cover. The hot path of a download: one positioned write per file slice,
// no promise, nothing copied, no path looked at for a file that is open.

import { assert, StorageError } from '../errors.ts';
import type { FileSlice, Geometry } from '../metainfo/geometry.ts';
import type { Clock } from '../support/clock.ts';
import { ChangeWatch } from './change-watch.ts';
import type { ManyFiles, NewFile } from './many-files.ts';
import type { OpenFiles } from './open-files.ts';
import { readFully, writeFully } from './positioned-io.ts';
import { storageError } from './storage-error.ts';
import type { WorkFile } from './work-file.ts';
import { WriteTurns } from './write-turns.ts';

/** Called once: why a write failed, if it did, and the files it went to. */
export type Written = (failure: StorageError | undefined, works: readonly WorkFile[]) => void;

/** The wanted files of a download as a range of bytes. */
export class PieceIo {
  readonly #geometry: Geometry;
  readonly #openFiles: OpenFiles;
  /** By file index; undefined for pad files and files that are not wanted. */
  readonly #works: readonly (WorkFile | undefined)[];
  readonly #turns = new WriteTurns();
  readonly #watch: ChangeWatch;
  readonly #manyFiles: ManyFiles | undefined;

  constructor(
    geometry: Geometry,
    openFiles: OpenFiles,
    manyFiles: ManyFiles | undefined,
    works: readonly (WorkFile | undefined)[],
    clock: Clock,
  ) {
    this.#geometry = geometry;
    this.#openFiles = openFiles;
    this.#manyFiles = manyFiles;
    this.#works = works;
    this.#watch = new ChangeWatch(this.#turns, clock);
  }

  /** Whether every byte of the piece has a place on disk: none is of a file that is not wanted. */
  isWhollyWanted(pieceIndex: number): boolean {
    return this.#slicesOf(pieceIndex).every(({ file }) => file.pad || this.#works[file.index] !== undefined);
  }

  /**
   * Writes piece `pieceIndex` into its files that are wanted and have no final name yet, then calls `written` once with those files, and
   * with the first failure if there was one. No write is under way any more by then; that the piece no longer is, is for the caller to note.
   */
  write(pieceIndex: number, bytes: Uint8Array, written: Written): void {
    const works: WorkFile[] = [];
    let failure: StorageError | undefined;
    let pending = 1;
    const settle = (): void => {
      if (--pending === 0) written(failure, works);
    };
    const writeOne = ({ work, slice }: NewFile): void => {
      pending++;
      this.#writeSlice(work, slice, bytes, (error) => {
        if (error !== undefined) failure ??= storageError(`writing ${work.partPath}`, error, 'read-write-failed');
        settle();
      });
    };
    const wholeFiles: NewFile[] = [];
    for (const slice of this.#slicesOf(pieceIndex)) {
      const work = this.#works[slice.file.index];
      if (work === undefined || work.place === 'final') continue;
      works.push(work);
      work.piecesUnderWay++;
      const isWholeFile = work.place === 'nowhere' && slice.length === work.file.length;
      if (isWholeFile && this.#manyFiles !== undefined) wholeFiles.push({ work, slice });
      else writeOne({ work, slice });
    }
    if (this.#manyFiles === undefined || wholeFiles.length === 0) return settle();
    void this.#manyFiles.create(wholeFiles, bytes).then((left) => {
      for (const file of left) writeOne(file);
      return settle();
    });
  }

  /** Fills `into` from `offset` of the piece on. Throws StorageError, also for bytes of files that are not wanted. */
  async read(pieceIndex: number, offset: number, into: Uint8Array): Promise<void> {
    assert(
      offset >= 0 && offset + into.length <= this.#geometry.lengthOf(pieceIndex),
      `${into.length} bytes at ${offset} of piece ${pieceIndex}`,
    );
    for (const slice of this.#geometry.slices(this.#geometry.offsetOf(pieceIndex) + offset, into.length)) {
      if (slice.file.pad) into.fill(0, slice.rangeOffset, slice.rangeOffset + slice.length);
      else await this.#readSlice(slice, into);
    }
  }

  #slicesOf(pieceIndex: number): FileSlice[] {
    return this.#geometry.slices(this.#geometry.offsetOf(pieceIndex), this.#geometry.lengthOf(pieceIndex));
  }

  #writeSlice(work: WorkFile, slice: FileSlice, bytes: Uint8Array, done: (error: Error | undefined) => void): void {
    this.#turns.take(work, () => {
      this.#openFiles.acquire(work, (openError, fd) => {
        if (openError !== undefined) {
          this.#turns.end(work);
          return done(openError);
        }
        this.#watch.beforeWrite(work, fd, () => {
          writeFully(fd, bytes, slice.rangeOffset, slice.length, slice.fileOffset, (error) => {
            this.#watch.afterWrite(work, fd, () => {
              this.#openFiles.release(work);
              this.#turns.end(work);
              done(error);
            });
          });
        });
      });
    });
  }

  async #readSlice(slice: FileSlice, into: Uint8Array): Promise<void> {
    const work = this.#works[slice.file.index];
    if (work === undefined || work.place === 'nowhere') {
      throw new StorageError('read-write-failed', `reading ${slice.file.path.join('/')}: it is not on disk, since it was not selected`);
    }
    await this.#openFiles.use(work, (fd) => {
      return new Promise<void>((resolve, reject) => {
        readFully(fd, into, slice.rangeOffset, slice.length, slice.fileOffset, (error) => {
          if (error === undefined) resolve();
          else reject(storageError(`reading ${slice.file.path.join('/')}`, error, 'read-write-failed'));
        });
      });
    });
  }
}
