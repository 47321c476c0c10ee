// This process's half of the key exchange of encrypted connections (wire/mse.ts). One pair of keys serves all of them: it takes
// 15 ms to make, since OpenSSL looks at the prime, and the secret shared with a peer 36 us.

import { type DiffieHellman, createDiffieHellman } from 'node:crypto';
import { systemRandom } from '../support/random.ts';
import { type KeyExchange, mseKeyBytes, msePrime } from '../wire/mse.ts';

/** 160 bits, which fit the strength of a prime of 768; a longer key only takes longer. */
const privateKeyBytes = 20;

let made: { readonly ours: DiffieHellman; readonly publicKey: Uint8Array } | undefined;

/** Made when first used: most downloads meet no peer that encrypts. */
export const processKeys: KeyExchange = {
  get publicKey() {
    return keyPair().publicKey;
  },
  secretWith: (theirs) => padded(keyPair().ours.computeSecret(theirs)),
};

function keyPair(): NonNullable<typeof made> {
  if (made === undefined) {
    const ours = createDiffieHellman(msePrime, 'hex', 2);
    ours.setPrivateKey(systemRandom.bytes(privateKeyBytes));
    made = { ours, publicKey: padded(ours.generateKeys()) };
  }
  return made;
}

/** Big-endian numbers as the wire wants them: OpenSSL may leave zeros in front away. */
function padded(number: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(mseKeyBytes);
  bytes.set(number, mseKeyBytes - number.length);
  return bytes;
}
