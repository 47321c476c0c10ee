// Listens to a download: tells a person what is worth telling while it runs, and sums it up when it ends.

import {
  type DownloadEvent,
  type DownloadProgress,
  type DownloadResult,
  formatBytes,
  formatDuration,
  type SourceReport,
} from '../index.ts';
import { exitCodeName } from './exit-codes.ts';
import { formatCount, formatRate } from './format.ts';
import type { ProgressView } from './reporters/reporter.ts';
import { seedView, sentText } from './seed-account.ts';
import type { SeedRequest } from './seed-options.ts';
import type { Talk } from './talk.ts';

/** What becomes of the data: it is kept, passed on to stdout, or was there before and is seeded. */
export type DataUse = 'kept' | 'passed on' | 'seeded';

/** The story of one download. */
export class DownloadAccount {
  readonly #talk: Talk;
  readonly #use: DataUse;
  /** The last complaint of each source that has one. Sources are bounded by the limit of trackers, so is this. */
  readonly #complaints = new Map<string, string>();
  #badPieces = 0;
  #hasBegun = false;

  constructor(talk: Talk, use: DataUse = 'kept') {
    this.#talk = talk;
    this.#use = use;
  }

  /** Takes note of `event`, and says what a person should know of it. */
  note(event: DownloadEvent): void {
    switch (event.type) {
      case 'source':
        return this.#noteSource(event.report);
      case 'file':
        return this.#talk.detail(`complete: ${event.path}`);
      case 'bad-data':
        this.#badPieces++;
        return this.#talk.detail(`piece ${event.pieceIndex} from ${event.peers.join(', ')} fails its hash, fetching it again`);
      case 'banned':
        return this.#talk.detail(`banned ${event.peer}: ${event.reason}`);
      case 'peer':
        return this.#talk.detail(`peer ${event.peer} ${event.change}${event.message === '' ? '' : `: ${event.message}`}`);
      case 'web-seed':
        return this.#noteWebSeed(event);
      case 'warning':
        return this.#talk.warn(event.message);
      case 'progress':
        this.#hasBegun ||= ['downloading', 'seeding'].includes(event.progress.phase);
        return;
      case 'piece':
        return;
    }
  }

  /**
   * How far a download came that did not get to its end, and what the others did, if the error does not say it; undefined when it ended
   * before it began. The error itself says why.
   */
  verdict(exitCode: number, progress: DownloadProgress, others?: string): string | undefined {
    if (!this.#hasBegun) return undefined;
    const parts =
      this.#use === 'seeded'
        ? []
        : [
            `${progress.verifiedPieces} of ${formatCount(progress.pieceCount, 'piece')} verified and ${this.#use}`,
            `${formatBytes(progress.downloadedBytes)} received${progress.webBytes === 0 ? '' : `, ${formatBytes(progress.webBytes)} of it from web seeds`}`,
          ];
    const sent = sentText(progress);
    if (sent !== undefined) parts.push(sent);
    if (this.#badPieces > 0) parts.push(formatCount(this.#badPieces, 'bad piece'));
    if (progress.bannedPeers > 0) parts.push(`${formatCount(progress.bannedPeers, 'peer')} banned`);
    if (others !== undefined) parts.push(others);
    return `ends after ${formatDuration(progress.elapsedMs)} with exit code ${exitCode} (${exitCodeName(exitCode)}): ${parts.join(', ')}`;
  }

  /** The library tells what is new only. */
  #noteWebSeed({ url, change, message }: Extract<DownloadEvent, { type: 'web-seed' }>): void {
    if (change === 'failed') this.#talk.warn(`${url} failed: ${message}`);
    else this.#talk.detail(`${url} gives data`);
  }

  #noteSource(report: SourceReport): void {
    if (report.outcome === 'answered') {
      this.#complaints.delete(report.source);
      const swarm = report.seeders === undefined ? '' : ` (${report.seeders} seeding, ${report.leechers ?? 0} downloading)`;
      const who = report.message === '' ? '' : ` with ${report.message}`;
      return this.#talk.detail(`${report.source}${who} named ${formatCount(report.peerCount, 'peer')}${swarm}`);
    }
    // Most machines without a local network miss nothing.
    if (report.kind === 'lsd') return this.#talk.detail(`${report.source} ${report.outcome}: ${report.message}`);
    const complaint = `${report.outcome}: ${report.message}`;
    // Said once: a tracker that is down stays down for many announces.
    if (this.#complaints.get(report.source) === complaint) return;
    this.#complaints.set(report.source, complaint);
    this.#talk.warn(`${report.source} ${complaint}`);
  }
}

/** What a person watching a download wants to see, the most important first. `goal`: when seeding is to be enough. */
export function downloadView(progress: DownloadProgress, goal?: SeedRequest['goal']): ProgressView {
  if (progress.phase === 'checking') {
    return { doneBytes: progress.checkedBytes, totalBytes: progress.bytesToCheck, facts: ['checking existing data'] };
  }
  if (progress.seedingMs > 0 || progress.phase === 'seeding') return seedView(progress, goal);
  const { verifiedBytes, totalBytes, etaMs } = progress;
  // An estimate has no tenths.
  const eta = etaMs === undefined ? '?' : formatDuration(Math.floor(etaMs / 1000) * 1000);
  const isUnderway = progress.phase === 'downloading' && verifiedBytes < totalBytes;
  const facts = [
    ...(isUnderway ? [formatRate(progress.rateBytesPerSecond), `ETA ${eta}`] : ['finishing']),
    ...(progress.uploadedBytes > 0 ? [`${formatRate(progress.uploadRateBytesPerSecond)} up`] : []),
    formatCount(progress.connectedPeers, 'peer'),
    `${progress.verifiedPieces}/${formatCount(progress.pieceCount, 'piece')}`,
    // Seldom anything, and the bar needs the room.
    ...(progress.wastedBytes > 0 ? [`${formatBytes(progress.wastedBytes)} wasted`] : []),
  ];
  return { doneBytes: verifiedBytes, totalBytes, facts };
}

/** One line about a download that is complete, before it seeds. */
export function completionText({ files, progress }: DownloadResult): string {
  const sent = sentText(progress);
  return `${completionOf({ files, progress })}${sent === undefined ? '' : `; ${sent}`}`;
}

function completionOf({ files, progress }: Pick<DownloadResult, 'files' | 'progress'>): string {
  const total = formatBytes(progress.totalBytes);
  const what = `complete and verified: ${formatCount(files.length, 'file')}, ${total}`;
  if (progress.downloadedBytes === 0) return `${what}, all of it was there`;
  const { downloadedBytes, elapsedMs } = progress;
  const received = formatBytes(downloadedBytes);
  const facts = [
    ...(received === total ? [] : [`${received} received`]),
    ...(progress.webBytes === 0 ? [] : [`${formatBytes(progress.webBytes)} from web seeds`]),
    formatRate((downloadedBytes * 1000) / Math.max(elapsedMs, 1)),
  ];
  return `${what} in ${formatDuration(elapsedMs)} (${facts.join(', ')})`;
}
