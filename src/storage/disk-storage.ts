// The disk of one torrent (contract: storage.ts). Opening takes the lock, finds out what is there and prepares the files; from then on
// pieces are written, and checkpoint.ts makes them last. ARCHITECTURE.md, "On disk".

import { storageLimits } from '../config.ts';
import { assert, InvariantError, type StorageError } from '../errors.ts';
import { Geometry } from '../metainfo/geometry.ts';
import type { Metainfo } from '../metainfo/metainfo.ts';
import type { Bitfield } from '../support/bitfield.ts';
import { type Clock, systemClock } from '../support/clock.ts';
import { Checkpoints } from './checkpoint.ts';
import { durable, type Durability, fleeting, makeLast } from './durability.ts';
import { ExistingData } from './existing-data.ts';
import { type LockFile, takeLock } from './lock-file.ts';
import { hasManyFiles, ManyFiles } from './many-files.ts';
import { OpenFiles } from './open-files.ts';
import { openWorkFile } from './open-work-file.ts';
import { prepareOutputDir } from './path-guard.ts';
import { PieceIo } from './piece-io.ts';
import { prepareFiles } from './prepare-files.ts';
import { Refusals } from './refusals.ts';
import type { FileRecords } from './state-codec.ts';
import { StateFile } from './state-file.ts';
import type { StorageListener, StorageOptions, TorrentStorage } from './storage.ts';
import { storageError } from './storage-error.ts';
import { downloadPaths } from './storage-paths.ts';
import { surveyFiles } from './survey.ts';
import { isReadOnly, openComplete } from './read-only-storage.ts';
import type { WorkFile } from './work-file.ts';

/**
 * Takes the lock of the download, checks the data that is there, and makes everything ready to write the rest. Throws StorageError, with
 * nothing changed when what is there is refused; the signal's reason when aborted.
 */
export async function openStorage(metainfo: Metainfo, options: StorageOptions, clock: Clock = systemClock): Promise<TorrentStorage> {
  for (const index of options.selection)
    assert(metainfo.files[index] !== undefined, `file ${index} of ${metainfo.files.length} is selected`);
  options.signal.throwIfAborted();
  const paths = downloadPaths(prepareOutputDir(options.outputDir), metainfo.name);
  let lock: LockFile;
  try {
    lock = takeLock(paths.lock);
  } catch (error) {
    const complete = isReadOnly(error) ? await openComplete(metainfo, options) : undefined;
    if (complete === undefined) throw error;
    return complete;
  }
  const openFiles = new OpenFiles(storageLimits.openFiles, (work) => openWorkFile(work, options.allocation));
  try {
    const geometry = new Geometry(metainfo);
    const durability = options.fsync ? durable : fleeting;
    const stateFile = new StateFile(paths.state, metainfo, durability, options.fsync);
    const records: FileRecords =
      (options.resume ? stateFile.load(geometry, (message) => options.listener.warned(message)) : undefined) ?? new Map();
    const survey = await surveyFiles(metainfo, geometry, { ...options, outputDir: paths.outputDir, records, partsBesideFinals: true });
    const data = new ExistingData(metainfo, geometry, survey);
    const control = { signal: options.signal, onProgress: (bytes: number, total: number) => options.listener.checked(bytes, total) };
    const { works, newDirectories } = await prepareFiles({
      geometry,
      outputDir: paths.outputDir,
      survey,
      data,
      options,
      control,
      openFiles,
    });
    const { verified } = data;
    if (options.fsync && !stateFile.isLasting) await makeLast(works.filter(({ place }) => place === 'final').map((work) => work.finalPath));
    return new DiskStorage({
      metainfo,
      geometry,
      verified,
      works,
      newDirectories,
      openFiles,
      manyFiles: hasManyFiles(metainfo) ? new ManyFiles(options.fsync) : undefined,
      stateFile,
      durability,
      lock,
      clock,
      options,
      neighbours: survey.sources.map((source, index) => (options.selection.has(index) ? undefined : source?.path)),
      keptRecords: [...records.values()].filter((record) => !options.selection.has(record.fileIndex)),
      isSaved: survey.wanted.every((found) => found.record !== undefined || found.file.length === 0),
    });
  } catch (error) {
    await openFiles.closeAll().catch(() => undefined);
    lock.release();
    throw error;
  }
}

/** What a DiskStorage is made of. */
interface DiskStorageParts {
  readonly metainfo: Metainfo;
  readonly geometry: Geometry;
  readonly verified: Bitfield;
  readonly works: readonly WorkFile[];
  readonly newDirectories: ReadonlySet<string>;
  readonly openFiles: OpenFiles;
  readonly manyFiles: ManyFiles | undefined;
  readonly stateFile: StateFile;
  readonly durability: Durability;
  readonly lock: LockFile;
  readonly clock: Clock;
  readonly options: StorageOptions;
  readonly neighbours: readonly (string | undefined)[];
  readonly keptRecords: ConstructorParameters<typeof Checkpoints>[0]['keptRecords'];
  readonly isSaved: boolean;
}

class DiskStorage implements TorrentStorage {
  readonly metainfo: Metainfo;
  readonly verified: Bitfield;
  readonly #works: readonly WorkFile[];
  readonly #openFiles: OpenFiles;
  readonly #manyFiles: ManyFiles | undefined;
  readonly #stateFile: StateFile;
  readonly #lock: LockFile;
  readonly #listener: StorageListener;
  readonly #signal: AbortSignal;
  readonly #pieceIo: PieceIo;
  readonly #geometry: Geometry;
  readonly #checkpoints: Checkpoints;
  /** Complete files that keep their temporary names. */
  readonly #refusals: Refusals;
  /** Whether another selection could make use of the state when this one is complete. */
  readonly #isPartial: boolean;
  /** Pieces being written. */
  readonly #writing = new Set<number>();
  readonly #reading = new Set<Promise<void>>();
  #whenIdle: (() => void) | undefined;
  #failure: StorageError | undefined;
  #closed: Promise<void> | undefined;

