// What event lines and reports both tell of a run: gathered from the download's events, bounded whatever comes. Pure; time comes in.

import type { DownloadEvent, PeerAccount, PeerFate, SourceReport } from '../index.ts';

/** Counts and firsts of one run; times in milliseconds since its start. */
export class RunTally {
  /** When the first peer was past its handshake, and the first piece verified. */
  firstPeerMs: number | undefined;
  firstPieceMs: number | undefined;
  /** Pieces that failed their hash, each time counted. */
  badPieces = 0;
  completeFiles = 0;
  /** The last outcome of each tracker; trackers are bounded by the library. */
  readonly sources = new Map<string, SourceReport>();

  note(event: DownloadEvent, nowMs: number): void {
    switch (event.type) {
      case 'peer':
        if (event.change === 'connected') this.firstPeerMs ??= nowMs;
        return;
      case 'piece':
        this.firstPieceMs ??= nowMs;
        return;
      case 'bad-data':
        this.badPieces++;
        return;
      case 'file':
        this.completeFiles++;
        return;
      case 'source':
        if (event.report.outcome !== 'warned' && event.report.kind === undefined) this.sources.set(event.report.source, event.report);
        return;
      case 'banned':
      case 'progress':
      case 'warning':
      case 'web-seed':
        return;
    }
  }
}

/** How many peers fared in each way. */
export function peerGroups(peers: readonly PeerAccount[]): Partial<Record<PeerFate, number>> {
  const groups: Partial<Record<PeerFate, number>> = {};
  for (const { fate } of peers) groups[fate] = (groups[fate] ?? 0) + 1;
  return groups;
}

/** When the first block was here, since the download began; undefined when none came. */
export function firstBlockMs(peers: readonly Pick<PeerAccount, 'firstBlockMs'>[]): number | undefined {
  return peers.reduce<number | undefined>(
    (first, { firstBlockMs: ms }) => (first === undefined || (ms ?? first) < first ? ms : first),
    undefined,
  );
}
