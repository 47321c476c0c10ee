import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { ProtocolError } from '../../src/errors.ts';
import { announceUrl } from '../../src/tracker/announce-url.ts';
import type { AnnounceRequest } from '../../src/tracker/tracker-client.ts';

const request: AnnounceRequest = {
  infohash: Buffer.from('123456789abcdef123456789abcdef123456789a', 'hex'),
  peerId: Buffer.from('-tN0100-abc.-_~*()! ', 'latin1'),
  port: 6881,
  uploaded: 1,
  downloaded: 2,
  left: 2 ** 48 - 1,
  event: 'started',
  numwant: 200,
  key: '0a1b2c3d',
  trackerId: undefined,
};

test('an announce has every field, with bytes escaped one by one', () => {
  assert.equal(
    announceUrl(new URL('http://tracker.example:6969/announce'), request).href,
    'http://tracker.example:6969/announce?info_hash=%124Vx%9A%BC%DE%F1%23Eg%89%AB%CD%EF%124Vx%9A' +
      '&peer_id=-tN0100-abc.-_~%2A%28%29%21%20&port=6881&uploaded=1&downloaded=2&left=281474976710655' +
      '&compact=1&numwant=200&key=0a1b2c3d&event=started',
  );
});

test('a regular announce has no event; a tracker id is given back byte for byte', () => {
  const { search } = announceUrl(new URL('http://t.example/announce'), {
    ...request,
    event: undefined,
    trackerId: Uint8Array.of(0x00, 0x26, 0xff, 0x41),
  });
  assert.ok(!search.includes('event='));
  assert.ok(search.endsWith('&trackerid=%00%26%FFA'));
});

test('escaped bytes come back as they were, whatever they are', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 20, maxLength: 20 }), (infohash) => {
      const { search } = announceUrl(new URL('http://t.example/announce'), { ...request, infohash });
      const escaped = /[?&]info_hash=([^&]*)/.exec(search)?.[1] ?? '';
      assert.match(escaped, /^(?:%[0-9A-F]{2}|[A-Za-z0-9._~-])*$/);
      const bytes = escaped.replace(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
      assert.deepEqual(Buffer.from(bytes, 'latin1'), Buffer.from(infohash));
    }),
  );
});

test("the tracker's own query is kept as it stands, and the fragment is not sent", () => {
  const url = announceUrl(new URL('http://t.example/announce.php?passkey=a%2Fb+c&x#frag'), request);
  assert.ok(url.href.startsWith('http://t.example/announce.php?passkey=a%2Fb+c&x&info_hash='));
  assert.equal(url.hash, '');
});

test("a tracker's key of its own is not doubled", () => {
  const { search } = announceUrl(new URL('http://t.example/announce?key=secret'), request);
  assert.deepEqual(search.match(/key=[^&]*/g), ['key=secret']);
});

for (const name of ['info_hash', 'peer_id', 'port', 'uploaded', 'downloaded', 'left', 'event', '%69nfo_hash']) {
  test(`refuses a tracker's URL that says ${name} itself`, () => {
    assert.throws(() => announceUrl(new URL(`http://t.example/announce?a=b&${name}=1`), request), ProtocolError);
  });
}
