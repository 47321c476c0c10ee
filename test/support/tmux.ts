// A real terminal without anybody in front of it: one pane of a tmux server of its own, with what its screen shows.

import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { makeScratchDirectory, removeScratchDirectory } from './scratch.ts';

export interface ScreenOptions {
  readonly columns: number;
  readonly rows: number;
  readonly cwd: string;
  /** What runs in it: program and arguments. */
  readonly command: readonly string[];
  /** Set in its environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A terminal that a program runs in. Whoever opens it, closes it. */
export class TmuxScreen {
  readonly #directory = makeScratchDirectory();

  constructor({ columns, rows, cwd, command, env = {} }: ScreenOptions) {
    const variables = Object.entries(env).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
    // The screen stays to be looked at when the program has ended.
    const options = ['set-option', '-g', 'remain-on-exit', 'on', ';', 'set-option', '-g', 'default-terminal', 'screen-256color', ';'];
    this.#tmux(...options, 'new-session', '-d', '-x', String(columns), '-y', String(rows), '-c', cwd, ...variables, '--', ...command);
  }

  /** Types keys as tmux names them: text, `Enter`, `C-z`. */
  type(...keys: readonly string[]): void {
    this.#tmux('send-keys', ...keys);
  }

  resize(columns: number, rows: number): void {
    this.#tmux('resize-window', '-x', String(columns), '-y', String(rows));
  }

  /** The rows that are shown, without blanks at their ends; with `styled` colours as escape sequences. */
  rows(styled = false): string[] {
    return this.#tmux('capture-pane', '-p', ...(styled ? ['-e'] : []))
      .replace(/\n$/, '')
      .split('\n');
  }

  /** Column and row of the cursor, from 0. */
  cursor(): readonly [column: number, row: number] {
    const [column, row] = this.#tmux('display-message', '-p', '#{cursor_x} #{cursor_y}').trim().split(' ').map(Number);
    return [column ?? -1, row ?? -1];
  }

  /** Resolves when the screen's text matches; rejects with what it shows when it does not within 30 seconds. */
  async shows(pattern: RegExp): Promise<void> {
    const untilMs = performance.now() + 30_000;
    while (!pattern.test(this.rows().join('\n'))) {
      if (performance.now() > untilMs) throw new Error(`the screen does not show ${pattern}:\n${this.rows().join('\n')}`);
      await pause(50);
    }
  }

  close(): void {
    this.#tmux('kill-server');
    removeScratchDirectory(this.#directory);
  }

  #tmux(...args: readonly string[]): string {
    // Nothing that says how to draw comes from the terminal of whoever runs the tests; an empty FORCE_COLOR is not the same as none.
    const { TMUX: _tmux, CI: _ci, NO_COLOR: _plain, FORCE_COLOR: _coloured, ...env } = process.env;
    const server = ['-S', path.join(this.#directory, 'tmux'), '-f', '/dev/null'];
    return execFileSync('tmux', [...server, ...args], { encoding: 'utf8', env: { ...env, LC_ALL: 'C.UTF-8' }, timeout: 10_000 });
  }
}
