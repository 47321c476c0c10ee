import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InputError } from '../../src/errors.ts';
import { parseHostAndPort } from '../../src/transport/resolve.ts';

for (const [text, host, port] of [
  ['127.0.0.1:6881', '127.0.0.1', 6881],
  ['[2001:db8::1]:1', '2001:db8::1', 1],
  ['[::ffff:10.0.0.1]:65535', '::ffff:10.0.0.1', 65_535],
  ['host.example:80', 'host.example', 80],
] as const) {
  test(`reads the peer ${text}`, () => assert.deepEqual(parseHostAndPort(text), { host, port }));
}

for (const text of [
  '',
  '127.0.0.1',
  ':80',
  '127.0.0.1:',
  '::1:6881',
  '[::1]',
  '[host]:80',
  '127.0.0.1:0',
  '127.0.0.1:65536',
  'a:1e3',
  'a b:80',
  'a/b:80',
  'http://a:80',
]) {
  test(`refuses the peer ${JSON.stringify(text)}`, () => {
    assert.throws(
      () => parseHostAndPort(text),
      (error) => error instanceof InputError && error.code === 'bad-argument' && /HOST:PORT.*1 to 65535/.test(error.message),
    );
  });
}
