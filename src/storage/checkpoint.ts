// Makes what was verified last, in the background and one round at a time; writes go on meanwhile. A round: flush the files written since
// the last one; when it is time, save the state with the pieces that had been written before the flush began, then give complete files their
// final names.
// In this order no crash and no power cut leaves a state that claims a byte which is not there, or a final name that no state vouches for.

import { dirname } from 'node:path';
import { storageLimits } from '../config.ts';
import type { StorageError } from '../errors.ts';
import type { Bitfield } from '../support/bitfield.ts';
import type { Clock, Timer } from '../support/clock.ts';
import { compareSeen } from './change-watch.ts';
import type { Durability } from './durability.ts';
import { inParallel } from './in-parallel.ts';
import type { ManyFiles } from './many-files.ts';
import type { OpenFiles } from './open-files.ts';
import { statDescriptor } from './open-work-file.ts';
import { changedByOthers, publishFile } from './publish-file.ts';
import { type RecheckParts, recheckFile } from './recheck-file.ts';
import { isRefusal } from './refusals.ts';
import { bitsOf, EncodedRecords, type FileRecord, recordOf } from './state-codec.ts';
import type { StateFile } from './state-file.ts';
import type { Allocation, StorageOptions } from './storage.ts';
import { storageError } from './storage-error.ts';
import type { WorkFile } from './work-file.ts';

/** What a Checkpoints works with. */
export interface CheckpointParts extends RecheckParts {
  /** Saved records of files that are not wanted this time: kept as they are. */
  readonly keptRecords: readonly FileRecord[];
  /** Directories that were created and whose entry is not yet safe. */
  readonly newDirectories: Iterable<string>;
  /** Whether the state file already says all that is known. */
  readonly isSaved: boolean;
  readonly allocation: Allocation;
  readonly approve: StorageOptions['approve'];
  readonly verified: Bitfield;
  readonly openFiles: OpenFiles;
  readonly manyFiles: ManyFiles | undefined;
  readonly stateFile: StateFile;
  readonly durability: Durability;
  readonly clock: Clock;
  readonly onCompleted: (work: WorkFile) => void;
  /** A complete file keeps its temporary name; the others go on. */
  readonly onRefused: (error: StorageError) => void;
  /** A round failed; there will be no other. */
  readonly onFailure: (error: StorageError) => void;
}

/** The rounds of one download. */
export class Checkpoints {
  readonly #parts: CheckpointParts;
  /** Written to since the last round began. */
  readonly #dirty = new Set<WorkFile>();
  /** Every piece verified and written, final name still to come. */
  #complete: WorkFile[] = [];
  readonly #dirtyDirectories: Set<string>;
  /** Flushed at least once, final name still to come. */
  readonly #unfinished = new Set<WorkFile>();
  /** The records of files that have their final names, which do not change any more; and those of whom it is yet to be made. */
  readonly #finished: EncodedRecords;
  readonly #newlyFinished: WorkFile[];
  /** Written since the last round began. */
  #unflushedBytes = 0;
  #isSaved: boolean;
  #lastRoundMs: number;
  #lastSaveMs: number;
  #running: Promise<void> | undefined;
  #timer: { readonly timer: Timer; readonly dueMs: number } | undefined;
  #failure: StorageError | undefined;
  #isStopped = false;

  constructor(parts: CheckpointParts) {
    this.#parts = parts;
    this.#isSaved = parts.isSaved;
    this.#dirtyDirectories = new Set(parts.newDirectories);
    this.#lastRoundMs = parts.clock.nowMs();
    this.#lastSaveMs = this.#lastRoundMs;
    for (const work of parts.works) {
      // What a killed run left may be in memory only.
      if (work.place === 'part') this.#dirty.add(work);
      if (work.place === 'part' && work.missingPieces === 0) this.#complete.push(work);
    }
    this.#finished = new EncodedRecords(parts.keptRecords);
    this.#newlyFinished = parts.works.filter((work) => work.place === 'final');
  }

  /** A piece of `length` bytes is in `verified`: it was written to `works`, and `completed` are those of which it was the last. */
  noteVerified(length: number, works: readonly WorkFile[], completed: readonly WorkFile[]): void {
    this.#unflushedBytes += length;
    this.#isSaved = false;
    for (const work of works) if (work.synced === undefined || work.synced !== work.seen) this.#dirty.add(work);
    for (const work of completed) this.#complete.push(work);
    this.schedule();
  }

