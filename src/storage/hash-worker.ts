// The worker thread of a check (check-pieces.ts): takes the next few pieces from a cursor that all workers share, judges them, and puts the
// verdicts into a shared array. No message is needed per piece.

import { parentPort, workerData } from 'node:worker_threads';
import { type ErrorCode, TtorrentError } from '../errors.ts';
import type { TorrentFile } from '../metainfo/metainfo.ts';
import { type HashLayout, PieceHasher } from './piece-hasher.ts';

/** What a worker is given. */
export interface HashWork {
  readonly layout: Omit<HashLayout, 'files'>;
  /** Shared: bytes of each file, and 1 where it is a pad file. To copy 100 000 file objects for two workers takes 200 ms and 25 MiB. */
  readonly fileLengths: Float64Array;
  readonly padFlags: Uint8Array;
  /** Shared: the pieces to judge. */
  readonly pieces: Uint32Array;
  /** Shared: a verdict for each of `pieces`. */
  readonly verdicts: Uint8Array;
  /** Shared: one number, the position in `pieces` of the first that nobody has taken. */
  readonly cursor: Int32Array;
  /** Whether the hashes are still to be found: then they are put into `pieceHashes` of the layout, which is shared, and not compared. */
  readonly fill: boolean;
  /** How many pieces to take at a time. */
  readonly batch: number;
}

/** What a worker says: so many more pieces are judged, or why it cannot go on. */
export type HashReport =
  | { readonly kind: 'judged'; readonly pieces: number }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string };

/** Judges pieces until none is left, and calls `report` after each batch. */
function judgePieces(work: HashWork, hasher: PieceHasher, report: (pieces: number) => void): void {
  for (;;) {
    const begin = Atomics.add(work.cursor, 0, work.batch);
    const end = Math.min(begin + work.batch, work.pieces.length);
    if (begin >= end) return;
    for (let i = begin; i < end; i++) {
      const pieceIndex = work.pieces[i] as number;
      work.verdicts[i] = work.fill ? hasher.fill(pieceIndex) : hasher.judge(pieceIndex);
    }
    report(end - begin);
  }
}

/** The files as the arithmetic needs them; their paths are in `sources`. */
function filesOf(work: HashWork): TorrentFile[] {
  let torrentOffset = 0;
  return Array.from(work.fileLengths, (length, index) => {
    const file = { index, path: [], length, torrentOffset, pad: work.padFlags[index] === 1, executable: false };
    torrentOffset += length;
    return file;
  });
}

const port = parentPort;
if (port !== null) {
  const say = (report: HashReport): void => port.postMessage(report);
  const work = workerData as HashWork;
  const hasher = new PieceHasher({ ...work.layout, files: filesOf(work) });
  try {
    judgePieces(work, hasher, (pieces) => say({ kind: 'judged', pieces }));
  } catch (error) {
    if (!(error instanceof TtorrentError)) throw error;
    say({ kind: 'failed', code: error.code, message: error.message });
  } finally {
    hasher.close();
  }
}
