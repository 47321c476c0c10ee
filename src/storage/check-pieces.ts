// Checks pieces of existing files against their hashes, or finds the hashes of a new torrent, with all cores: worker threads that share a
// cursor and a result array. Little data is hashed on the main thread, since a worker costs some 30 ms to start. Reads only.

import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { storageLimits } from '../config.ts';
import { StorageError } from '../errors.ts';
import type { Metainfo, TorrentFile } from '../metainfo/metainfo.ts';
import type { HashReport, HashWork } from './hash-worker.ts';
import { PieceHasher, pieceVerdict } from './piece-hasher.ts';

/** What to check. */
export interface CheckRequest {
  /** By file index: the path to read the file from; undefined when it is not there. */
  readonly sources: readonly (string | undefined)[];
  /** Piece indexes, ascending. */
  readonly pieces: readonly number[];
  readonly signal: AbortSignal;
  /** Bytes hashed so far, of how many. */
  readonly onProgress: (checkedBytes: number, totalBytes: number) => void;
}

/** One of `pieceVerdict` for each piece of the request. Throws StorageError when a file cannot be read; the signal's reason when aborted. */
export async function checkPieces(metainfo: Metainfo, request: CheckRequest): Promise<Uint8Array> {
  request.signal.throwIfAborted();
  if (request.pieces.length === 0) return new Uint8Array(0);
  return (await hashAll(metainfo, request, false)).verdicts;
}

/**
 * The SHA-1 of every piece, 20 bytes each, whatever hashes `metainfo` names. Throws as `checkPieces` does, and StorageError
 * `read-write-failed` when a file is missing or too short.
 */
export async function hashPieces(metainfo: Metainfo, request: Omit<CheckRequest, 'pieces'>): Promise<Uint8Array> {
  request.signal.throwIfAborted();
  const pieces = Array.from({ length: metainfo.pieceCount }, (_, pieceIndex) => pieceIndex);
  return (await hashAll(metainfo, { ...request, pieces }, true)).layout.pieceHashes.slice();
}

async function hashAll(metainfo: Metainfo, request: CheckRequest, fill: boolean): Promise<HashWork> {
  const totalBytes = bytesOf(metainfo, request.pieces);
  let checkedBytes = 0;
  const work = makeWork(metainfo, request, fill);
  const judged = (pieces: number): void => {
    // All pieces but the torrent's last are of one length; the last may be shorter, which shows only in the final figure.
    checkedBytes = Math.min(checkedBytes + pieces * metainfo.pieceLength, totalBytes);
    request.onProgress(checkedBytes, totalBytes);
  };
  request.onProgress(0, totalBytes);
  if (totalBytes <= storageLimits.checkInlineBytes) await checkInline(work, metainfo.files, request.signal, judged);
  else await checkInWorkers(work, workersFor(totalBytes), request.signal, judged);
  return work;
}

function bytesOf(metainfo: Metainfo, pieces: readonly number[]): number {
  const lastPieceIsShortBy = metainfo.pieceCount * metainfo.pieceLength - metainfo.totalLength;
  return pieces.length * metainfo.pieceLength - (pieces.at(-1) === metainfo.pieceCount - 1 ? lastPieceIsShortBy : 0);
}

function makeWork(metainfo: Metainfo, request: CheckRequest, fill: boolean): HashWork {
  const { files, pieceCount, pieceLength, totalLength } = metainfo;
  const pieces = new Uint32Array(new SharedArrayBuffer(request.pieces.length * 4));
  pieces.set(request.pieces);
  const pieceHashes = new Uint8Array(new SharedArrayBuffer(metainfo.pieceHashes.length));
  pieceHashes.set(metainfo.pieceHashes);
  const fileLengths = new Float64Array(new SharedArrayBuffer(files.length * 8));
  fileLengths.set(files.map((file) => file.length));
  const padFlags = new Uint8Array(new SharedArrayBuffer(files.length));
  padFlags.set(files.map((file) => (file.pad ? 1 : 0)));
  return {
    layout: { pieceCount, pieceLength, totalLength, pieceHashes, sources: request.sources },
    fileLengths,
    padFlags,
    pieces,
    verdicts: new Uint8Array(new SharedArrayBuffer(request.pieces.length)).fill(pieceVerdict.wrong),
    fill,
    cursor: new Int32Array(new SharedArrayBuffer(4)),
    batch: Math.max(1, Math.floor(storageLimits.hashBatchBytes / pieceLength)),
  };
}

function workersFor(totalBytes: number): number {
  return Math.min(availableParallelism(), storageLimits.hashWorkers, Math.ceil(totalBytes / storageLimits.checkInlineBytes));
}

/** Judges on this thread, one piece per turn of the event loop. */
async function checkInline(
  work: HashWork,
  files: readonly TorrentFile[],
  signal: AbortSignal,
  judged: (pieces: number) => void,
): Promise<void> {
  const hasher = new PieceHasher({ ...work.layout, files });
  try {
    for (const [i, pieceIndex] of work.pieces.entries()) {
      signal.throwIfAborted();
      work.verdicts[i] = work.fill ? hasher.fill(pieceIndex) : hasher.judge(pieceIndex);
      judged(1);
      await nextTurn();
    }
  } finally {
    hasher.close();
  }
}

/** Lets the event loop turn once. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function checkInWorkers(work: HashWork, count: number, signal: AbortSignal, judged: (pieces: number) => void): Promise<void> {
  const workers: Worker[] = [];
  const listening = new AbortController();
  try {
    await new Promise<void>((resolve, reject) => {
      let running = count;
      signal.addEventListener('abort', () => reject(signal.reason), { signal: listening.signal });
      for (let i = 0; i < count; i++) {
        const worker = new Worker(new URL('./hash-worker.js', import.meta.url), { workerData: work, name: 'ttorrent hash' });
        workers.push(worker);
        worker.on('message', (report: HashReport) => {
          if (report.kind === 'judged') judged(report.pieces);
          else reject(new StorageError(report.code, report.message));
        });
        worker.on('error', reject);
        worker.on('exit', () => {
          if (--running === 0) resolve();
        });
      }
    });
  } finally {
    listening.abort();
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}
