// Reads the fields of a decoded dictionary by their types. Each failure is a BencodeError (`shape`) that names the field, what was expected
// and what came. A field's plain getter demands it; the `optional` one gives undefined when it is absent, but still refuses a wrong type.

import { toText } from '../support/text.ts';
import { type BencodeDict, type BencodeValue, isBytes, isDict, isList, shapeError } from './bencode-value.ts';

/** The bounds of an integer field, both included. */
export interface IntegerBounds {
  readonly min?: number;
  readonly max?: number;
}

/** A view of one dictionary. */
export class DictReader {
  readonly dict: BencodeDict;
  /** What the dictionary is, for messages: `info`, `file 3`. */
  readonly where: string;

  /** Throws BencodeError when `value` is not a dictionary. */
  constructor(value: BencodeValue | undefined, where: string) {
    if (!isDict(value)) throw shapeError(where, 'a dictionary', value);
    this.dict = value;
    this.where = where;
  }

  has(key: string): boolean {
    return this.dict.has(key);
  }

  bytes(key: string): Uint8Array {
    return this.optionalBytes(key) ?? this.#missing(key, 'a string');
  }

  optionalBytes(key: string): Uint8Array | undefined {
    const value = this.dict.get(key);
    if (value === undefined || isBytes(value)) return value;
    throw shapeError(this.#field(key), 'a string', value);
  }

  /** A string as UTF-8; ill-formed bytes become U+FFFD. Not yet printable. */
  text(key: string): string {
    return toText(this.bytes(key));
  }

  optionalText(key: string): string | undefined {
    const bytes = this.optionalBytes(key);
    return bytes === undefined ? undefined : toText(bytes);
  }

  integer(key: string, bounds: IntegerBounds = {}): number {
    return this.optionalInteger(key, bounds) ?? this.#missing(key, expectedInteger(bounds));
  }

  optionalInteger(key: string, bounds: IntegerBounds = {}): number | undefined {
    const value = this.dict.get(key);
    if (value === undefined) return undefined;
    const { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } = bounds;
    if (typeof value === 'number' && value >= min && value <= max) return value;
    throw shapeError(this.#field(key), expectedInteger(bounds), value);
  }

  list(key: string): readonly BencodeValue[] {
    return this.optionalList(key) ?? this.#missing(key, 'a list');
  }

  optionalList(key: string): readonly BencodeValue[] | undefined {
    const value = this.dict.get(key);
    if (value === undefined || isList(value)) return value;
    throw shapeError(this.#field(key), 'a list', value);
  }

  /** A reader of the dictionary `key`; `where` is how its messages call it. */
  dictionary(key: string, where = key): DictReader {
    return this.optionalDictionary(key, where) ?? this.#missing(key, 'a dictionary');
  }

  optionalDictionary(key: string, where = key): DictReader | undefined {
    const value = this.dict.get(key);
    if (value === undefined) return undefined;
    if (isDict(value)) return new DictReader(value, where);
    throw shapeError(this.#field(key), 'a dictionary', value);
  }

  #missing(key: string, expected: string): never {
    throw shapeError(this.#field(key), expected, undefined);
  }

  #field(key: string): string {
    return `"${key}" of ${this.where}`;
  }
}

function expectedInteger({ min, max }: IntegerBounds): string {
  if (min !== undefined && max !== undefined) return `an integer from ${min} to ${max}`;
  if (min !== undefined) return `an integer of at least ${min}`;
  return max === undefined ? 'an integer' : `an integer of at most ${max}`;
}
