// The one line of a terminal that a progress bar is drawn on, as cli-progress wants a terminal. Its own saves the cursor's place, which a
// scrolled or resized screen makes wrong, and takes the line for one row, which it no longer is when the terminal has become narrower:
// then terminals fold it into several.

/** A line that is drawn again and again. */
export class OneLine {
  readonly #stream: NodeJS.WriteStream;
  /** Characters drawn. */
  #length = 0;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  isTTY(): boolean {
    return this.#stream.isTTY;
  }

  getWidth(): number {
    return this.#stream.columns || 80;
  }

  /** To the beginning of the line. What the terminal has folded is removed: the cursor stands in the last of its rows. */
  cursorTo(): void {
    const rowsAbove = Math.max(0, Math.ceil(this.#length / this.getWidth()) - 1);
    this.#stream.write(rowsAbove > 0 ? `\x1b[${rowsAbove}A\x1b[1G\x1b[J` : '\x1b[1G');
    this.#length = 0;
  }

  write(text: string): void {
    const shown = text.slice(0, this.getWidth());
    this.#length = shown.length;
    this.#stream.write(shown);
  }

  clearRight(): void {
    this.#stream.write('\x1b[K');
  }

  clearLine(): void {
    this.#stream.write('\x1b[2K');
  }

  cursorSave(): void {
    // the line is wherever the cursor is
  }

  cursorRestore(): void {
    // nothing was saved
  }
}
