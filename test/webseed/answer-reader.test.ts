// Answers of HTTP/1.x: whole, byte by byte and cut at random; what is none is refused; mutated ones never do worse than that.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ProtocolError } from '../../src/errors.ts';
import { type AnswerHead, AnswerReader } from '../../src/webseed/answer-reader.ts';
import { mutate, seededRandom } from '../support/mutation.ts';

interface Heard {
  head: AnswerHead | undefined;
  body: string;
  ended: boolean;
}

/** What a reader tells of `chunks`, after which the connection ends if `closes`. */
function read(chunks: readonly Uint8Array[], closes = false): Heard {
  const heard: Heard = { head: undefined, body: '', ended: false };
  const reader = new AnswerReader({
    headRead: (head) => (heard.head = head),
    bodyRead: (chunk) => (heard.body += Buffer.from(chunk).toString('latin1')),
    bodyEnded: () => (heard.ended = true),
  });
  reader.expect();
  for (const chunk of chunks) reader.push(chunk);
  if (closes) reader.ended();
  return heard;
}

const ok = 'HTTP/1.1 200 OK\r\n';
const answers: readonly [what: string, text: string, status: number, body: string, keepsAlive: boolean, closes: boolean][] = [
  ['a body of known length', `${ok}Content-Length: 5\r\n\r\nhello`, 200, 'hello', true, false],
  ['no body', 'HTTP/1.1 204 No Content\r\n\r\n', 204, '', true, false],
  ['an empty body', `${ok}content-length:0\r\n\r\n`, 200, '', true, false],
  ['a body up to the end', `${ok}\r\nhello`, 200, 'hello', false, true],
  ['the old way', 'HTTP/1.0 206\r\nContent-Length: 2\r\n\r\nhi', 206, 'hi', false, false],
  ['the old way, kept', 'HTTP/1.0 206 x\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nhi', 206, 'hi', true, false],
  ['one that closes', `${ok}Connection: foo, close\r\nContent-Length: 2\r\n\r\nhi`, 200, 'hi', false, false],
  ['chunks', `${ok}Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nT: 1\r\n\r\n`, 200, 'hello', true, false],
  ['bare line feeds', 'HTTP/1.1 200 OK\nContent-Length: 2\n\nhi', 200, 'hi', true, false],
  [
    'interim answers before',
    `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103\r\nA: b\r\n\r\n${ok}Content-Length: 1\r\n\r\nx`,
    200,
    'x',
    true,
    false,
  ],
];
for (const [what, text, status, body, keepsAlive, closes] of answers) {
  test(`reads ${what}, however it is cut`, () => {
    const bytes = Buffer.from(text, 'latin1');
    const check = ({ head, body: found, ended }: Heard): void =>
      assert.deepEqual([head?.status, found, head?.keepsAlive, ended], [status, body, keepsAlive, true]);
    check(read([bytes], closes));
    check(
      read(
        [...bytes].map((byte) => Uint8Array.of(byte)),
        closes,
      ),
    );
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 6 }), (cuts) => {
        const borders = [0, ...cuts.sort((a, b) => a - b), bytes.length];
        check(
          read(
            borders.slice(1).map((end, i) => bytes.subarray(borders[i], end)),
            closes,
          ),
        );
      }),
    );
  });
}

const refused: readonly [text: string, message: RegExp][] = [
  ['SSH-2.0-OpenSSH\r\n\r\n', /not HTTP/],
  ['HTTP/2 200\r\n\r\n', /not HTTP/],
  ['HTTP/1.1 020 x\r\n\r\n', /not HTTP/],
  ['\r\n', /not HTTP/],
  [`${ok}no field\r\n\r\n`, /header field/],
  [`${ok}A: b\r\n folded\r\n\r\n`, /header field/],
  [`${ok}Content-Length: -1\r\n\r\n`, /length/],
  [`${ok}Content-Length: 99999999999999999999\r\n\r\n`, /length/],
  [`${ok}Content-Length: 1\r\nContent-Length: 2\r\n\r\n`, /two lengths/],
  [`${ok}Transfer-Encoding: gzip, chunked\r\n\r\n`, /packed/],
  [`${ok}Transfer-Encoding: chunked\r\n\r\n-1\r\n`, /without a size/],
  [`${ok}Transfer-Encoding: chunked\r\n\r\nfffffffffffff\r\n`, /without a size/],
  [`${ok}Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n`, /longer than/],
  [`${ok}Transfer-Encoding: chunked\r\n\r\n1;${'x'.repeat(2000)}`, /more than 1024/],
  [`${ok}Content-Length: 1\r\n\r\nab`, /more than was asked/],
  [`${ok}${'A: b\r\n'.repeat(200)}\r\n`, /too many/],
  [`${ok}A: ${'b'.repeat(70_000)}`, /more than 65536/],
  ['HTTP/1.1 100 x\r\n\r\n'.repeat(4000), /more than 65536/],
];
for (const [text, message] of refused) {
  test(`refuses ${JSON.stringify(text.slice(0, 60))}`, () => {
    const bytes = Buffer.from(text, 'latin1');
    const isRefusal = (error: unknown): boolean => error instanceof ProtocolError && message.test(error.message);
    assert.throws(() => read([bytes]), isRefusal);
    assert.throws(() => read([...bytes].map((byte) => Uint8Array.of(byte))), isRefusal);
  });
}

test('20 000 mutated answers are read or refused, and give no byte that was not sent', () => {
  const random = seededRandom(17);
  const telling = Buffer.from('\r\n:; 0123456789abcdefHTP/,');
  for (let round = 0; round < 20_000; round++) {
    const [, text] = answers[round % answers.length] as (typeof answers)[number];
    const bytes = mutate(Buffer.from(text, 'latin1'), random, telling);
    try {
      const { body } = read([bytes.subarray(0, round % 40), bytes.subarray(round % 40)], true);
      assert.ok(body.length <= bytes.length);
    } catch (error) {
      assert.ok(error instanceof ProtocolError, String(error));
    }
  }
});

test('tells nothing more once it was stopped within a call', () => {
  const heard: string[] = [];
  const reader: AnswerReader = new AnswerReader({
    headRead: () => reader.stop(),
    bodyRead: () => heard.push('body'),
    bodyEnded: () => heard.push('end'),
  });
  reader.expect();
  reader.push(Buffer.from(`${ok}Content-Length: 2\r\n\r\nhi and more`));
  assert.deepEqual(heard, []);
});
