// Characters that a terminal obeys or that an eye misses: one list for what is shown (printable.ts) and for what becomes a name on disk
// (metainfo/path-rules.ts). Each is the inside of a character class of a regular expression with the flag `u`.

/** Controls (C0, DEL, C1; newlines among them), and the separators of lines and of paragraphs. */
export const controls = '\\p{Cc}\\p{Zl}\\p{Zp}';

/** Bidi controls, zero-width characters, soft hyphens, byte order marks, tags; and lone surrogates. */
export const invisibles = '\\p{Cf}\\p{Cs}';
