// The strict scanner that runs before every decode (BEP 3, "bencoding"). It accepts canonical integers and string lengths only, holds the
// input to its limits, never allocates by a declared length and never recurses, so that no input can hang, overflow or outgrow us.
// It does not look at the order of keys, nor for duplicates: decode.ts sees the keys.

import { toLatin1 } from '../support/bytes.ts';
import { syntaxError } from './bencode-value.ts';

/** What a sender may ask of us. */
export interface BencodeLimits {
  /** Length of the whole input. */
  readonly bytes: number;
  /** Containers within containers. */
  readonly depth: number;
  /** Keys and values, containers counted. */
  readonly tokens: number;
}

/** A part of the input, half-open. */
export interface Span {
  readonly begin: number;
  readonly end: number;
}

/** What the scanner found out about the value at the start of the input. */
export interface Scan {
  /** Just behind the value. */
  readonly end: number;
  /** Where each list and dictionary begins, outer before inner. */
  readonly containers: readonly number[];
  /** Where the value of each key that was asked for is, as far as it is there. */
  readonly spans: readonly (Span | undefined)[];
}

const letterD = 0x64;
const letterE = 0x65;
const letterI = 0x69;
const letterL = 0x6c;
const colon = 0x3a;
const minus = 0x2d;
const zero = 0x30;

/** Where the scanner stands in the innermost open container. */
type Expecting = 'list item' | 'key' | 'value of key';

/**
 * Scans one value at `begin` of `bytes`; what follows it is the caller's business. `spanKeys` are keys (Latin-1) whose values' raw bytes are
 * to be found: the first of the outermost dictionary, each other of the dictionary that is the value of the one before. Throws BencodeError
 * (`syntax`).
 */
export function scan(bytes: Uint8Array, limits: BencodeLimits, spanKeys: readonly string[] = [], begin = 0): Scan {
  return new Scanner(bytes, limits, spanKeys).scan(begin);
}

/** Scans values of the same bytes one by one: to make a scanner takes longer than to scan a small value. */
export class Scanner {
  readonly #bytes: Uint8Array;
  readonly #limits: BencodeLimits;
  #containers: number[] = [];
  readonly #open: Expecting[] = [];
  readonly #spanKeys: readonly string[];
  /** Where the values begin that are asked for and have not ended yet. */
  readonly #spanBegins: (number | undefined)[];
  #spans: (Span | undefined)[] = [];
  #tokens = 0;
  #at = 0;

  constructor(bytes: Uint8Array, limits: BencodeLimits, spanKeys: readonly string[]) {
    if (bytes.length > limits.bytes) throw syntaxError(limits.bytes, `more than the ${limits.bytes} bytes allowed`);
    this.#bytes = bytes;
    this.#limits = limits;
    this.#spanKeys = spanKeys;
    this.#spanBegins = spanKeys.map(() => undefined);
  }

  /** As the function `scan`. */
  scan(begin: number): Scan {
    this.#at = begin;
    this.#tokens = 0;
    this.#containers = [];
    this.#spans = this.#spanKeys.map(() => undefined);
    do {
      const expecting = this.#open.at(-1);
      if (expecting !== undefined && this.#bytes[this.#at] === letterE) this.#close(expecting);
      else if (expecting === 'key') this.#key();
      else this.#value();
    } while (this.#open.length > 0);
    return { end: this.#at, containers: this.#containers, spans: this.#spans };
  }

  #close(expecting: Expecting): void {
    if (expecting === 'value of key') throw syntaxError(this.#at, 'a key without a value');
    this.#at++;
    this.#open.pop();
    this.#valueDone();
  }

  #key(): void {
    this.#countToken();
    if (!isDigit(this.#bytes[this.#at])) throw this.#unexpected('a key or the end of the dictionary');
    const begin = this.#string();
    const level = this.#open.length - 1;
    this.#open[level] = 'value of key';
    if (level < this.#spanKeys.length && this.#isSpanKey(begin, level)) this.#spanBegins[level] = this.#at;
  }

  #value(): void {
    this.#countToken();
    const first = this.#bytes[this.#at];
    if (first === letterD || first === letterL) return this.#openContainer(first === letterD ? 'key' : 'list item');
    if (first === letterI) this.#integer();
    else if (isDigit(first)) this.#string();
    else throw this.#unexpected('a value');
    this.#valueDone();
  }

  #openContainer(expecting: Expecting): void {
    if (this.#open.length >= this.#limits.depth) throw syntaxError(this.#at, `nesting exceeds ${this.#limits.depth}`);
    this.#containers.push(this.#at);
    this.#open.push(expecting);
    this.#at++;
  }

  #valueDone(): void {
    const last = this.#open.length - 1;
    if (this.#open[last] !== 'value of key') return;
    this.#open[last] = 'key';
    const begin = this.#spanBegins[last];
    if (begin === undefined) return;
    this.#spans[last] = { begin, end: this.#at };
    this.#spanBegins[last] = undefined;
  }

  /** Whether the key is asked for that begins at `begin` and has just ended. */
  #isSpanKey(begin: number, level: number): boolean {
    const key = this.#spanKeys[level] as string;
    if (this.#at - begin !== key.length || (level > 0 && this.#spanBegins[level - 1] === undefined)) return false;
    return toLatin1(this.#bytes.subarray(begin, this.#at)) === key;
  }

  /** `i<digits>e`, canonical and a safe integer. */
  #integer(): void {
    this.#at++;
    const isNegative = this.#bytes[this.#at] === minus;
    if (isNegative) this.#at++;
    const begin = this.#at;
    const magnitude = this.#digits('an integer');
    if (isNegative && magnitude === 0) throw syntaxError(begin, 'an integer written as -0');
    if (this.#bytes[this.#at] !== letterE) throw this.#unexpected('a digit or the end of the integer');
    this.#at++;
  }

  /** `<length>:<bytes>`; returns where the bytes begin. */
  #string(): number {
    const lengthAt = this.#at;
    const length = this.#digits('a string length');
    if (this.#bytes[this.#at] !== colon) throw this.#unexpected('a digit or the colon behind a string length');
    const begin = this.#at + 1;
    const available = this.#bytes.length - begin;
    if (length > available) throw syntaxError(lengthAt, `a string of ${length} bytes where ${available} are left`);
    this.#at = begin + length;
    return begin;
  }

  /** One or more digits without a leading zero, as a safe integer. */
  #digits(what: string): number {
    const begin = this.#at;
    let value = 0;
    for (let byte = this.#bytes[this.#at]; isDigit(byte); byte = this.#bytes[++this.#at]) {
      if (value === 0 && this.#at > begin) throw syntaxError(begin, `${what} with a leading zero`);
      value = value * 10 + (byte - zero);
      if (value > Number.MAX_SAFE_INTEGER) throw syntaxError(begin, `${what} beyond ${Number.MAX_SAFE_INTEGER}`);
    }
    if (this.#at === begin) throw this.#unexpected('a digit');
    return value;
  }

  #countToken(): void {
    if (++this.#tokens > this.#limits.tokens) throw syntaxError(this.#at, `more than ${this.#limits.tokens} keys and values`);
  }

  #unexpected(expected: string): Error {
    const byte = this.#bytes[this.#at];
    const found = byte === undefined ? 'the end of the input' : `byte 0x${byte.toString(16).padStart(2, '0')}`;
    return syntaxError(this.#at, `expected ${expected}, found ${found}`);
  }
}

function isDigit(byte: number | undefined): byte is number {
  return byte !== undefined && byte >= zero && byte <= zero + 9;
}