  constructor(parts: DiskStorageParts) {
    const { metainfo, options, geometry, verified, openFiles, stateFile } = parts;
    this.metainfo = metainfo;
    this.verified = verified;
    this.#works = parts.works;
    this.#openFiles = openFiles;
    this.#manyFiles = parts.manyFiles;
    this.#stateFile = stateFile;
    this.#lock = parts.lock;
    this.#listener = options.listener;
    this.#signal = options.signal;
    this.#geometry = geometry;
    this.#isPartial = metainfo.files.some((file) => !file.pad && !options.selection.has(file.index));
    const worksByFile: (WorkFile | undefined)[] = Array.from(metainfo.files, () => undefined);
    for (const work of parts.works) worksByFile[work.file.index] = work;
    this.#pieceIo = new PieceIo(geometry, openFiles, parts.manyFiles, worksByFile, parts.clock);
    this.#refusals = new Refusals(parts.works.length, (message) => this.#listener.warned(message));
    this.#checkpoints = new Checkpoints({
      ...parts,
      allocation: options.allocation,
      approve: options.approve,
      signal: options.signal,
      onCompleted: (work) => this.#listener.fileCompleted(work.file, work.finalPath, work.stat),
      onRefused: (error) => this.#refusals.add(error),
      onFailure: (error) => this.#fail(error),
    });
    for (const work of parts.works) if (work.place === 'final') this.#listener.fileCompleted(work.file, work.finalPath, work.stat);
    this.#checkpoints.schedule();
  }

  writePiece(pieceIndex: number, bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#throwIfFailed();
      assert(this.#closed === undefined, 'a piece is written to a closed storage');
      assert(
        this.#geometry.isPiece(pieceIndex) && bytes.length === this.#geometry.lengthOf(pieceIndex),
        'the bytes are not those of a piece',
      );
      assert(!this.#writing.has(pieceIndex), 'the piece is being written already');
      if (this.verified.has(pieceIndex)) return resolve();
      this.#writing.add(pieceIndex);
      this.#pieceIo.write(pieceIndex, bytes, (failure, works) => {
        this.#writing.delete(pieceIndex);
        if (failure === undefined) {
          this.#markVerified(pieceIndex, works);
          resolve();
        } else {
          reject(this.#fail(failure));
        }
        if (this.#writing.size === 0) this.#whenIdle?.();
      });
    });
  }

  holds(pieceIndex: number): boolean {
    return this.verified.has(pieceIndex) && this.#pieceIo.isWhollyWanted(pieceIndex);
  }

  async read(pieceIndex: number, offset: number, into: Uint8Array): Promise<void> {
    assert(this.#closed === undefined, 'a piece is read from a closed storage');
    const reading = this.#pieceIo.read(pieceIndex, offset, into);
    this.#reading.add(reading);
    try {
      await reading;
    } finally {
      this.#reading.delete(reading);
    }
  }

  async finish(): Promise<void> {
    this.#throwIfFailed();
    assert(this.#closed === undefined, 'a closed storage is finished');
    // A round that began by itself would save the state again after it is removed.
    this.#checkpoints.stop();
    await this.#checkpoints.flush(this.#isPartial);
    const unfinished = this.#works.find((work) => work.place !== 'final');
    // A file that is hashed once more is given up when the download is stopped.
    if (unfinished !== undefined) this.#signal.throwIfAborted();
    this.#refusals.throwIfAny();
    if (unfinished !== undefined) throw new InvariantError(`${unfinished.finalPath} lacks ${unfinished.missingPieces} pieces at the end`);
    if (!this.#isPartial) await this.#stateFile.remove();
    await this.close();
    this.#throwIfFailed();
  }

  close(): Promise<void> {
    this.#closed ??= this.#release();
    return this.#closed;
  }

  #markVerified(pieceIndex: number, works: readonly WorkFile[]): void {
    this.verified.add(pieceIndex);
    for (const work of works) work.piecesUnderWay--;
    const completed = works.filter((work) => --work.missingPieces === 0);
    this.#checkpoints.noteVerified(this.#geometry.lengthOf(pieceIndex), works, completed);
  }

  #throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  #fail(error: StorageError): StorageError {
    if (this.#failure !== undefined) return this.#failure;
    this.#failure = error;
    this.#listener.failed?.(error);
    return error;
  }

  async #release(): Promise<void> {
    try {
      if (this.#writing.size > 0) await new Promise<void>((resolve) => (this.#whenIdle = resolve));
      await Promise.allSettled(this.#reading);
      this.#checkpoints.stop();
      if (this.#isPartial || this.#works.some((work) => work.place !== 'final')) await this.#checkpoints.flush(true);
    } catch (error) {
      const failure = storageError('closing', error, 'read-write-failed');
      // What was thrown before need not be said again.
      if (failure !== this.#failure) this.#listener.warned(`the state of the download is not saved: ${failure.message}`);
    }
    await this.#manyFiles?.close();
    try {
      await this.#openFiles.closeAll();
    } catch (error) {
      this.#fail(storageError('closing files', error, 'read-write-failed'));
    }
    this.#lock.release();
  }
}
