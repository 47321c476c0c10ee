// What comes after the handshake of mse.ts: bytes in both directions, encrypted or not.

import type { Rc4 } from './rc4.ts';

/** How bytes go after the handshake. */
export interface MseChannel {
  /** `unencrypted`: the peer began with a plain BitTorrent handshake instead. */
  readonly method: 'rc4' | 'plaintext' | 'unencrypted';
  /** Of the torrent that the peer asks for, 20 bytes; undefined without encryption. */
  readonly infohash: Uint8Array | undefined;
  /** What the peer sent before it was known to be unencrypted. */
  readonly firstBytes: Uint8Array;
  /** Decrypts the peer's next bytes in place. */
  decrypt(bytes: Uint8Array): void;
  /** Our next bytes as they are to be sent: encrypted in an array of their own, or themselves. */
  encrypt(bytes: Uint8Array): Uint8Array;
}

/** After an encrypted handshake. */
export class CipherChannel implements MseChannel {
  readonly method: 'rc4' | 'plaintext';
  readonly infohash: Uint8Array;
  readonly firstBytes = new Uint8Array(0);
  readonly #theirs: Rc4;
  readonly #ours: Rc4;
  /** So many bytes of the peer are RC4 still: those it sent before it heard our choice are, whatever that was. */
  #encryptedLeft: number;

  /** `payloadLength`: how many bytes of the peer are RC4 though the method be plain. */
  constructor(method: 'rc4' | 'plaintext', infohash: Uint8Array, theirs: Rc4, ours: Rc4, payloadLength: number) {
    this.method = method;
    this.infohash = infohash;
    this.#theirs = theirs;
    this.#ours = ours;
    this.#encryptedLeft = method === 'rc4' ? Number.POSITIVE_INFINITY : payloadLength;
  }

  decrypt(bytes: Uint8Array): void {
    if (this.#encryptedLeft === 0) return;
    this.#theirs.apply(bytes.subarray(0, this.#encryptedLeft));
    this.#encryptedLeft -= Math.min(this.#encryptedLeft, bytes.length);
  }

  encrypt(bytes: Uint8Array): Uint8Array {
    if (this.method === 'plaintext') return bytes;
    const encrypted = new Uint8Array(bytes);
    this.#ours.apply(encrypted);
    return encrypted;
  }
}

/** After a plain BitTorrent handshake, of which `firstBytes` were read. */
export function unencrypted(firstBytes: Uint8Array): MseChannel {
  return { method: 'unencrypted', infohash: undefined, firstBytes, decrypt() {}, encrypt: (bytes) => bytes };
}
