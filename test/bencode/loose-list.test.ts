import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BencodeError, type BencodeValue } from '../../src/bencode/bencode-value.ts';
import { decodeFirst } from '../../src/bencode/decode.ts';
import { decodeLoosely } from '../../src/bencode/loose-list.ts';
import { fromLatin1 } from '../../src/support/text.ts';

const limits = { bytes: 1000, depth: 4, tokens: 40, tokensAtOnce: 20 };

function loosely(text: string): ReturnType<typeof decodeLoosely> {
  return decodeLoosely(fromLatin1(text), limits, 'o', 'l');
}

test('gives the list apart from a value that is otherwise whole', () => {
  const text = 'd1:ai1e1:od1:b1:x1:lli1eli2eed1:ki3eee1:m1:ye1:zi4eetrailing';
  const { value, list, span, end } = loosely(text);
  assert.deepEqual(value, decodeFirst(fromLatin1('d1:ai1e1:od1:b1:x1:lle1:m1:ye1:zi4ee'), limits).value);
  assert.deepEqual([...(list ?? [])], [1, [2], new Map<string, BencodeValue>([['k', 3]])]);
  assert.deepEqual([...(list ?? [])].length, 3, 'and once more');
  assert.equal(text.slice(span?.begin, span?.end), 'd1:b1:x1:lli1eli2eed1:ki3eee1:m1:ye');
  assert.equal(text.slice(end), 'trailing');
});

test('gives an empty list too', () => assert.deepEqual([...(loosely('d1:od1:llee1:zi4ee').list ?? [1])], []));

for (const text of ['i1e', 'de', 'd1:oi1ee', 'd1:olee', 'd1:ode1:zlee', 'd1:od1:li1eee', 'd1:od1:ldeee', 'd1:od1:xd1:llei1eeeee']) {
  test(`decodes what has no such list as a whole: ${text}`, () => {
    let expected: unknown;
    try {
      expected = { ...decodeFirst(fromLatin1(text), limits, 'o'), list: undefined };
    } catch {
      assert.throws(() => loosely(text), BencodeError);
      return;
    }
    assert.deepEqual(loosely(text), expected);
  });
}

test('knows where keys are unsorted: before, in and behind the list', () => {
  assert.equal(loosely('d1:od1:lli1eeee').unsortedAt, undefined);
  assert.equal(loosely('d1:od1:xi0e1:lli1eeee').unsortedAt, 4);
  const behind = 'd1:od1:lli1ei2ee1:md1:bi0e1:ai0eeee';
  assert.equal(loosely(behind).unsortedAt, behind.indexOf('d1:b'));
  const inside = 'd1:od1:lli1ed1:bi0e1:ai0eeeee';
  const { list, unsortedAt } = loosely(inside);
  assert.equal(unsortedAt, undefined);
  assert.equal([...(list ?? [])].length, 2);
  assert.equal(list?.unsortedAt, inside.indexOf('d1:b'));
});

test('refuses at once what breaks the grammar or a limit anywhere, and duplicate keys when they are reached', () => {
  for (const text of ['d1:od1:lli01eeee', 'd1:od1:llllleeeee', `d1:od1:ll${'i0e'.repeat(40)}eee`, 'd1:od1:lle1:llee']) {
    assert.throws(() => loosely(text), BencodeError, text);
  }
  assert.throws(() => loosely(`d1:od1:llee1:zl${'i0e'.repeat(20)}ee`), /more than 20 keys and values/);
  const text = 'd1:od1:lli1ed1:ai0e1:ai0eeeee';
  assert.throws(() => [...(loosely(text).list ?? [])], new RegExp(`at byte ${text.indexOf('d1:a')}: the key "a" twice`));
  assert.throws(() => [...(loosely(`d1:od1:lll${'i0e'.repeat(25)}eeee`).list ?? [])], /more than 20 keys and values/);
});

test('gives the same whether its items are decoded together or are too long for that', () => {
  const generous = { bytes: 10_000_000, depth: 4, tokens: 1_000_000, tokensAtOnce: 20 };
  const items = Array.from(
    { length: 300 },
    (_, i) => `d1:${i % 7 === 0 ? 'z' : 'a'}${1 + (i % 50) * 400}:${'x'.repeat(1 + (i % 50) * 400)}1:bi${i}ee`,
  );
  const { list } = decodeLoosely(fromLatin1(`d1:od1:ll${items.join('')}eee`), generous, 'o', 'l');
  const each = items.map((item) => decodeFirst(fromLatin1(item), generous));
  assert.deepEqual(
    [...(list ?? [])],
    each.map(({ value }) => value),
  );
  assert.equal(list?.unsortedAt, 'd1:od1:ll'.length);
});
