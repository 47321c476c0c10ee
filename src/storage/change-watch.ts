// Notices that another program wrote to a `.part` while we write to it. Our own writes change its times too, so what can be told is what
// happened while none of ours was under way: the file is looked at when a burst of writes has ended and again before the next one begins,
// at most some hundred times a second however fast the download is. A file that was touched between is hashed again before it gets its
// final name (checkpoint.ts).
//
// Not noticed: a foreign write during a burst of ours, or within the few milliseconds until it is seen to have ended (the clock of most
// kernels' file times is no finer); and one that another machine makes on a network file system that does not tell. To notice those too,
// every byte would have to be read and hashed a second time.

import { fstat, lstat } from 'node:fs';
import type { Clock } from '../support/clock.ts';
import { type FileVersion, isUnchanged, toFileStat } from './file-stat.ts';
import type { WorkFile } from './work-file.ts';
import type { WriteTurns } from './write-turns.ts';

/** So long after a write a file is looked at when no other has followed: about one tick of the kernel's clock for file times. */
const settleMs = 5;

/** Compares `found`, the stat of a `.part` at a moment without a write of ours, with what was seen before. */
export function compareSeen(work: WorkFile, found: FileVersion): void {
  if (work.seen !== undefined && !isUnchanged(work.seen, found)) work.isSuspect = true;
  work.seen = found;
}

/** Looks at files between bursts of writes. Takes part in the turns of the writes, so that none is under way meanwhile. */
export class ChangeWatch {
  readonly #turns: WriteTurns;
  readonly #clock: Clock;
  /** Written since the timer was set, or before and written again since. */
  #written = new Set<WorkFile>();
  #isTimerSet = false;
  #lastLookMs = Number.NEGATIVE_INFINITY;

  constructor(turns: WriteTurns, clock: Clock) {
    this.#turns = turns;
    this.#clock = clock;
  }

  /** Calls `write` once a write to `work`, open as `fd`, may begin. The caller has the turn. */
  beforeWrite(work: WorkFile, fd: number, write: () => void): void {
    if (work.seen === undefined) return write();
    fstat(fd, { bigint: true }, (error, stats) => {
      // A file that cannot be looked at cannot be trusted either; the write will say what is wrong.
      if (error === null) compareSeen(work, toFileStat(stats));
      else work.isSuspect = true;
      work.seen = undefined;
      write();
    });
  }

  /** A write to `work`, open as `fd`, has ended; calls `done` when the turn may end. */
  afterWrite(work: WorkFile, fd: number, done: () => void): void {
    const nowMs = this.#clock.nowMs();
    // At once when that is not done too often; else a little later.
    if (nowMs - this.#lastLookMs >= settleMs && !this.#turns.isAwaited(work)) {
      this.#lastLookMs = nowMs;
      fstat(fd, { bigint: true }, (error, stats) => {
        if (error === null) compareSeen(work, toFileStat(stats));
        done();
      });
      return;
    }
    this.#lookLater(work);
    done();
  }

  #lookLater(work: WorkFile): void {
    this.#written.add(work);
    if (this.#isTimerSet) return;
    this.#isTimerSet = true;
    this.#clock.setTimer(settleMs, () => this.#settle());
  }

  #settle(): void {
    this.#isTimerSet = false;
    const written = this.#written;
    this.#written = new Set();
    for (const work of written) {
      // While others wait for their turn the burst goes on: the last of them will set the timer again.
      if (this.#turns.isFree(work)) this.#turns.take(work, () => this.#look(work));
    }
  }

  #look(work: WorkFile): void {
    // By name, since it may have been closed to make room. Another file under the name shows too.
    lstat(work.partPath, { bigint: true }, (error, stats) => {
      if (error === null && work.place === 'part') compareSeen(work, toFileStat(stats));
      this.#turns.end(work);
    });
  }
}
