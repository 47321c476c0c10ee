// Numbers as people read them: rates, durations, percentages. Pure, and the same in every locale.

import { formatBytes } from '../index.ts';

/** `1.5 MiB/s`. */
export function formatRate(bytesPerSecond: number): string {
  return `${formatBytes(bytesPerSecond)}/s`;
}

/** `0s`, `59s`, `1m05s`, `2h03m`, `3d04h`: the two largest units, rounded down. */
export function formatDuration(ms: number): string {
  const seconds = Math.floor(Math.max(0, ms) / 1000);
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m${two(seconds % 60)}s`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}h${two(Math.floor(seconds / 60) % 60)}m`;
  return `${Math.floor(seconds / 86_400)}d${two(Math.floor(seconds / 3600) % 24)}h`;
}

/** `42.1%`, rounded down, so that `100.0%` means all; of nothing, all is done. */
export function formatPercent(part: number, whole: number): string {
  if (whole <= 0 || part >= whole) return '100.0%';
  return `${(Math.floor((Math.max(0, part) / whole) * 1000) / 10).toFixed(1)}%`;
}

/** `1 file`, `2 files`. */
export function formatCount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
