// Seeding in words: how it goes, how far it is from what was asked for, and why it was over. Pure.

import { type DownloadProgress, type DownloadResult, formatBytes, formatDuration } from '../index.ts';
import { formatCount, formatRate } from './format.ts';
import type { ProgressView } from './reporters/reporter.ts';
import type { SeedRequest } from './seed-options.ts';

/** What was sent in this run as a share of what was selected; of nothing, 0. */
export function ratioOf({ uploadedBytes, totalBytes }: Pick<DownloadProgress, 'uploadedBytes' | 'totalBytes'>): number {
  return totalBytes > 0 ? uploadedBytes / totalBytes : 0;
}

/** `sent 1.20 GiB, ratio 0.85`; undefined when nothing was, and it did not seed. */
export function sentText(progress: DownloadProgress): string | undefined {
  if (progress.uploadedBytes === 0 && progress.seedingMs === 0) return undefined;
  return `sent ${formatBytes(progress.uploadedBytes)}, ratio ${ratioOf(progress).toFixed(2)}`;
}

/** What a person watching a seed wants to see. The bar shows how much of `goal` is reached; without one it is full. */
export function seedView(progress: DownloadProgress, goal: SeedRequest['goal'] = {}): ProgressView {
  const { totalBytes, uploadedBytes, seedingMs, uploadRateBytesPerSecond: rate } = progress;
  const shares: number[] = [];
  const leftMs: number[] = [];
  if (goal.ratio !== undefined) {
    const goalBytes = goal.ratio * totalBytes;
    shares.push(goalBytes > 0 ? uploadedBytes / goalBytes : 1);
    if (rate > 0) leftMs.push(((goalBytes - uploadedBytes) * 1000) / rate);
  }
  if (goal.durationMs !== undefined) {
    shares.push(seedingMs / goal.durationMs);
    leftMs.push(goal.durationMs - seedingMs);
  }
  const facts = [
    `seeding ${formatRate(rate)}`,
    ...(leftMs.length > 0 ? [`${formatDuration(Math.floor(Math.min(...leftMs) / 1000) * 1000)} left`] : []),
    `ratio ${ratioOf(progress).toFixed(2)}`,
    formatCount(progress.connectedPeers, 'peer'),
    `${formatBytes(uploadedBytes)} sent`,
  ];
  const share = shares.length === 0 ? 1 : Math.min(1, Math.max(...shares));
  return { doneBytes: Math.floor(share * totalBytes), totalBytes, facts };
}

const endWords = {
  ratio: 'until the ratio was reached',
  duration: 'until the time was over',
  until: 'until the process had ended',
  deadline: 'until the deadline',
} as const;

/** `seeded for 5m00s until the ratio was reached, sent 1.20 GiB, ratio 2.00`. */
export function seedEndText({ seedEnd, progress }: DownloadResult): string {
  const end = seedEnd === undefined ? '' : ` ${endWords[seedEnd]}`;
  return `seeded for ${formatDuration(progress.seedingMs)}${end}, ${sentText(progress)}`;
}

/** `up to ratio 2 or for 1h00m or until process 4711 has ended`. */
export function goalText({ goal, untilExitOf }: SeedRequest): string {
  const ends = [
    ...(goal.ratio === undefined ? [] : [`up to ratio ${goal.ratio}`]),
    ...(goal.durationMs === undefined ? [] : [`for ${formatDuration(goal.durationMs)}`]),
    ...(untilExitOf === undefined ? [] : [`until process ${untilExitOf} has ended`]),
  ];
  return ends.length === 0 ? 'until stopped' : ends.join(' or ');
}
