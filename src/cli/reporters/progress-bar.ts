// Progress as a bar that is redrawn in place, for terminals. The only importer of cli-progress, which draws; the line's text is made here.

import cliProgress from 'cli-progress';

import { formatPercent } from '../format.ts';
import { OneLine } from './one-line.ts';
import type { ProgressView, Reporter } from './reporter.ts';

/** The terminal to draw on. */
interface Screen {
  readonly stream: NodeJS.WriteStream;
  write(text: string): void;
}

/** Progress as a bar. */
export class ProgressBar implements Reporter {
  readonly #screen: Screen;
  readonly #bar: cliProgress.SingleBar;
  #view: ProgressView = { doneBytes: 0, totalBytes: 0, facts: [] };
  #isDrawn = false;

  constructor(screen: Screen) {
    this.#screen = screen;
    const options = {
      terminal: new OneLine(screen.stream),
      format: (_options: unknown, params: { readonly maxWidth: number }) => barLine(this.#view, params.maxWidth),
      fps: 5,
      clearOnComplete: true,
      // The terminal's own settings are left alone, so that a crash, a `kill -9` or Ctrl-Z can leave nothing behind that must be undone:
      // the cursor stays visible, and lines are cut to the width here instead of switching the terminal's wrapping off.
      hideCursor: false,
      linewrap: true,
      gracefulExit: false,
    };
    this.#bar = new cliProgress.SingleBar(options);
  }

  show(view: ProgressView): void {
    this.#view = view;
    if (this.#isDrawn) {
      this.#bar.setTotal(view.totalBytes);
      this.#bar.update(view.doneBytes);
    } else {
      this.#isDrawn = true;
      this.#bar.start(view.totalBytes, view.doneBytes);
    }
  }

  line(text: string): void {
    // Taken down and drawn anew below the line.
    const wasDrawn = this.#isDrawn;
    this.stop();
    this.#screen.write(`${text}\n`);
    if (wasDrawn) this.show(this.#view);
  }

  stop(): void {
    if (!this.#isDrawn) return;
    this.#isDrawn = false;
    this.#bar.stop();
  }
}

const gap = '  ';
const widestBar = 40;
const narrowestBar = 8;
/** Columns left free: for the `^C` that a terminal echoes, which must not wrap, and the last one, where some terminals wrap by themselves. */
const margin = 3;

/**
 * `42.1%  [=====-----]  12.3 MiB/s  ETA 1m30s  8 peers` in at most `width` columns, less a margin. The bar takes the room that
 * is left; when there is too little for it, facts are left out from the end.
 */
export function barLine(view: ProgressView, width: number): string {
  const room = Math.max(0, width - margin);
  const percent = formatPercent(view.doneBytes, view.totalBytes).padStart(6);
  const facts = [...view.facts];
  const roomForBar = (): number => room - [percent, '', ...facts].join(gap).length;
  while (facts.length > 0 && roomForBar() < narrowestBar) facts.pop();
  if (roomForBar() < narrowestBar) return percent.slice(0, room);
  const cells = Math.min(roomForBar(), widestBar) - 2;
  const share = view.totalBytes <= 0 ? 1 : Math.min(Math.max(view.doneBytes / view.totalBytes, 0), 1);
  const filled = Math.floor(share * cells);
  return [percent, `[${'='.repeat(filled)}${'-'.repeat(cells - filled)}]`, ...facts].join(gap);
}
