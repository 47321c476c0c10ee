import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type StallChange, StallWatch } from '../../src/cli/stall-watch.ts';
import type { DownloadPhase, DownloadProgress } from '../../src/index.ts';

/** What the watch says of `moments`: seconds, verified pieces and received bytes of each. */
function watch(moments: readonly [seconds: number, pieces: number, bytes: number, phase?: DownloadPhase][]): (StallChange | undefined)[] {
  const stallWatch = new StallWatch();
  return moments.map(([seconds, verifiedPieces, downloadedBytes, phase = 'downloading']) =>
    stallWatch.note({ phase, verifiedPieces, downloadedBytes } as DownloadProgress, seconds * 1000),
  );
}

test('tells a stall once, and its end', () => {
  assert.deepEqual(
    watch([
      [0, 0, 0],
      [9.9, 0, 100],
      [10, 0, 200],
      [15, 0, 300],
      [20, 1, 400],
      [21, 1, 400],
      [30.5, 1, 400],
      [31, 2, 500, 'finishing'],
    ]),
    [
      undefined,
      undefined,
      { state: 'begun', idleMs: 10_000, receivedBytes: 200 },
      undefined,
      { state: 'ended', idleMs: 20_000, receivedBytes: 400 },
      undefined,
      { state: 'begun', idleMs: 10_500, receivedBytes: 0 },
      { state: 'ended', idleMs: 11_000, receivedBytes: 100 },
    ],
  );
});

test('counts neither the check of existing data nor the end as a stall', () => {
  const changes = watch([
    [0, 0, 0, 'checking'],
    [60, 0, 0, 'checking'],
    [61, 3, 0],
    [70, 4, 0, 'finishing'],
    [90, 4, 0, 'finishing'],
    [99, 4, 0, 'ended'],
  ]);
  assert.deepEqual(
    changes,
    changes.map(() => undefined),
  );
});
