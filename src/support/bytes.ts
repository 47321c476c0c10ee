// Byte access stands here and nowhere else: big-endian integers, concatenation, comparison, hex. Pure.

/** The unsigned 16-bit big-endian integer at `offset`. The caller has checked that the bytes are there. */
export function readU16(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset] as number) << 8) | (bytes[offset + 1] as number);
}

/** The unsigned 32-bit big-endian integer at `offset`. The caller has checked that the bytes are there. */
export function readU32(bytes: Uint8Array, offset: number): number {
  return (
    (((bytes[offset] as number) << 24) |
      ((bytes[offset + 1] as number) << 16) |
      ((bytes[offset + 2] as number) << 8) |
      (bytes[offset + 3] as number)) >>>
    0
  );
}

/** Writes `value` (0 to 2^32 - 1) as an unsigned 32-bit big-endian integer at `offset`. */
export function writeU32(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value >>> 24;
  bytes[offset + 1] = (value >>> 16) & 0xff;
  bytes[offset + 2] = (value >>> 8) & 0xff;
  bytes[offset + 3] = value & 0xff;
}

/** Writes `value` (0 to 65 535) as an unsigned 16-bit big-endian integer at `offset`. */
export function writeU16(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value >>> 8;
  bytes[offset + 1] = value & 0xff;
}

/** One new array holding `parts` in order. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}

/** Whether both arrays hold the same bytes. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0;
}

/** Negative, 0 or positive: the order of their first difference; of two that begin alike the shorter comes first. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  return Buffer.compare(a, b);
}

/** Lower-case hex digits of `bytes`. */
export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

/** One character per byte (Latin-1): for byte strings used as keys and for ASCII text. */
export function toLatin1(bytes: Uint8Array): string {
  // To make a Buffer takes 300 ns; the key of a dictionary is read in 50.
  if (bytes.length <= shortBytes) return String.fromCharCode(...bytes);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

/** The UTF-8 bytes of `text`. */
export function fromText(text: string): Uint8Array {
  return Buffer.from(text, 'utf8');
}

const shortBytes = 16;
