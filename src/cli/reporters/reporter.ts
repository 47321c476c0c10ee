// How progress is shown, and lines beside it: the contract of the reporters.

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
