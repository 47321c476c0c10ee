// Progress as a line every few seconds: for logs and pipes, where nothing can be redrawn.

import { formatPercent } from '../format.ts';
import type { ProgressView, Reporter } from './reporter.ts';

/** What it needs of the environment. */
interface Surroundings {
  readonly stderr: { write(text: string): void };
  nowMs(): number;
}

/** Often enough to see that it lives, seldom enough for a log of an hour to be read. */
const intervalMs = 5_000;
/** And a sign of life when nothing changes. */
const unchangedIntervalMs = 60_000;

/** Progress as lines. */
export class PlainLines implements Reporter {
  readonly #env: Surroundings;
  #lastShownMs = Number.NEGATIVE_INFINITY;
  #lastLine = '';

  constructor(env: Surroundings) {
    this.#env = env;
  }

  show(view: ProgressView): void {
    const nowMs = this.#env.nowMs();
    if (nowMs - this.#lastShownMs < intervalMs) return;
    const line = plainLine(view);
    if (line === this.#lastLine && nowMs - this.#lastShownMs < unchangedIntervalMs) return;
    this.#lastShownMs = nowMs;
    this.#lastLine = line;
    this.line(line);
  }

  line(text: string): void {
    this.#env.stderr.write(`${text}\n`);
  }

  stop(): void {
    // Nothing is drawn that would have to go.
  }
}

/** `42.1%, 12.3 MiB/s, ETA 1m30s, 8 peers`. */
function plainLine(view: ProgressView): string {
  return [formatPercent(view.doneBytes, view.totalBytes), ...view.facts].join(', ');
}
