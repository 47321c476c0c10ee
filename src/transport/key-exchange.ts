// This process's half of the key exchange of encrypted connections (wire/mse.ts). One pair of keys serves all of them: it takes
// 15 ms to make, since OpenSSL looks at the prime, and the secret shared with a peer 36 us.

import { createDiffieHellman } from 'node:crypto';
import { type Random, systemRandom } from '../support/random.ts';
import { type KeyExchange, mseKeyBytes, msePrime } from '../wire/mse.ts';

/** 160 bits, which fit the strength of a prime of 768; a longer key only takes longer. */
const privateKeyBytes = 20;
/** What a plain handshake begins with: the length of the protocol's name. */
const firstPlainByte = 19;

let made: KeyExchange | undefined;

/** Made when first used: most downloads meet no peer that encrypts. */
export const processKeys: KeyExchange = {
  get publicKey() {
    return keys().publicKey;
  },
  secretWith: (theirs) => keys().secretWith(theirs),
};

function keys(): KeyExchange {
  made ??= makeKeys(systemRandom);
  return made;
}

/**
 * A fresh pair of keys. Its public key does not begin as a plain handshake does: Transmission 3.00 looks at no more than the first byte, and
 * would hang up on every connection that this process encrypts.
 */
export function makeKeys(random: Random): KeyExchange {
  const ours = createDiffieHellman(msePrime, 'hex', 2);
  for (;;) {
    ours.setPrivateKey(random.bytes(privateKeyBytes));
    const publicKey = padded(ours.generateKeys());
    if (publicKey[0] !== firstPlainByte) return { publicKey, secretWith: (theirs) => padded(ours.computeSecret(theirs)) };
  }
}

/** Big-endian numbers as the wire wants them: OpenSSL may leave zeros in front away. */
function padded(number: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(mseKeyBytes);
  bytes.set(number, mseKeyBytes - number.length);
  return bytes;
}
