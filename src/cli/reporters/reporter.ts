// How progress is shown, and lines beside it: the contract of the reporters, and the choice among them.

import type { ProgressMode } from '../command-options.ts';
import type { Environment } from '../env.ts';
import { PlainLines } from './plain-lines.ts';

/** One moment of a long piece of work. */
export interface ProgressView {
  readonly doneBytes: number;
  readonly totalBytes: number;
  /** Short texts of printable ASCII, the most important first: what does not fit is left out from the end. */
  readonly facts: readonly string[];
}

/** Shows progress on stderr. */
export interface Reporter {
  /** Shows `view`, now or with the next redraw. */
  show(view: ProgressView): void;
  /** Prints a line of its own without disturbing the progress. `text` is safe for a terminal. */
  line(text: string): void;
  /** Removes what is drawn and releases everything. May be called again. */
  stop(): void;
}

/** The reporter that `mode` means here. A bar needs a terminal that can move its cursor; elsewhere it becomes plain lines. */
export async function openReporter(mode: ProgressMode, quiet: boolean, env: Environment): Promise<Reporter> {
  if (quiet || mode === 'none') return linesOnly(env);
  const canDraw = env.stderr.isTerminal && !env.dumbTerminal;
  if (mode === 'plain' || !canDraw) return new PlainLines(env);
  const { ProgressBar } = await import('./progress-bar.ts');
  return new ProgressBar(env.stderr);
}

/** Shows no progress, but prints the lines. */
function linesOnly(env: Environment): Reporter {
  return { show: () => undefined, line: (text) => env.stderr.write(`${text}\n`), stop: () => undefined };
}
