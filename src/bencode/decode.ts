// Bytes to values: the strict scanner first, then the npm package `bencode`, which alone would hang, overflow the stack or round on bad
// input. It also spoils dictionaries (binary keys become hex, `__proto__` sets a prototype, of equal keys the last wins), so it never sees
// one: every dictionary is handed over as a list of keys and values, and made a Map here.

import bencode from 'bencode';
import { toLatin1 } from '../support/bytes.ts';
import { printable } from '../support/printable.ts';
import { type BencodeDict, type BencodeValue, syntaxError } from './bencode-value.ts';
import { type BencodeLimits, Scanner, type Span, scan } from './scan.ts';

const letterD = 0x64;
const letterE = 0x65;
const letterL = 0x6c;

/** A decoded value with what only its raw bytes tell. */
export interface Decoded {
  readonly value: BencodeValue;
  /** Just behind the value; what follows is the caller's business. */
  readonly end: number;
  /** Where the value of the key that was asked for is: an infohash is made over its raw bytes. */
  readonly span: Span | undefined;
  /** Where the first dictionary begins whose keys are not in sorted order, as BEP 3 demands. */
  readonly unsortedAt: number | undefined;
}

/** The value that `bytes` are, all of them. Throws BencodeError. */
export function decode(bytes: Uint8Array, limits: BencodeLimits): BencodeValue {
  const { value, end } = decodeFirst(bytes, limits);
  if (end < bytes.length) throw syntaxError(end, `${bytes.length - end} bytes after the value`);
  return value;
}

/**
 * The value at `begin` of `bytes`, which may go on (BEP 9 puts raw bytes behind a dictionary). `spanKey` is a key of the outermost
 * dictionary whose value's raw bytes are to be found. Throws BencodeError.
 */
export function decodeFirst(bytes: Uint8Array, limits: BencodeLimits, spanKey?: string, begin = 0): Decoded {
  const { end, containers, spans } = scan(bytes, limits, spanKey === undefined ? [] : [spanKey], begin);
  const [tree] = withoutDicts(bytes, { begin, end }, containers);
  const restorer = new DictRestorer(bytes, containers);
  return { value: restorer.restore(tree as FlatValue), end, span: spans[0], unsortedAt: restorer.unsortedAt };
}

/** So many bytes are handed to the package at a time: one call of it costs as much as some ten small values. */
const batchBytes = 16_384;

/** The values that follow each other in `span` of `bytes`, each held to the limits and decoded when it is its turn. Throws BencodeError. */
export function* decodeEach(bytes: Uint8Array, limits: BencodeLimits, span: Span): Generator<Pick<Decoded, 'value' | 'unsortedAt'>> {
  const scanner = new Scanner(bytes, limits, []);
  let end = span.begin;
  while (end < span.end) {
    const begin = end;
    const containers: number[] = [];
    while (end < span.end && end - begin < batchBytes) {
      const scanned = scanner.scan(end);
      for (const at of scanned.containers) containers.push(at);
      ({ end } = scanned);
    }
    const restorer = new DictRestorer(bytes, containers);
    for (const tree of withoutDicts(bytes, { begin, end }, containers)) {
      yield { value: restorer.restore(tree), unsortedAt: restorer.unsortedAt };
    }
  }
}

/** The values in `span`, as the package gives them when it sees no dictionary; `containers` are all lists and dictionaries there. */
function withoutDicts(bytes: Uint8Array, { begin, end }: Span, containers: readonly number[]): FlatValue[] {
  const list = Buffer.allocUnsafe(end - begin + 2);
  list[0] = letterL;
  list.set(bytes.subarray(begin, end), 1);
  list[list.length - 1] = letterE;
  for (const at of containers) list[at - begin + 1] = letterL;
  const values = bencode.decode(list) as FlatValue[];
  bencode.decode(Uint8Array.of(0x69, 0x30, 0x65)); // `i0e`: the package holds on to its last input, which may be large
  return values;
}

/** What the package returns when it sees no dictionary. */
type FlatValue = number | Uint8Array | FlatValue[];

/** Makes Maps of the lists that were dictionaries. Recursion is as deep as the scanner allowed. */
class DictRestorer {
  unsortedAt: number | undefined;
  readonly #bytes: Uint8Array;
  readonly #containers: readonly number[];
  #next = 0;

  constructor(bytes: Uint8Array, containers: readonly number[]) {
    this.#bytes = bytes;
    this.#containers = containers;
  }

  /** Visits containers in the scanner's order: outer before inner, as written. */
  restore(value: FlatValue): BencodeValue {
    if (!Array.isArray(value)) return value;
    const at = this.#containers[this.#next++] as number;
    if (this.#bytes[at] === letterD) return this.#dict(value, at);
    const list: BencodeValue[] = value; // restored in place: a copy of a long list would cost as much again
    value.forEach((item, index) => {
      list[index] = this.restore(item);
    });
    return list;
  }

  #dict(keysAndValues: readonly FlatValue[], at: number): BencodeDict {
    const dict = new Map<string, BencodeValue>();
    let previous = '';
    for (let i = 0; i < keysAndValues.length; i += 2) {
      const key = toLatin1(keysAndValues[i] as Uint8Array);
      if (dict.has(key)) throw syntaxError(at, `the key "${printable(key, 40)}" twice in one dictionary`);
      if (key < previous) this.unsortedAt ??= at;
      previous = key;
      dict.set(key, this.restore(keysAndValues[i + 1] as FlatValue));
    }
    return dict;
  }
}
