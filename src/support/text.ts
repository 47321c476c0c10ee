// Text and raw bytes as JavaScript strings. Pure.

/** `bytes` as UTF-8; each ill-formed sequence becomes U+FFFD. A byte order mark stays. */
export function toText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

/** The bytes of a string that holds one character per byte: the inverse of `toLatin1`. */
export function fromLatin1(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}
