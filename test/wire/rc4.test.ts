import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { Rc4 } from '../../src/wire/rc4.ts';

const vectors = JSON.parse(readFileSync('fixtures/mse/vectors.json', 'utf8')) as { rc4: { key: string; from1024: string }[] };

describe('RC4', () => {
  it('begins with byte 1024 of the stream, as OpenSSL and others compute it', () => {
    for (const { key, from1024 } of vectors.rc4) {
      const stream = new Uint8Array(from1024.length / 2);
      new Rc4(Buffer.from(key, 'hex')).apply(stream);
      assert.equal(Buffer.from(stream).toString('hex'), from1024);
    }
  });

  it('gives the same however the bytes are cut and wherever they lie in memory', () => {
    const key = Buffer.from('a key');
    const whole = new Uint8Array(1000).map((_, index) => index % 251);
    new Rc4(key).apply(whole);
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 70 }), { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 0, max: 7 }),
        (cuts, shift) => {
          const bytes = new Uint8Array(1000 + shift).subarray(shift).map((_, index) => index % 251);
          const place = new Uint8Array(1008).subarray(shift, shift + 1000);
          place.set(bytes);
          const cipher = new Rc4(key);
          let at = 0;
          for (const length of [...cuts, 1000]) {
            cipher.apply(place.subarray(at, at + length));
            at = Math.min(at + length, 1000);
          }
          assert.deepEqual(place, whole);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('changes nothing but the bytes it was given', () => {
    const around = new Uint8Array(32).fill(7);
    new Rc4(Buffer.from('a key')).apply(around.subarray(5, 25));
    assert.ok([...around.subarray(0, 5), ...around.subarray(25)].every((byte) => byte === 7));
  });
});
