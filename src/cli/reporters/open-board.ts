// Which way the progress of several torrents is shown: as `open-reporter.ts` does for one.

import type { ProgressMode } from '../command-options.ts';
import type { Environment } from '../env.ts';
import { safeLine } from '../safe-line.ts';
import { canDraw } from './open-reporter.ts';
import { PlainLines } from './plain-lines.ts';
import type { Reporter } from './reporter.ts';

/** Shows the progress of several torrents on stderr, and lines beside it. */
export interface Board {
  row(name: string): Reporter;
  setStatus(text: string): void;
  /** Writes whole lines without disturbing the progress. */
  print(text: string): void;
  /** Does `write`, which writes whole lines to the same terminal by another way. */
  aside(write: () => Promise<void>): Promise<void>;
  stop(): void;
}

/** The board that `mode` means here. */
export async function openBoard(mode: ProgressMode, quiet: boolean, env: Environment): Promise<Board> {
  const isSilent = quiet || mode === 'none';
  if (!isSilent && canDraw(mode, env)) {
    const { ProgressBoard } = await import('./progress-board.ts');
    return new ProgressBoard(env);
  }
  const print = (text: string): void => env.stderr.write(text);
  const row = (name: string): Reporter => {
    const lines = new PlainLines({ nowMs: () => env.nowMs(), stderr: { write: (text) => print(`${safeLine(name)}: ${text}`) } });
    return { show: (view) => !isSilent && lines.show(view), line: (text) => print(`${text}\n`), stop: () => undefined };
  };
  return { row, setStatus: () => undefined, print, aside: (write) => write(), stop: () => undefined };
}
