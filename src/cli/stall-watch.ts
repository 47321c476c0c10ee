// Tells when a download stalls: nothing verified for ten seconds. Pure; time comes in. (When a stall ends the download is the library's
// matter.)

import type { DownloadProgress } from '../index.ts';

/** Nothing verified for so long is a stall. */
const stallMs = 10_000;

/** A stall began or ended. */
export interface StallChange {
  readonly state: 'begun' | 'ended';
  /** Since the last piece was verified, or the transfer began. */
  readonly idleMs: number;
  /** Payload that came meanwhile: large pieces on a slow link take long, and that is no standstill. */
  readonly receivedBytes: number;
}

/** Watches one download. */
export class StallWatch {
  #verifiedPieces = -1;
  #sinceMs = 0;
  #receivedBefore = 0;
  #isStalled = false;

  get isStalled(): boolean {
    return this.#isStalled;
  }

  /** What the progress at `nowMs` says; undefined when nothing changed. */
  note(progress: DownloadProgress, nowMs: number): StallChange | undefined {
    const isOver = progress.phase === 'finishing' || progress.phase === 'ended';
    if (progress.phase !== 'downloading' && !isOver) return undefined;
    const change = { idleMs: Math.round(nowMs - this.#sinceMs), receivedBytes: progress.downloadedBytes - this.#receivedBefore };
    if (progress.verifiedPieces !== this.#verifiedPieces) {
      const wasStalled = this.#isStalled;
      this.#verifiedPieces = progress.verifiedPieces;
      this.#sinceMs = nowMs;
      this.#receivedBefore = progress.downloadedBytes;
      this.#isStalled = false;
      return wasStalled ? { state: 'ended', ...change } : undefined;
    }
    if (this.#isStalled || isOver || change.idleMs < stallMs) return undefined;
    this.#isStalled = true;
    return { state: 'begun', ...change };
  }
}
