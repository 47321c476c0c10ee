// Colours, for terminals that want them. Nothing else in the output is a control sequence, but the progress bar's own.

/** Wraps a text in a colour, or leaves it as it is. */
export interface Paint {
  readonly red: Brush;
  readonly green: Brush;
  readonly yellow: Brush;
  readonly bold: Brush;
}

type Brush = (text: string) => string;

/**
 * Colours when the stream is a terminal that takes them, or FORCE_COLOR asks for them anyway; not when `--no-color` or NO_COLOR, which go
 * before FORCE_COLOR, forbid them.
 */
export function paintFor(output: { readonly isTerminal: boolean }, env: TerminalWishes, speech: { readonly color: boolean }): Paint {
  const isColored = speech.color && !env.noColor && (env.forceColor || (output.isTerminal && !env.dumbTerminal));
  const wrap =
    (begin: number, end: number): Brush =>
    (text) =>
      isColored ? `\x1b[${begin}m${text}\x1b[${end}m` : text;
  return { red: wrap(31, 39), green: wrap(32, 39), yellow: wrap(33, 39), bold: wrap(1, 22) };
}

interface TerminalWishes {
  readonly noColor: boolean;
  readonly forceColor: boolean;
  readonly dumbTerminal: boolean;
}
