// The progress of several torrents on a terminal: a line each, redrawn in place, never more of them than the terminal has rows. Not made with
// cli-progress, whose several bars scroll away when there are more than rows, and draw over each other in a terminal that became narrower.

import { safeLine } from '../safe-line.ts';
import { barLine } from './progress-bar.ts';
import type { ProgressView, Reporter } from './reporter.ts';

/** What it needs of the environment. */
interface Surroundings {
  readonly stderr: { readonly stream: Pick<NodeJS.WriteStream, 'columns' | 'rows'>; write(text: string): void };
  nowMs(): number;
}

/** Often enough to look alive, seldom enough to cost nothing. */
const redrawMs = 200;
const widestName = 30;

/** Lines of progress, and above them what is said. */
export class ProgressBoard {
  readonly #env: Surroundings;
  /** Names of those under way, cut to `widestName` columns, and how they stand; in the order of their beginning. */
  readonly #rows = new Map<Reporter, { readonly name: string; view: ProgressView }>();
  #drawn: readonly string[] = [];
  #drawnMs = Number.NEGATIVE_INFINITY;
  #status = '';
  /** How many write to the terminal beside us. */
  #others = 0;

  constructor(env: Surroundings) {
    this.#env = env;
  }

  /** The reporter of one torrent, which is shown from its first progress to its `stop`. */
  row(name: string): Reporter {
    const shownName = cutToColumns(safeLine(name), widestName);
    const reporter: Reporter = {
      show: (view) => {
        this.#rows.set(reporter, { name: shownName, view });
        this.#redraw();
      },
      line: (text) => this.print(`${text}\n`),
      stop: () => {
        if (this.#rows.delete(reporter)) this.#redraw();
      },
    };
    return reporter;
  }

  /** The line below the others: printable ASCII. */
  setStatus(text: string): void {
    this.#status = text;
    this.#redraw();
  }

  /** Writes whole lines above the progress. */
  print(text: string): void {
    this.#erase();
    this.#env.stderr.write(text);
    this.#draw();
  }

  /** Does `write`, which writes whole lines to the same terminal by another way. */
  async aside(write: () => Promise<void>): Promise<void> {
    this.#erase();
    this.#others++;
    try {
      await write();
    } finally {
      this.#others--;
      this.#draw();
    }
  }

  /** Removes what is drawn; nothing is drawn after that. */
  stop(): void {
    this.#rows.clear();
    this.#status = '';
    this.#erase();
  }

  #redraw(): void {
    if (this.#env.nowMs() - this.#drawnMs < redrawMs) return;
    this.#erase();
    this.#draw();
  }

  #draw(): void {
    if (this.#others > 0) return;
    const { columns, rows } = this.#env.stderr.stream;
    this.#drawn = boardLines([...this.#rows.values()], this.#status, columns || 80, rows || 24);
    this.#drawnMs = this.#env.nowMs();
    // No line end behind the last: it would scroll a full screen by one.
    this.#env.stderr.write(this.#drawn.join('\n'));
  }

  /** Terminals fold what they drew when they become narrower: then a line has become several. */
  #erase(): void {
    if (this.#drawn.length === 0) return;
    const width = this.#env.stderr.stream.columns || 80;
    const rowsAbove = this.#drawn.reduce((rows, line) => rows + Math.max(1, Math.ceil(columnsOf(line) / width)), -1);
    this.#drawn = [];
    this.#env.stderr.write(`${rowsAbove > 0 ? `\x1b[${rowsAbove}A` : ''}\x1b[1G\x1b[J`);
  }
}

/** At most `height` - 1 lines of at most `width` - 1 columns: the progress of as many as there is room for, then `status`. */
export function boardLines(
  rows: readonly { readonly name: string; readonly view: ProgressView }[],
  status: string,
  width: number,
  height: number,
): string[] {
  const room = Math.max(1, height - 1);
  const hidden = Math.max(0, rows.length - (room - (status === '' ? 0 : 1)));
  const shown = rows.slice(0, rows.length - hidden);
  const nameWidth = Math.min(Math.max(0, ...shown.map(({ name }) => columnsOf(name))), Math.floor(width / 3));
  const lines = shown.map(({ name, view }) => {
    const cut = cutToColumns(name, nameWidth);
    return `${cut}${' '.repeat(nameWidth - columnsOf(cut))} ${barLine(view, width - nameWidth - 1)}`;
  });
  const last = hidden > 0 && status !== '' ? `${status}, ${hidden} not shown` : status;
  return last === '' ? lines : [...lines, last.slice(0, width - 1)];
}

/** Two for each character that may be wide: too much rather than too little, so that no line is folded. */
function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) columns += (character.codePointAt(0) ?? 0) < 0x1100 ? 1 : 2;
  return columns;
}

function cutToColumns(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  let cut = '';
  for (const character of text) {
    if (columnsOf(cut + character) >= columns) break;
    cut += character;
  }
  return columns > 0 ? `${cut}~` : '';
}
