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
  /** Where the value of the key that was asked for is, when the outermost value is a dictionary that has it. */
  readonly span: Span | undefined;
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
 * Scans one value at `begin` of `bytes`; what follows it is the caller's business. `spanKey` is a key (Latin-1) of the outermost
 * dictionary whose value's raw bytes are to be found. Throws BencodeError (`syntax`).
 */
export function scan(bytes: Uint8Array, limits: BencodeLimits, spanKey?: string, begin = 0): Scan {
  if (bytes.length > limits.bytes) throw syntaxError(limits.bytes, `more than the ${limits.bytes} bytes allowed`);
  return new Scanner(bytes, limits, spanKey, begin).run();
}

class Scanner {
  readonly #bytes: Uint8Array;
  readonly #limits: BencodeLimits;
  readonly #containers: number[] = [];
  readonly #open: Expecting[] = [];
  readonly #spanKey: string | undefined;
  #spanBegin: number | undefined;
  #span: Span | undefined;
  #tokens = 0;
  #at: number;

  constructor(bytes: Uint8Array, limits: BencodeLimits, spanKey: string | undefined, begin: number) {
    this.#bytes = bytes;
    this.#limits = limits;
    this.#spanKey = spanKey;
    this.#at = begin;
  }

  run(): Scan {
    do {
      const expecting = this.#open.at(-1);
      if (expecting !== undefined && this.#bytes[this.#at] === letterE) this.#close(expecting);
      else if (expecting === 'key') this.#key();
      else this.#value();
    } while (this.#open.length > 0);
    return { end: this.#at, containers: this.#containers, span: this.#span };
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
    const key = this.#string();
    this.#open[this.#open.length - 1] = 'value of key';
    if (this.#open.length === 1 && this.#isSpanKey(key)) this.#spanBegin = this.#at;
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
    if (last > 0 || this.#spanBegin === undefined) return;
    this.#span = { begin: this.#spanBegin, end: this.#at };
    this.#spanBegin = undefined;
  }

  #isSpanKey({ begin, end }: Span): boolean {
    return end - begin === this.#spanKey?.length && toLatin1(this.#bytes.subarray(begin, end)) === this.#spanKey;
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

  /** `<length>:<bytes>`; returns where the bytes are. */
  #string(): Span {
    const lengthAt = this.#at;
    const length = this.#digits('a string length');
    if (this.#bytes[this.#at] !== colon) throw this.#unexpected('a digit or the colon behind a string length');
    const begin = this.#at + 1;
    const available = this.#bytes.length - begin;
    if (length > available) throw syntaxError(lengthAt, `a string of ${length} bytes where ${available} are left`);
    this.#at = begin + length;
    return { begin, end: this.#at };
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