  /** Begins a round now or sets a timer for it, when there is anything to do. */
  schedule(): void {
    const dueMs = this.#dueMs();
    if (dueMs === undefined || this.#running !== undefined || this.#isStopped || this.#failure !== undefined) return;
    const nowMs = this.#parts.clock.nowMs();
    if (dueMs <= nowMs) {
      void this.#runRound();
    } else if (this.#timer === undefined || dueMs < this.#timer.dueMs) {
      this.#timer?.timer.cancel();
      this.#timer = { dueMs, timer: this.#parts.clock.setTimer(dueMs - nowMs, () => void this.#runRound()) };
    }
  }

  /** Rounds until every complete file has its final name and, with `saveState`, the state says all that is known. Throws StorageError. */
  async flush(saveState: boolean): Promise<void> {
    while (this.#running !== undefined) await this.#running;
    const isDone = (): boolean => this.#complete.length === 0 && (this.#isSaved || !saveState);
    while (this.#failure === undefined && !isDone()) await this.#runRound(saveState);
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** No further round begins by itself. */
  stop(): void {
    this.#isStopped = true;
    this.#timer?.timer.cancel();
  }

  #dueMs(): number | undefined {
    if (this.#isSaved && this.#complete.length === 0) return undefined;
    if (this.#complete.length > 0) return this.#lastRoundMs + storageLimits.completionDelayMs;
    if (this.#unflushedBytes >= storageLimits.flushBytes) return this.#lastRoundMs;
    return this.#lastSaveMs + storageLimits.checkpointMs;
  }

  /** One round at a time: gives the running one when there is one. Never rejects; a failure is kept and told. */
  #runRound(mustSave = false): Promise<void> {
    this.#timer?.timer.cancel();
    this.#timer = undefined;
    this.#running ??= this.#round(mustSave)
      .catch((error: unknown) => {
        this.#failure = storageError('saving the download', error, 'read-write-failed');
        this.#parts.onFailure(this.#failure);
      })
      .finally(() => {
        this.#running = undefined;
        this.#lastRoundMs = this.#parts.clock.nowMs();
        this.schedule();
      });
    return this.#running;
  }

  async #round(mustSave: boolean): Promise<void> {
    // Taken in one go, before anything is awaited: every piece in the copy was written before the flush begins.
    const dirty = [...this.#dirty];
    const complete = this.#complete;
    const verified = this.#parts.verified.clone();
    this.#dirty.clear();
    this.#complete = [];
    this.#unflushedBytes = 0;
    const isTimeToSave = this.#parts.clock.nowMs() - this.#lastSaveMs >= storageLimits.checkpointMs;
    const saves = mustSave || isTimeToSave || complete.length > 0;
    if (saves) this.#isSaved = true;

    const missing = new Map(dirty.map((work) => [work, work.piecesUnderWay === 0 ? work.missingPieces : undefined]));
    const [together, alone] = this.#split(dirty, (work) => missing.get(work) === 0);
    const left = (await this.#parts.manyFiles?.flush(together)) ?? [];
    await inParallel([...alone, ...left], (work) => this.#flushFile(work, missing.get(work)));
    for (const work of dirty) this.#unfinished.add(work);
    if (!saves) return;
    const records = new EncodedRecords();
    for (const work of complete) {
      this.#unfinished.delete(work);
      addRecord(records, work, undefined, true);
    }
    for (const work of this.#unfinished) addRecord(records, work, bitsOf(verified, work.file, this.#parts.geometry), false);
    for (const work of this.#newlyFinished.splice(0)) addRecord(this.#finished, work, undefined, false);
    if (records.count + this.#finished.count > 0) {
      await this.#parts.openFiles.whileShort(() => this.#parts.stateFile.save(this.#finished, records));
    }
    this.#lastSaveMs = this.#parts.clock.nowMs();
    await this.#publishAll(complete);
    await this.#syncDirectories();
    for (const work of complete) if (work.place === 'final') this.#parts.onCompleted(work);
  }

  /** `missingPieces`: how many pieces it lacked when this round's pieces were noted; undefined when one was being written then. */
  async #flushFile(work: WorkFile, missingPieces: number | undefined): Promise<void> {
    const { openFiles, allocation, durability } = this.#parts;
    const isComplete = missingPieces === 0;
    await openFiles.use(work, async (fd) => {
      try {
        // Of a complete file the time must last too, so that a restart recognises it.
        await (isComplete ? durability.syncAll(fd) : durability.syncData(fd));
        const { seen } = work;
        const stat = await statDescriptor(fd);
        // Only when no write of ours began meanwhile does the stat tell of others.
        if (seen !== undefined && work.seen === seen) compareSeen(work, stat);
        const mustBeWhole = isComplete || allocation !== 'none';
        if (stat.links === 0 || (mustBeWhole && stat.size !== work.file.length)) throw changedByOthers(work.partPath);
        // It may hold bytes of a piece that the state does not have: then it must not be recognised by it, but hashed.
        const isSettled = work.piecesUnderWay === 0 && work.missingPieces === missingPieces;
        work.synced = isSettled ? stat : { ...stat, ctimeNs: 0n };
      } catch (error) {
        throw storageError(`flushing ${work.partPath} to disk`, error, 'read-write-failed');
      }
    });
  }

  /** `works` in two: those that go together, being many, plain, and open nowhere; and those that are taken one by one. */
  #split(works: readonly WorkFile[], isPlain: (work: WorkFile) => boolean): readonly [WorkFile[], WorkFile[]] {
    const [together, alone]: [WorkFile[], WorkFile[]] = [[], []];
    for (const work of works) {
      const isTogether = this.#parts.manyFiles !== undefined && !this.#parts.openFiles.isOpen(work) && isPlain(work);
      (isTogether ? together : alone).push(work);
    }
    return [together, alone];
  }

  async #publishAll(complete: readonly WorkFile[]): Promise<void> {
    const { manyFiles, approve } = this.#parts;
    const isPlain = (work: WorkFile): boolean => approve === undefined && work.replaces === undefined && !work.isSuspect;
    const [together, alone] = this.#split(complete, isPlain);
    const left = (await manyFiles?.publish(together)) ?? [];
    await inParallel(left, (work) => this.#flushFile(work, 0));
    await inParallel([...alone, ...left], (work) => this.#publish(work));
    for (const work of complete) {
      if (work.place === 'final') {
        this.#newlyFinished.push(work);
        this.#dirtyDirectories.add(dirname(work.finalPath));
      } else {
        this.#unfinished.add(work);
      }
    }
    // A rename changes the ctime, which the state is to have as well.
    if (complete.length > 0) this.#isSaved = false;
  }

  async #publish(work: WorkFile): Promise<void> {
    const { openFiles, signal, approve, onRefused } = this.#parts;
    const { synced } = work;
    if (synced === undefined) throw changedByOthers(work.partPath);
    try {
      if (work.isSuspect) await recheckFile(work, this.#parts);
      await approve?.(work.file, work.partPath);
    } catch (error) {
      // Stopped meanwhile: it stays a `.part`.
      if (signal.aborted) return;
      if (isRefusal(error)) return onRefused(error);
      throw error;
    }
    // Kept open meanwhile, so that nobody who reads it looks for it under the old name.
    await openFiles.use(work, (fd) => openFiles.whileShort(() => publishFile(work, fd, synced, this.#parts.geometry)));
    work.synced = work.stat;
    work.isSuspect = false;
  }

  async #syncDirectories(): Promise<void> {
    const directories = [...this.#dirtyDirectories];
    this.#dirtyDirectories.clear();
    await inParallel(directories, async (directory) => {
      try {
        await this.#parts.openFiles.whileShort(() => this.#parts.durability.syncDirectory(directory));
      } catch (error) {
        throw storageError(`flushing the directory ${directory} to disk`, error, 'read-write-failed');
      }
    });
  }
}

/** Adds the record of a file; none of one that another program wrote to: it is hashed when the download is started again. */
function addRecord(records: EncodedRecords, work: WorkFile, bits: Uint8Array | undefined, isToBeRenamed: boolean): void {
  const { file, synced, isSuspect } = work;
  if (synced !== undefined && !isSuspect && file.length > 0) records.add(recordOf(file, synced, bits, isToBeRenamed));
}
