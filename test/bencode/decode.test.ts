import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { BencodeError, type BencodeValue } from '../../src/bencode/bencode-value.ts';
import { decode, decodeFirst } from '../../src/bencode/decode.ts';
import { encode } from '../../src/bencode/encode.ts';
import { mutate, seededRandom } from '../support/mutation.ts';

const limits = { bytes: 1_000_000, depth: 100, tokens: 10_000 };

function bytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'latin1'));
}

const table: readonly (readonly [text: string, value: BencodeValue])[] = [
  ['i0e', 0],
  ['i-42e', -42],
  ['i9007199254740991e', Number.MAX_SAFE_INTEGER],
  ['0:', bytes('')],
  ['4:\x00\xff:e', bytes('\x00\xff:e')],
  ['le', []],
  ['li1el1:aee', [1, [bytes('a')]]],
  ['de', new Map()],
  [
    'd1:ai1e1:bdee',
    new Map<string, BencodeValue>([
      ['a', 1],
      ['b', new Map()],
    ]),
  ],
  ['ld1:ali1eeelei2ee', [new Map([['a', [1]]]), [], 2]],
  ['d3:\xff\x00\x80i1ee', new Map([['\xff\x00\x80', 1]])],
  [
    'd9:__proto__d8:pollutedi1ee11:constructori1e8:toStringi2ee',
    new Map<string, BencodeValue>([
      ['__proto__', new Map([['polluted', 1]])],
      ['constructor', 1],
      ['toString', 2],
    ]),
  ],
  [
    'd3:\xef\xbf\xbdi1e6:efbfbdi2ee',
    new Map([
      ['\xef\xbf\xbd', 1],
      ['efbfbd', 2],
    ]),
  ],
];

for (const [text, value] of table) {
  test(`decodes ${JSON.stringify(text)}`, () => {
    assert.deepEqual(decode(bytes(text), limits), value);
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
  });
}

test('decodes a view into a larger buffer', () => {
  const large = Buffer.from('xxli1e3:abcexx');
  assert.deepEqual(decode(large.subarray(2, 12), limits), [1, bytes('abc')]);
});

test('gives byte strings of their own, which do not follow the input', () => {
  const input = bytes('3:abc');
  const value = decode(input, limits) as Uint8Array;
  input.fill(0);
  assert.deepEqual(value, bytes('abc'));
});

test('leaves the input as it was', () => {
  const input = bytes('d1:ad1:bleee');
  decode(input, limits);
  assert.deepEqual(input, bytes('d1:ad1:bleee'));
});

test('refuses bytes after the value', () => {
  assert.throws(() => decode(bytes('i1ei2e'), limits), /byte 3: 3 bytes after the value/);
});

test('decodes the first value and says where it ends', () => {
  const { value, end } = decodeFirst(bytes('d1:ai1eeREST'), limits);
  assert.deepEqual(value, new Map([['a', 1]]));
  assert.equal(end, 8);
});

for (const text of ['d1:ai1e1:ai2ee', 'd1:ai1e1:bi1e1:ai2ee', 'ld1:ad1:xi1e1:xi1eeee']) {
  test(`refuses the duplicate key in ${text}`, () => {
    assert.throws(
      () => decode(bytes(text), limits),
      (error) => error instanceof BencodeError && /twice in one dictionary/.test(error.message),
    );
  });
}

test('keeps the order of unsorted keys and says where it met them', () => {
  const { value, unsortedAt } = decodeFirst(bytes('d1:ad1:zi1e1:yi2eee'), limits);
  assert.equal(unsortedAt, 4);
  assert.deepEqual([...((value as Map<string, BencodeValue>).get('a') as Map<string, BencodeValue>).keys()], ['z', 'y']);
  assert.equal(decodeFirst(bytes('d1:ai1e2:aai1e1:bi1e1:\xffi1ee'), limits).unsortedAt, undefined);
});

/** Any value; keys are any bytes. */
const anyValue: fc.Arbitrary<BencodeValue> = fc.letrec<{ value: BencodeValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.maxSafeInteger(),
    fc.uint8Array({ maxLength: 20 }),
    fc.array(tie('value'), { maxLength: 5 }),
    fc
      .array(fc.tuple(fc.uint8Array({ maxLength: 6 }), tie('value')), { maxLength: 5 })
      .map((pairs) => new Map(pairs.map(([key, value]) => [Buffer.from(key).toString('latin1'), value]))),
  ),
})).value;

/** Maps in key order, as a canonical decode gives them; -0 as the 0 that it is written as. */
function canonical(value: BencodeValue): BencodeValue {
  if (typeof value === 'number') return value + 0;
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (Array.isArray(value)) return value.map(canonical);
  const dict = value as ReadonlyMap<string, BencodeValue>;
  return new Map([...dict].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, item]) => [key, canonical(item)]));
}

test('decoding what was encoded gives the value, and encoding it again the bytes', () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      const encoded = encode(value);
      const decoded = decode(encoded, limits);
      assert.deepEqual(decoded, canonical(value));
      assert.deepEqual(new Uint8Array(encode(decoded)), new Uint8Array(encoded));
    }),
    { numRuns: 500, seed: 1 },
  );
});

test('whatever is decoded from mutated input is what the input says, and all else is a BencodeError', () => {
  const random = seededRandom(7);
  const begun = performance.now();
  const seeds = [...table.map(([text]) => text), 'd4:infod6:lengthi5e4:name1:x12:piece lengthi16384e6:pieces20:01234567890123456789ee'].map(
    bytes,
  );
  let decodedCount = 0;
  for (let round = 0; round < 30_000 && performance.now() - begun < 1500; round++) {
    const input = mutate(seeds[round % seeds.length] as Uint8Array, random);
    let decoded: ReturnType<typeof decodeFirst>;
    try {
      decoded = decodeFirst(input, limits);
    } catch (error) {
      assert.ok(error instanceof BencodeError, `${Buffer.from(input).toString('latin1')}: ${String(error)}`);
      continue;
    }
    decodedCount++;
    if (decoded.unsortedAt === undefined) {
      assert.deepEqual(Buffer.from(encode(decoded.value)), Buffer.from(input.subarray(0, decoded.end)));
    }
  }
  assert.ok(decodedCount > 100, `${decodedCount} inputs were valid`);
});

test('random bytes are an error, never anything else', () => {
  const random = seededRandom(3);
  for (let round = 0; round < 2000; round++) {
    const input = Uint8Array.from({ length: 1 + (round % 64) }, () => Math.floor(random() * 256));
    try {
      decode(input, limits);
    } catch (error) {
      assert.ok(error instanceof BencodeError);
    }
  }
});
