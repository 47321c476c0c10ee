// Text and raw bytes as JavaScript strings. Pure.

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** `bytes` as UTF-8; each ill-formed sequence becomes U+FFFD. A byte order mark stays. */
export function toText(bytes: Uint8Array): string {
  // Not through a Buffer: to make one takes 300 ns, more than all else that a name of a file costs.
  return utf8.decode(bytes);
}

/** The bytes of a string that holds one character per byte: the inverse of `toLatin1`. */
export function fromLatin1(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}
