// The quick way of small files, of which a torrent may have a hundred thousand: those that lie whole in one piece are created, written and
// flushed together when that piece has come, and get their final names together, on threads of their own (file-batch.ts).

import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { storageLimits } from '../config.ts';
import type { FileSlice } from '../metainfo/geometry.ts';
import type { Metainfo } from '../metainfo/metainfo.ts';
import { compareSeen } from './change-watch.ts';
import { type BatchResult, type FileBatch, type FilesOfDirectory, nothingDone } from './file-batch.ts';
import { noVersions, setVersion, versionAt } from './file-versions.ts';
import { areNeighbours } from './path-guard.ts';
import type { WorkFile } from './work-file.ts';

/** A file that is not there yet, and its place in the bytes of a piece. */
export interface NewFile {
  readonly work: WorkFile;
  readonly slice: FileSlice;
}

/** Whether a torrent has so many small files that this pays. */
export function hasManyFiles({ files, totalLength, pieceLength }: Pick<Metainfo, 'files' | 'totalLength' | 'pieceLength'>): boolean {
  return files.length >= storageLimits.manyFiles && totalLength < files.length * pieceLength;
}

/** Bytes of pieces that may wait for their hash and write: few where each KiB is a file to make, but two pieces, that one can come meanwhile. */
export function maxBytesInFlight({ files, totalLength, pieceLength }: Pick<Metainfo, 'files' | 'totalLength' | 'pieceLength'>): number {
  const bytesOfFiles = (totalLength / files.length) * storageLimits.filesInFlight;
  return Math.min(storageLimits.bytesInFlight, Math.max(2 * pieceLength, bytesOfFiles));
}

interface Thread {
  readonly worker: Worker;
  /** Who waits for it, in order. */
  readonly waiting: ((result: BatchResult | undefined) => void)[];
}

/** The batches of one download. */
export class ManyFiles {
  readonly #fsync: boolean;
  readonly #threads: Thread[] = [];
  /** A thread could not be started, or died: all goes the ordinary way. */
  #isBroken = false;

  /** `fsync`: whether what is made is to last. */
  constructor(fsync: boolean) {
    this.#fsync = fsync;
  }

  /**
   * Creates `files` with their bytes of the piece in `bytes`. Gives back those with which that did not go smoothly; they may be there by
   * now, with a part of their bytes. The others are on disk, flushed.
   */
  async create(files: readonly NewFile[], bytes: Uint8Array): Promise<NewFile[]> {
    const { versions, left } = await this.#run({
      kind: 'create',
      directories: byDirectory(files.map(({ work }) => work)),
      // What is not shared would be copied with the whole memory that it is a part of.
      bytes: bytes.buffer instanceof SharedArrayBuffer ? bytes : new Uint8Array(bytes),
      offsets: files.map(({ slice }) => slice.rangeOffset),
      lengths: files.map(({ slice }) => slice.length),
      fsync: this.#fsync,
    });
    const isLeft = new Set(left);
    for (const [number, { work }] of files.entries()) {
      const version = versionAt(versions, number);
      if (version === undefined) continue;
      work.place = 'part';
      work.stat = work.seen = version;
      if (!isLeft.has(number)) work.synced = version;
    }
    return left.map((number) => files[number] as NewFile);
  }

  /** Flushes the `.part` of each of `works`, which are written to no more. Gives back those with which that did not go smoothly. */
  flush(works: readonly WorkFile[]): Promise<WorkFile[]> {
    return inBatches(works, async (batch) => {
      const { versions } = await this.#run({ kind: 'flush', directories: byDirectory(batch), fsync: this.#fsync });
      return batch.filter((work, number) => {
        const version = versionAt(versions, number);
        if (version?.size !== work.file.length) return true;
        compareSeen(work, version);
        work.synced = version;
        return false;
      });
    });
  }

  /** Gives `works` their final names where nothing is in the way. Gives back those that are not as they were, or met anything else. */
  publish(works: readonly WorkFile[]): Promise<WorkFile[]> {
    return inBatches(works, (batch) => this.#publish(batch));
  }

  /** Ends the threads, which have nothing to do any more. */
  async close(): Promise<void> {
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
  }

  async #publish(works: readonly WorkFile[]): Promise<WorkFile[]> {
    const expected = noVersions(works.length);
    for (const [number, { synced }] of works.entries()) if (synced !== undefined) setVersion(expected, number, synced);
    const running = this.#run({ kind: 'publish', directories: byDirectory(works), versions: expected });
    for (const work of works) work.moving = running;
    const { versions, left } = await running;
    for (const [number, work] of works.entries()) {
      work.moving = undefined;
      const version = versionAt(versions, number);
      if (version === undefined) continue;
      work.place = 'final';
      work.stat = work.synced = version;
      work.seen = undefined;
    }
    return left.map((number) => works[number] as WorkFile);
  }

  #run(batch: FileBatch): Promise<BatchResult> {
    return new Promise((resolve) => {
      const thread = this.#isBroken ? undefined : this.#freeThread();
      if (thread === undefined) return resolve(nothingDone(batch));
      thread.waiting.push((result) => resolve(result ?? nothingDone(batch)));
      thread.worker.postMessage(batch, []);
    });
  }

  /** The least busy thread, or a new one when all are busy and another is allowed. Undefined when it cannot be started. */
  #freeThread(): Thread | undefined {
    const [idlest] = this.#threads.toSorted((a, b) => a.waiting.length - b.waiting.length);
    if (idlest !== undefined && (idlest.waiting.length === 0 || this.#threads.length === storageLimits.batchThreads)) return idlest;
    try {
      const thread = startThread(() => {
        this.#isBroken = true;
      });
      this.#threads.push(thread);
      return thread;
    } catch {
      this.#isBroken = true;
      return undefined;
    }
  }
}

async function inBatches(works: readonly WorkFile[], run: (batch: readonly WorkFile[]) => Promise<WorkFile[]>): Promise<WorkFile[]> {
  const running: Promise<WorkFile[]>[] = [];
  for (let begin = 0; begin < works.length; begin += storageLimits.batchFiles) {
    running.push(run(works.slice(begin, begin + storageLimits.batchFiles)));
  }
  return (await Promise.all(running)).flat();
}

function startThread(onFailure: () => void): Thread {
  const worker = new Worker(new URL('./batch-worker.js', import.meta.url), { name: 'ttorrent files' });
  const thread: Thread = { worker, waiting: [] };
  worker.on('message', (result: BatchResult) => thread.waiting.shift()?.(result));
  // No descriptor was left, say. What it was given may be done or not: the ordinary way finds out.
  worker.on('error', onFailure);
  worker.on('exit', () => {
    for (const resolve of thread.waiting.splice(0)) resolve(undefined);
  });
  return thread;
}

/** `works` by directory: those that follow each other and have the same one together. */
function byDirectory(works: readonly WorkFile[]): FilesOfDirectory[] {
  const directories: FilesOfDirectory[] = [];
  let names: string[] = [];
  let previous: readonly string[] = [];
  for (const { file, finalPath } of works) {
    if (!areNeighbours(file.path, previous)) directories.push({ directory: path.dirname(finalPath), names: (names = []) });
    names.push(file.path.at(-1) as string);
    previous = file.path;
  }
  return directories;
}
