import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { InputError } from '../../src/errors.ts';
import { parseProxy, type Proxy } from '../../src/transport/proxy.ts';
import { mutate, seededRandom } from '../support/mutation.ts';

const all = ['socks5', 'http', 'https'] as const;
const parse = (text: string): Proxy => parseProxy(text, 'the proxy', all);

test('reads host, port, user and password', () => {
  for (const [text, name, credentials] of [
    ['socks5://h.example:9050', 'socks5://h.example:9050', undefined],
    ['SOCKS5H://H.example', 'socks5://h.example:1080', undefined],
    ['socks5://1.2.3.4:80', 'socks5://1.2.3.4:80', undefined],
    ['socks5://[2001:db8::1]:1080/', 'socks5://[2001:db8::1]:1080', undefined],
    ['http://h', 'http://h:80', undefined],
    ['https://h', 'https://h:443', undefined],
    ['https://h:80', 'https://h:80', undefined],
    ['socks5://me:secret@h:1', 'socks5://h:1', { user: 'me', password: 'secret' }],
    ['socks5://m%40e:s%3a%2F%C3%A9@h:1', 'socks5://h:1', { user: 'm@e', password: 's:/é' }],
    ['http://me@h', 'http://h:80', { user: 'me', password: '' }],
  ] as const) {
    const proxy = parse(text);
    assert.equal(proxy.name, name);
    assert.deepEqual(proxy.credentials, credentials);
  }
});

test('refuses anything else without repeating it', () => {
  for (const text of [
    '',
    'secret',
    'user:secret@host:1080',
    'socks4://user:secret@host:1080',
    'ftp://user:secret@host',
    'socks5://user:secret@',
    'socks5://user:secret@host:0',
    'socks5://user:secret@host:65536',
    'socks5://user:secret@host:1080/path',
    'socks5://user:secret@host:1080?query',
    'socks5://user:secret@host:1080#fragment',
    'socks5://user:secret%zz@host:1080',
    'socks5://secret@host:1080',
    'socks5://:secret@host:1080',
    `socks5://user:secret${'x'.repeat(255)}@host:1080`,
    'constructor://secret',
  ]) {
    assert.throws(
      () => parse(text),
      (error: unknown) =>
        error instanceof InputError && error.code === 'bad-argument' && !/secret|user:s/.test(inspect(error).replace(/at .*/g, '')),
      text,
    );
  }
  assert.throws(() => parseProxy('http://host', 'the proxy', ['socks5']), /not a kind of proxy/);
});

test('no dump of a proxy shows its password', () => {
  const proxy = parse('socks5://me:secret@h:1');
  assert.doesNotMatch(inspect(proxy, { depth: 9, showHidden: true }) + JSON.stringify(proxy), /secret/);
});

test('user and password come back from their percent-encoding', () => {
  const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(text, text, (user, password) => {
      const proxy = parse(`socks5://${encodeURIComponent(user)}:${encodeURIComponent(password)}@h`);
      assert.deepEqual(proxy.credentials, { user, password });
    }),
  );
});

test('survives 20 000 mutations', () => {
  const random = seededRandom(46);
  const input = Buffer.from('socks5://me:secret@[2001:db8::1]:1080/');
  for (let run = 0; run < 20_000; run++) {
    try {
      const { port } = parse(Buffer.from(mutate(input, random, Buffer.from(':/@[]%.0123456789'))).toString('latin1'));
      assert.ok(port >= 1 && port <= 65_535);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
    }
  }
});
