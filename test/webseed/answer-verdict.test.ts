import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ProtocolError } from '../../src/errors.ts';
import { parseHead } from '../../src/webseed/answer-reader.ts';
import { retryAfterMs, type Verdict, verdictOn } from '../../src/webseed/answer-verdict.ts';
import { mutate, seededRandom } from '../support/mutation.ts';

const range = { begin: 100, end: 200, fileLength: 1000 };

function verdict(status: number, fields: readonly string[] = [], wanted = range): Verdict {
  return verdictOn(parseHead([`HTTP/1.1 ${status} x`, ...fields]), wanted, 0);
}

const cases: readonly [status: number, fields: string[], kind: Verdict['kind'], more?: Partial<Record<string, unknown>>][] = [
  [206, ['Content-Range: bytes 100-199/1000'], 'content', { skip: 0, isWhole: false }],
  [206, ['Content-Range: bytes 100-150/1000'], 'content'],
  [206, ['Content-Range: bytes 100-199/*'], 'content'],
  [206, ['Content-Range: bytes 0-99/1000'], 'failed'],
  [206, ['Content-Range: bytes 100-200/1000'], 'failed'],
  [206, ['Content-Range: bytes 100-99/1000'], 'failed'],
  [206, ['Content-Range: bytes 100-199/1001'], 'gone'],
  [206, ['Content-Range: lines 1-2/3'], 'failed'],
  [206, [], 'failed'],
  [206, ['Content-Range: bytes 100-199/1000', 'Content-Encoding: gzip'], 'failed'],
  [200, ['Content-Length: 1000'], 'content', { skip: 100, isWhole: true }],
  [200, [], 'content', { skip: 100, isWhole: true }],
  [200, ['Content-Length: 999'], 'gone'],
  [301, ['Location: /x'], 'redirect', { location: '/x' }],
  [302, [], 'failed'],
  [304, ['Location: /x'], 'failed'],
  [404, [], 'gone'],
  [403, [], 'gone'],
  [416, [], 'gone'],
  [429, ['Retry-After: 7'], 'busy', { retryMs: 7000 }],
  [503, [], 'busy', { retryMs: undefined }],
  [500, [], 'failed'],
];
for (const [status, fields, kind, more = {}] of cases) {
  test(`${status} with ${JSON.stringify(fields)}: ${kind}`, () => {
    const found = verdict(status, fields);
    assert.deepEqual({ ...found, kind, ...more }, found);
  });
}

test('a whole file is not read up to a range that is far in it', () => {
  const far = { begin: 2_000_000, end: 2_000_100, fileLength: 3_000_000 };
  assert.deepEqual(verdict(200, [], far), { kind: 'failed', message: 'it knows no ranges' });
});

test('only the range that was asked for, or its beginning, is content, whatever the server says', () => {
  fc.assert(
    fc.property(fc.nat(1100), fc.nat(1100), fc.nat(1100), (first, last, length) => {
      const found = verdict(206, [`Content-Range: bytes ${first}-${last}/${length}`]);
      assert.equal(found.kind === 'content', first === 100 && last >= 100 && last < 200 && length === 1000);
    }),
  );
});

test('Retry-After is seconds or a date, a second at least and an hour at most', () => {
  const now = Date.parse('2026-11-21T10:00:00Z');
  const values = ['0', '30', '999999999', 'Sat, 21 Nov 2026 10:00:10 GMT', 'Sat, 21 Nov 2020 10:00:10 GMT', 'soon', '-1'];
  assert.deepEqual(values.map((value) => retryAfterMs(value, now)).slice(0, 6), [1_000, 30_000, 3_600_000, 10_000, 1_000, undefined]);
  fc.assert(
    fc.property(fc.string(), (value) => {
      const waitMs = retryAfterMs(value, now);
      assert.ok(waitMs === undefined || (waitMs >= 1_000 && waitMs <= 3_600_000));
    }),
  );
});

test('20 000 mutated heads are judged or refused, and lead to no bytes but those of the file', () => {
  const random = seededRandom(29);
  const telling = Buffer.from('0123456789/-*: bytesHTP');
  for (let round = 0; round < 20_000; round++) {
    const [status, fields] = cases[round % cases.length] as (typeof cases)[number];
    const lines = Buffer.from([`HTTP/1.1 ${status} x`, ...fields].join('\n'), 'latin1');
    try {
      const head = parseHead(
        Buffer.from(mutate(lines, random, telling))
          .toString('latin1')
          .split('\n'),
      );
      const found = verdictOn(head, range, 0);
      if (found.kind === 'content') assert.deepEqual([found.skip, found.isWhole], head.status === 206 ? [0, false] : [100, true]);
      if (found.kind === 'busy') assert.ok((found.retryMs ?? 0) >= 0 && (found.retryMs ?? 0) <= 3_600_000);
    } catch (error) {
      assert.ok(error instanceof ProtocolError, String(error));
    }
  }
});
