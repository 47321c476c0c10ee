// The handshake of Message Stream Encryption, which no BEP describes: it is Vuze's, and every client speaks it. Both sides exchange
// Diffie-Hellman keys among random padding, whoever dialled shows that it knows the infohash, and what follows is RC4 or plain. That hides
// BitTorrent from those who sort traffic by its looks; it is no secret from anyone who knows the torrent. A machine without I/O.
//
//   dialled -> accepted  <key: 96 bytes><padding: 0 to 512>
//   accepted -> dialled  <key: 96 bytes><padding: 0 to 512>
//   dialled -> accepted  <H("req1" S): 20><H("req2" infohash) xor H("req3" S): 20>
//                        RC4(<zeros: 8><methods offered: u32><length: u16><padding: 0 to 512><length: u16><first bytes of the payload>)
//   accepted -> dialled  RC4(<zeros: 8><method chosen: u32><length: u16><padding: 0 to 512>), then both in the way chosen
//
// S is the shared secret, 96 bytes; H is SHA-1. RC4 has the key H("keyA" S infohash) towards who accepted, H("keyB" S infohash) back.

import { createHash } from 'node:crypto';
import { ProtocolError, assert } from '../errors.ts';
import { concatBytes, equalBytes, readU16, readU32, writeU16, writeU32 } from '../support/bytes.ts';
import type { Random } from '../support/random.ts';
import { canBeHandshake, protocolHeaderBytes } from './handshake.ts';
import { CipherChannel, type MseChannel, unencrypted } from './mse-channel.ts';
import { OutgoingBytes } from './outgoing-bytes.ts';
import { Rc4 } from './rc4.ts';

/** The length of public keys and of the shared secret. */
export const mseKeyBytes = 96;

/** The prime of the key exchange, 768 bits; the generator is 2. */
export const msePrime =
  'ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404dd' +
  'ef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a63a36210000000000090563';

/** Whether connections are encrypted: never, where it helps, or always. */
export type EncryptionPolicy = 'off' | 'prefer' | 'require';

/** Our half of the key exchange. */
export interface KeyExchange {
  /** 96 bytes, big-endian; does not begin with 19, lest it be taken for a plain handshake. */
  readonly publicKey: Uint8Array;
  /** The secret that we share with whoever has the public key `theirs`, both of 96 bytes. */
  secretWith(theirs: Uint8Array): Uint8Array;
}

/** What every handshake needs. */
export interface MseOptions {
  readonly keys: KeyExchange;
  readonly random: Random;
  /** `require` accepts RC4 only; else plain bytes are preferred where both sides take them, since they cost nothing. */
  readonly policy: Exclude<EncryptionPolicy, 'off'>;
}

/** What the handshake has room for: its length takes two bytes. */
export const maxPayloadBytes = 65_535;

const maxPadding = 512;
const methods = { plaintext: 1, rc4: 2 } as const;
const zeros = new Uint8Array(8);
const smallestKey = new Uint8Array(mseKeyBytes).fill(2, mseKeyBytes - 1);
/** p - 2. */
const largestKey = Buffer.from(msePrime.replace(/3$/, '1'), 'hex');

/** One handshake, of either side. It keeps 512 bytes of what the peer sent, and takes at most 1 176. */
export class MseHandshake {
  /** Bytes to send, in order. */
  readonly outgoing = new OutgoingBytes();
  /** How to go on, once the handshake is done. */
  channel: MseChannel | undefined;
  readonly #steps: Steps;
  readonly #gathered = new Uint8Array(maxPadding);
  #length = 0;
  #needed = 0;

  private constructor(begin: (outgoing: OutgoingBytes) => Steps) {
    this.#steps = begin(this.outgoing);
    this.#advance(this.#gathered.subarray(0, 0));
  }

