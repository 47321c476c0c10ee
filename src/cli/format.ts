// Numbers as people read them: rates, percentages. Pure, and the same in every locale.

import { formatBytes } from '../index.ts';

/** `1.5 MiB/s`. */
export function formatRate(bytesPerSecond: number): string {
  return `${formatBytes(bytesPerSecond)}/s`;
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
