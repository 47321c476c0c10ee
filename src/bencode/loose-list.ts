// Decodes a dictionary whose bulk is one list, without ever holding the whole list decoded: a decoded value takes some hundred bytes, and
// a torrent's file list may hold millions of them.

import { concatBytes } from '../support/bytes.ts';
import type { BencodeValue } from './bencode-value.ts';
import { type Decoded, decodeEach, decodeFirst } from './decode.ts';
import { type BencodeLimits, type Span, scan } from './scan.ts';

const letterL = 0x6c;

/** What a sender may ask of us, with more for the scanner than for the decoder, which has memory to lose. */
export interface LooseLimits extends BencodeLimits {
  /** As `tokens`, for each item of the list and for all else. */
  readonly tokensAtOnce: number;
}

/** A value and, apart from it, the one long list in it. */
export interface DecodedLoosely extends Decoded {
  /** The list, which is empty in `value`; undefined when there is no such list. */
  readonly list: LooseList | undefined;
}

/**
 * `decodeFirst(bytes, limits, spanKey)`, but for the list `listKey` of the dictionary `spanKey`. All bytes are held to the grammar and the
 * limits at once; duplicate and unsorted keys in an item come up when it is reached. Throws BencodeError.
 */
export function decodeLoosely(bytes: Uint8Array, limits: LooseLimits, spanKey: string, listKey: string): DecodedLoosely {
  const atOnce = { ...limits, tokens: limits.tokensAtOnce };
  const { spans, end } = scan(bytes, limits, [spanKey, listKey]);
  const [span, list] = spans;
  if (span === undefined || list === undefined || bytes[list.begin] !== letterL) {
    return { ...decodeFirst(bytes, atOnce, spanKey), list: undefined };
  }
  const emptied = concatBytes([bytes.subarray(0, list.begin + 1), bytes.subarray(list.end - 1, end)]);
  const { value, unsortedAt } = decodeFirst(emptied, atOnce);
  const removed = list.end - list.begin - 2;
  return {
    value,
    end,
    span,
    unsortedAt: unsortedAt !== undefined && unsortedAt > list.begin ? unsortedAt + removed : unsortedAt,
    list: new LooseList(bytes, atOnce, list),
  };
}

/** A list whose items are decoded one at a time, again in each iteration. */
export class LooseList implements Iterable<BencodeValue> {
  /** As in `Decoded`, of the items so far. */
  unsortedAt: number | undefined;
  readonly #bytes: Uint8Array;
  readonly #limits: BencodeLimits;
  readonly #span: Span;

  constructor(bytes: Uint8Array, limits: BencodeLimits, span: Span) {
    this.#bytes = bytes;
    this.#limits = limits;
    this.#span = span;
  }

  *[Symbol.iterator](): Generator<BencodeValue> {
    const items = { begin: this.#span.begin + 1, end: this.#span.end - 1 };
    for (const { value, unsortedAt } of decodeEach(this.#bytes, this.#limits, items)) {
      this.unsortedAt ??= unsortedAt;
      yield value;
    }
  }
}
