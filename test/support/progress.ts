// A download's progress, as a value for tests of who tells of it.

import type { DownloadProgress } from '../../src/index.ts';

/** A quarter done, at 1 MiB/s. */
export const progress: DownloadProgress = {
  phase: 'downloading',
  totalBytes: 1000,
  verifiedBytes: 250,
  pieceCount: 4,
  verifiedPieces: 1,
  checkedBytes: 0,
  bytesToCheck: 0,
  downloadedBytes: 2048,
  webBytes: 0,
  wastedBytes: 16_384,
  corruptBytes: 0,
  uploadedBytes: 0,
  rateBytesPerSecond: 1_048_576.5,
  uploadRateBytesPerSecond: 0,
  etaMs: 65_000.25,
  connectedPeers: 1,
  knownPeers: 5,
  bannedPeers: 0,
  blockedHosts: 0,
  elapsedMs: 2000.75,
  seedingMs: 0,
};
