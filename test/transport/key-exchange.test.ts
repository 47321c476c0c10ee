import assert from 'node:assert/strict';
import { createDiffieHellman } from 'node:crypto';
import { describe, it } from 'node:test';
import type { Random } from '../../src/support/random.ts';
import { makeKeys } from '../../src/transport/key-exchange.ts';
import { mseKeyBytes, msePrime } from '../../src/wire/mse.ts';

/** Gives private keys that were searched for, in order. */
function drawing(...numbers: readonly number[]): Random {
  const left = [...numbers];
  return {
    bytes: (length) => privateKey(left.shift() ?? assert.fail('one key too many'), length),
    fraction: () => assert.fail('no choice to make'),
  };
}

function privateKey(number: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  bytes[0] = 1;
  bytes.writeUInt16BE(number, length - 2);
  return bytes;
}

/** The public key as OpenSSL gives it. */
function publicKeyOf(number: number): Buffer {
  const pair = createDiffieHellman(msePrime, 'hex', 2);
  pair.setPrivateKey(privateKey(number, 20));
  return pair.generateKeys();
}

/** Their public keys begin with 19, and with a zero. */
const [looksPlain, isShort, usual] = [47, 623, 1];

describe('keys of encrypted connections', () => {
  it('does not keep a public key that looks like a plain handshake', () => {
    assert.equal(publicKeyOf(looksPlain)[0], 19);
    const [keys, others] = [makeKeys(drawing(looksPlain, usual)), makeKeys(drawing(isShort))];
    assert.deepEqual(Buffer.from(keys.publicKey), publicKeyOf(usual));
    assert.deepEqual(keys.secretWith(others.publicKey), others.secretWith(keys.publicKey));
  });

  it('says small numbers at full length', () => {
    assert.equal(publicKeyOf(isShort).length, mseKeyBytes - 1);
    const keys = makeKeys(drawing(isShort));
    assert.deepEqual(Buffer.from(keys.publicKey), Buffer.concat([Buffer.alloc(1), publicKeyOf(isShort)]));
    // Shared with the generator, whose private key is 1, the secret is the public key.
    const generator = new Uint8Array(mseKeyBytes).fill(2, mseKeyBytes - 1);
    assert.deepEqual(keys.secretWith(generator), keys.publicKey);
  });
});
