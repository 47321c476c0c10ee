// Values to canonical bytes (BEP 3, "bencoding"): the npm package `bencode` writes integers and strings; lists and dictionaries are put
// together here, since the package sorts keys as UTF-16 text and cannot write a binary one.

import bencode from 'bencode';
import { assert } from '../errors.ts';
import { concatBytes } from '../support/bytes.ts';
import { fromLatin1 } from '../support/text.ts';
import { type BencodeValue, isBytes, isDict } from './bencode-value.ts';

const d = fromLatin1('d');
const l = fromLatin1('l');
const e = fromLatin1('e');

/** The canonical bencoding of `value`, keys sorted by their bytes. Throws InvariantError for a number that is no safe integer. */
export function encode(value: BencodeValue): Uint8Array {
  const parts = new Parts();
  append(parts, value);
  return parts.joined();
}

/** As many parts as there are keys and values take a hundred times their bytes, so they are joined from time to time. */
class Parts {
  readonly #joined: Uint8Array[] = [];
  #recent: Uint8Array[] = [];

  push(part: Uint8Array): void {
    if (this.#recent.push(part) >= 4096) this.#join();
  }

  joined(): Uint8Array {
    this.#join();
    return concatBytes(this.#joined);
  }

  #join(): void {
    this.#joined.push(concatBytes(this.#recent));
    this.#recent = [];
  }
}

function append(parts: Parts, value: BencodeValue): void {
  if (typeof value === 'number') {
    assert(Number.isSafeInteger(value), `bencoding the number ${value}`);
    parts.push(bencode.encode(value));
  } else if (isBytes(value)) {
    parts.push(bencode.encode(value));
  } else if (isDict(value)) {
    parts.push(d);
    // JavaScript sorts by UTF-16 units, which for Latin-1 keys are their bytes.
    for (const key of [...value.keys()].sort()) {
      parts.push(bencode.encode(fromLatin1(key)));
      append(parts, value.get(key) as BencodeValue);
    }
    parts.push(e);
  } else {
    parts.push(l);
    for (const item of value) append(parts, item);
    parts.push(e);
  }
}