  /** For a connection that we made. `payload`, at most `maxPayloadBytes`, goes with the last of our handshake and saves a round trip. */
  static initiate(options: MseOptions, infohash: Uint8Array, payload: Uint8Array): MseHandshake {
    assert(payload.length <= maxPayloadBytes, 'more payload than the encrypted handshake can carry');
    return new MseHandshake((outgoing) => initiate(options, infohash, payload, outgoing));
  }

  /** For a connection that was made to us: encrypted for one of `infohashes`, or plain where the policy allows that. */
  static respond(options: MseOptions, infohashes: Iterable<Uint8Array>): MseHandshake {
    return new MseHandshake((outgoing) => respond(options, infohashes, outgoing));
  }

  /**
   * Takes the next bytes, which may be cut anywhere, and returns how many were of the handshake; the others are for `channel`. Keeps none of
   * `chunk`. Throws ProtocolError when they are no such handshake, or one that we cannot agree to.
   */
  push(chunk: Uint8Array): number {
    let at = 0;
    while (this.channel === undefined && at < chunk.length) {
      const taken = chunk.subarray(at, at + this.#needed - this.#length);
      this.#gathered.set(taken, this.#length);
      this.#length += taken.length;
      at += taken.length;
      if (this.#length === this.#needed) this.#advance(this.#gathered.subarray(0, this.#needed));
    }
    return at;
  }

  #advance(bytes: Uint8Array): void {
    const { done, value } = this.#steps.next(bytes);
    this.#length = 0;
    if (done === true) this.channel = value;
    else this.#needed = value;
  }
}

/** Yields how many bytes it needs next, 1 to 512, and gets them in an array that is used again after the next `yield`. */
type Steps = Generator<number, MseChannel, Uint8Array>;
type SubSteps<T> = Generator<number, T, Uint8Array>;

function* initiate(options: MseOptions, infohash: Uint8Array, payload: Uint8Array, outgoing: OutgoingBytes): Steps {
  const { keys, random, policy } = options;
  outgoing.append(keys.publicKey);
  outgoing.append(padding(random));
  const secret = secretFrom(keys, yield mseKeyBytes);
  const [ours, theirs] = [cipherOf('keyA', secret, infohash), cipherOf('keyB', secret, infohash)];

  const offered = policy === 'require' ? methods.rc4 : methods.rc4 | methods.plaintext;
  const hidden = concatBytes([zeros, u32(offered), withLength(padding(random)), withLength(payload)]);
  ours.apply(hidden);
  outgoing.append(hash('req1', secret));
  outgoing.append(torrentProof(secret, infohash));
  outgoing.append(hidden);

  const mark = zeros.slice();
  theirs.apply(mark);
  yield* find(mark);
  const chosen = readU32(decrypted(theirs, yield 4), 0);
  const method = chosen === methods.rc4 ? 'rc4' : 'plaintext';
  if (methods[method] !== chosen || (chosen & offered) === 0) throw new ProtocolError('the peer chose an encryption that was not offered');
  yield* skipPadding(theirs);
  return new CipherChannel(method, infohash, theirs, ours, 0);
}

function* respond(options: MseOptions, infohashes: Iterable<Uint8Array>, outgoing: OutgoingBytes): Steps {
  const { keys, random, policy } = options;
  const theirKey = new Uint8Array(mseKeyBytes);
  let length = 0;
  while (length < protocolHeaderBytes && canBeHandshake(theirKey.subarray(0, length))) theirKey.set(yield 1, length++);
  const greeting = theirKey.subarray(0, length);
  if (canBeHandshake(greeting)) {
    if (policy === 'require') throw new ProtocolError('the peer does not encrypt the connection');
    return unencrypted(greeting);
  }
  theirKey.set(yield mseKeyBytes - length, length);
  const secret = secretFrom(keys, theirKey);
  outgoing.append(keys.publicKey);
  outgoing.append(padding(random));

  yield* find(hash('req1', secret));
  const proof = Uint8Array.from(yield hashBytes);
  const infohash = firstOf(infohashes, (candidate) => equalBytes(torrentProof(secret, candidate), proof));
  if (infohash === undefined) throw new ProtocolError('the peer asks for another torrent');
  const [ours, theirs] = [cipherOf('keyB', secret, infohash), cipherOf('keyA', secret, infohash)];
  const head = decrypted(theirs, yield zeros.length + 4);
  if (!equalBytes(head.subarray(0, zeros.length), zeros)) throw new ProtocolError('the peer encrypts with another key');
  const method = choose(readU32(head, zeros.length), policy);
  yield* skipPadding(theirs);
  const payloadLength = readU16(decrypted(theirs, yield 2), 0);

  const answer = concatBytes([zeros, u32(methods[method]), withLength(padding(random))]);
  ours.apply(answer);
  outgoing.append(answer);
  return new CipherChannel(method, infohash, theirs, ours, payloadLength);
}

/** Passes over padding until `mark` has come. */
function* find(mark: Uint8Array): SubSteps<void> {
  const last = Uint8Array.from(yield mark.length);
  for (let skipped = 0; !equalBytes(last, mark); skipped++) {
    if (skipped === maxPadding) throw new ProtocolError('the peer does not follow the encrypted handshake');
    last.copyWithin(0, 1);
    last.set(yield 1, last.length - 1);
  }
}

function* skipPadding(cipher: Rc4): SubSteps<void> {
  const length = readU16(decrypted(cipher, yield 2), 0);
  if (length > maxPadding) throw new ProtocolError(`the peer announced ${length} bytes of padding; ${maxPadding} are allowed`);
  if (length > 0) cipher.apply(yield length);
}

function choose(offered: number, policy: MseOptions['policy']): 'rc4' | 'plaintext' {
  if (policy !== 'require' && (offered & methods.plaintext) !== 0) return 'plaintext';
  if ((offered & methods.rc4) === 0) throw new ProtocolError('the peer offers no encryption that we take');
  return 'rc4';
}

/** Throws ProtocolError for keys that make a secret which anybody knows: 0, 1, p - 1 and what is no number below p. */
function secretFrom(keys: KeyExchange, theirs: Uint8Array): Uint8Array {
  const isSound = Buffer.compare(theirs, smallestKey) >= 0 && Buffer.compare(theirs, largestKey) <= 0;
  if (!isSound) throw new ProtocolError('the peer sent no usable key');
  try {
    return keys.secretWith(theirs);
  } catch (cause) {
    throw new ProtocolError('the peer sent no usable key', { cause });
  }
}

/** Proves to who knows the torrent, and to nobody else, that it is meant. */
function torrentProof(secret: Uint8Array, infohash: Uint8Array): Uint8Array {
  const mask = hash('req3', secret);
  return hash('req2', infohash).map((byte, index) => byte ^ (mask[index] as number));
}

const hashBytes = 20;

function hash(label: string, ...parts: readonly Uint8Array[]): Uint8Array {
  const sha1 = createHash('sha1').update(label);
  for (const part of parts) sha1.update(part);
  return Uint8Array.from(sha1.digest());
}

function cipherOf(label: 'keyA' | 'keyB', secret: Uint8Array, infohash: Uint8Array): Rc4 {
  return new Rc4(hash(label, secret, infohash));
}

function decrypted(theirs: Rc4, bytes: Uint8Array): Uint8Array {
  theirs.apply(bytes);
  return bytes;
}

/** 0 to 512 random bytes. */
function padding(random: Random): Uint8Array {
  return random.bytes(Math.floor(random.fraction() * (maxPadding + 1)));
}

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  writeU32(bytes, 0, value);
  return bytes;
}

/** `<length: u16><bytes>` */
function withLength(bytes: Uint8Array): Uint8Array {
  const prefixed = new Uint8Array(2 + bytes.length);
  writeU16(prefixed, 0, bytes.length);
  prefixed.set(bytes, 2);
  return prefixed;
}

function firstOf<T>(items: Iterable<T>, isIt: (item: T) => boolean): T | undefined {
  for (const item of items) if (isIt(item)) return item;
  return undefined;
}
