// Which reporter shows the progress: by what was asked for and what the terminal can do.

import type { ProgressMode } from '../command-options.ts';
import type { Environment } from '../env.ts';
import { PlainLines } from './plain-lines.ts';
import type { Reporter } from './reporter.ts';

/**
 * The reporter that `mode` means here. A bar needs a terminal that can move its cursor; elsewhere it becomes plain lines. In a CI job even a
 * terminal is only a log, so there a bar is drawn when it is asked for, and not by `auto`.
 */
export async function openReporter(mode: ProgressMode, quiet: boolean, env: Environment): Promise<Reporter> {
  if (quiet || mode === 'none') return linesOnly(env);
  if (!canDraw(mode, env)) return new PlainLines(env);
  const { ProgressBar } = await import('./progress-bar.ts');
  return new ProgressBar(env.stderr);
}

/** Shows no progress, but prints the lines. */
function linesOnly(env: Environment): Reporter {
  return { show: () => undefined, line: (text) => env.stderr.write(`${text}\n`), stop: () => undefined };
}

/** Whether something is drawn that is redrawn in place. */
export function canDraw(mode: ProgressMode, env: Environment): boolean {
  return env.stderr.isTerminal && !env.dumbTerminal && mode !== 'plain' && !(mode === 'auto' && env.isCi);
}
