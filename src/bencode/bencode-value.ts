// What bencode can say (BEP 3, "bencoding"), and the one error of everything that reads it.

import { printable } from '../support/printable.ts';

/** A decoded value. Byte strings stay bytes: whether they are text is the reader's business. Integers are safe integers. */
export type BencodeValue = number | Uint8Array | readonly BencodeValue[] | BencodeDict;

/** A dictionary in the order it was written; keys are the raw key bytes, one character per byte (Latin-1). */
export type BencodeDict = ReadonlyMap<string, BencodeValue>;

/**
 * Bytes that are not strict bencode (`syntax`), or are, but not what the reader needs (`shape`). Who reads on whose behalf turns it into
 * the error of that party: InputError for a file, ProtocolError for a remote.
 */
export class BencodeError extends Error {
  readonly kind: 'syntax' | 'shape';

  constructor(kind: 'syntax' | 'shape', message: string) {
    super(message);
    this.name = 'BencodeError';
    this.kind = kind;
  }
}

/** The error for bytes that break the grammar or a limit, `offset` bytes from the start. */
export function syntaxError(offset: number, problem: string): BencodeError {
  return new BencodeError('syntax', `bencode error at byte ${offset}: ${problem}`);
}

/** The error for a value that is not what the reader needs; `where` names the field. */
export function shapeError(where: string, expected: string, found: BencodeValue | undefined): BencodeError {
  return new BencodeError('shape', `${where}: expected ${expected}, found ${describe(found)}`);
}

/** Whether `value` is a dictionary. */
export function isDict(value: BencodeValue | undefined): value is BencodeDict {
  return value instanceof Map;
}

/** Whether `value` is a list. */
export function isList(value: BencodeValue | undefined): value is readonly BencodeValue[] {
  return Array.isArray(value);
}

/** Whether `value` is a byte string. */
export function isBytes(value: BencodeValue | undefined): value is Uint8Array {
  return value instanceof Uint8Array;
}

function describe(value: BencodeValue | undefined): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'number') return `the integer ${value}`;
  if (isBytes(value)) return value.length <= 40 ? `the string "${printable(value)}"` : `a string of ${value.length} bytes`;
  if (isDict(value)) return 'a dictionary';
  return `a list of ${value.length}`;
}
