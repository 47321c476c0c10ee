// What a person reads passes here: one line, nothing in it that moves a terminal's cursor, hides text or begins another line.

import { printable } from '../index.ts';

/** Longer than any path that a torrent may have; a longer text is cut. */
const longestLine = 8192;

/** `text` as one line that is safe for a terminal. */
export function safeLine(text: string): string {
  return printable(text, longestLine);
}
