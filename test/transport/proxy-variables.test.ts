import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { InputError } from '../../src/errors.ts';
import { proxiesOf, type Variables } from '../../src/transport/proxy-variables.ts';
import { mutate, seededRandom } from '../support/mutation.ts';

/** The proxy for `url`, or `direct`. */
function proxyFor(url: string, variables: Variables): string {
  return proxiesOf(variables)(new URL(url))?.name ?? 'direct';
}

test('each protocol has its variable, and ALL_PROXY stands in for both', () => {
  const variables = { HTTP_PROXY: 'http://a:1', HTTPS_PROXY: 'http://b:2', ALL_PROXY: 'socks5://c:3' };
  assert.equal(proxyFor('http://t.example/', variables), 'http://a:1');
  assert.equal(proxyFor('https://t.example/', variables), 'http://b:2');
  assert.equal(proxyFor('https://t.example/', { HTTP_PROXY: 'http://a:1' }), 'direct');
  assert.equal(proxyFor('https://t.example/', { ALL_PROXY: 'socks5h://c:3', HTTP_PROXY: '' }), 'socks5://c:3');
  assert.equal(proxyFor('http://t.example/', {}), 'direct');
});

test('the lower-case name wins, and a proxy may stand without its protocol', () => {
  assert.equal(proxyFor('http://t.example/', { HTTP_PROXY: 'http://a:1', http_proxy: 'b:2' }), 'http://b:2');
  assert.equal(proxyFor('https://t.example/', { https_proxy: 'user:pw@b:2' }), 'http://b:2');
});

test('a CGI script takes no proxy from a header of its client', () => {
  assert.equal(proxyFor('http://t.example/', { HTTP_PROXY: 'http://evil:1', REQUEST_METHOD: 'GET' }), 'direct');
  assert.equal(proxyFor('http://t.example/', { http_proxy: 'http://mine:1', REQUEST_METHOD: 'GET' }), 'http://mine:1');
});

test('what is on this machine is asked directly', () => {
  for (const url of ['http://localhost:80/', 'http://127.0.0.9/', 'http://[::1]/', 'http://2130706433/']) {
    assert.equal(proxyFor(url, { http_proxy: 'http://a:1' }), 'direct');
  }
});

test('NO_PROXY names whom to ask directly', () => {
  const cases: readonly (readonly [noProxy: string, url: string, isDirect: boolean])[] = [
    ['*', 'http://t.example/', true],
    ['t.example', 'http://t.example/', true],
    ['T.Example.', 'http://t.example./', true],
    ['example', 'http://t.example/', true],
    ['.example', 'http://t.example/', true],
    ['*.example', 'http://t.example/', true],
    ['xample', 'http://t.example/', false],
    ['t.example.org', 'http://t.example/', false],
    ['other, t.example', 'http://t.example/', true],
    ['other t.example', 'http://t.example/', true],
    ['t.example:80', 'http://t.example/', true],
    ['t.example:443', 'https://t.example/', true],
    ['t.example:8080', 'http://t.example/', false],
    ['1.2.3.4', 'http://1.2.3.4/', true],
    ['1.2.3.4', 'http://1.2.3.5/', false],
    ['1.2.0.0/16', 'http://1.2.3.4/', true],
    ['1.2.0.0/17', 'http://1.2.128.1/', false],
    ['1.2.0.0/99', 'http://1.2.0.0/', false],
    ['2001:db8::/33', 'http://[2001:db8:7fff::1]/', true],
    ['2001:db8::/33', 'http://[2001:db8:8000::1]/', false],
    ['[2001:db8::1]:80', 'http://[2001:db8::1]/', true],
    ['[2001:db8::1]', 'http://[2001:db8::1]/', true],
    ['3.4', 'http://1.2.3.4/', false],
    [', ,', 'http://t.example/', false],
  ];
  for (const [noProxy, url, isDirect] of cases) {
    assert.equal(
      proxyFor(url, { http_proxy: 'http://a:1', https_proxy: 'http://a:1', NO_PROXY: noProxy }) === 'direct',
      isDirect,
      `${noProxy} ${url}`,
    );
  }
  assert.equal(proxyFor('http://t.example/', { http_proxy: 'http://a:1', NO_PROXY: 't.example', no_proxy: 'u.example' }), 'http://a:1');
});

test('a block holds exactly the addresses that share its first bits', () => {
  const dotted = (number: number): string => [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join('.');
  // Not 127.0.0.0/8, which is direct in any case.
  const address = fc.integer({ min: 0x8000_0000, max: 0xffff_ffff });
  fc.assert(
    fc.property(address, address, fc.integer({ min: 0, max: 32 }), fc.boolean(), (base, other, bits, near) => {
      const asked = near ? (base ^ (other >>> Math.min(31, bits))) >>> 0 : other;
      const shares = Math.floor(base / 2 ** (32 - bits)) === Math.floor(asked / 2 ** (32 - bits));
      const isDirect = proxyFor(`http://${dotted(asked)}/`, { http_proxy: 'http://a:1', no_proxy: `${dotted(base)}/${bits}` }) === 'direct';
      // A shift of `other` may make a loopback address of it.
      if (asked >>> 24 !== 127) assert.equal(isDirect, shares);
    }),
  );
});

test('a variable that names no proxy is refused by its name, not by what it says', () => {
  assert.throws(
    () => proxiesOf({ https_proxy: 'ftp://me:secret@h' }),
    (error: unknown) => error instanceof InputError && /variable https_proxy/.test(error.message) && !error.message.includes('secret'),
  );
});

test('5 000 mutated variables name a proxy, or none, or are refused without being repeated', () => {
  const random = seededRandom(31);
  const telling = Buffer.from('@:/[].*,0123456789');
  const mutated = (text: string): string => Buffer.from(mutate(Buffer.from(text), random, telling)).toString('latin1');
  for (let round = 0; round < 5_000; round++) {
    const variables = {
      HTTP_PROXY: mutated('http://me:Secret77@[2001:db8::1]:3128'),
      NO_PROXY: mutated('10.0.0.0/8, .example.org:81,[::1]:80'),
    };
    try {
      const name = proxyFor(`http://${round % 2 === 0 ? '10.1.2.3' : 'www.example.org:81'}/`, variables);
      assert.doesNotMatch(name, /Secret/);
    } catch (error) {
      assert.ok(error instanceof InputError && !error.message.includes('Secret'), String(error));
    }
  }
});
