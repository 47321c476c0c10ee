// What `--deadline` still allows when something came before the download.

import type { Environment } from './env.ts';

/** What is left of `deadlineMs` since `begunMs`; in whole seconds, so that it is named as it was typed when nothing took long. */
export function deadlineLeft(deadlineMs: number | undefined, begunMs: number, env: Pick<Environment, 'nowMs'>): { deadlineMs?: number } {
  if (deadlineMs === undefined) return {};
  const spentMs = Math.floor((env.nowMs() - begunMs) / 1000) * 1000;
  return { deadlineMs: Math.max(1, deadlineMs - spentMs) };
}
