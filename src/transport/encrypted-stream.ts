// A byte stream to a peer over another one, with the encryption that both sides agree to (wire/mse.ts); whoever reads it sees plain bytes.
// It has no times of its own: until the handshake is done nothing is delivered, which is silence to whoever waits for the peer's first word.

import { ProtocolError, type TtorrentError } from '../errors.ts';
import { concatBytes } from '../support/bytes.ts';
import type { Endpoint } from '../support/endpoint.ts';
import { systemRandom } from '../support/random.ts';
import type { MseChannel } from '../wire/mse-channel.ts';
import { type EncryptionPolicy, maxPayloadBytes, MseHandshake, type MseOptions } from '../wire/mse.ts';
import type { ByteStream, ByteStreamListener } from './byte-stream.ts';
import { processKeys } from './key-exchange.ts';

/**
 * Encrypts a connection that we made, to a peer that must have the torrent `infohash`. What is sent before `start` travels within the
 * handshake. A peer that does not follow closes the stream with a ProtocolError; one that knows no encryption mostly hangs up.
 */
export function encryptOutgoing(stream: ByteStream, infohash: Uint8Array, policy: EncryptionPolicy, parts = ownParts): ByteStream {
  if (policy === 'off') return stream;
  return new EncryptedStream(stream, (takePayload) => MseHandshake.initiate({ ...parts, policy }, infohash, takePayload()));
}

/**
 * Answers a connection that a peer made, of which nothing was read yet: an encrypted handshake for one of `infohashes`, which are looked
 * through when it comes, or a plain one. What `policy` does not allow closes the stream with a ProtocolError. Returns at once; the stream
 * then delivers the peer's BitTorrent handshake, whichever way it came. Whoever reads must bound the wait for that.
 */
export function acceptEncrypted(
  stream: ByteStream,
  infohashes: Iterable<Uint8Array>,
  policy: EncryptionPolicy,
  parts = ownParts,
): ByteStream {
  if (policy === 'off') return stream;
  return new EncryptedStream(stream, () => MseHandshake.respond({ ...parts, policy }, infohashes));
}

const ownParts: Omit<MseOptions, 'policy'> = { keys: processKeys, random: systemRandom };

class EncryptedStream implements ByteStream, ByteStreamListener {
  readonly #inner: ByteStream;
  readonly #begin: (takePayload: () => Uint8Array) => MseHandshake;
  #listener: ByteStreamListener | undefined;
  #handshake: MseHandshake | undefined;
  #channel: MseChannel | undefined;
  /** What waits for the end of the handshake; peers say 68 bytes before they are answered. */
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;

  constructor(inner: ByteStream, begin: (takePayload: () => Uint8Array) => MseHandshake) {
    this.#inner = inner;
    this.#begin = begin;
  }

  get remote(): Endpoint {
    return this.#inner.remote;
  }

  start(listener: ByteStreamListener): void {
    this.#listener = listener;
    this.#handshake = this.#begin(() => (this.#waitingBytes > maxPayloadBytes ? new Uint8Array(0) : this.#takeWaiting()));
    this.#inner.start(this);
    this.#sendHandshake(this.#handshake);
  }

  send(bytes: Uint8Array): void {
    if (this.#channel !== undefined) return this.#inner.send(this.#channel.encrypt(bytes));
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
  }

  get unsentBytes(): number {
    return this.#waitingBytes + this.#inner.unsentBytes;
  }

  pause(): void {
    this.#inner.pause();
  }

  resume(): void {
    this.#inner.resume();
  }

  close(): void {
    this.#inner.close();
  }

  bytesReceived(chunk: Uint8Array): void {
    let rest = chunk;
    if (this.#channel === undefined) {
      try {
        rest = chunk.subarray(this.#shakeHands(chunk));
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
        this.closed(error);
        return this.#inner.close();
      }
    }
    if (rest.length === 0) return;
    this.#channel?.decrypt(rest);
    this.#listener?.bytesReceived(rest);
  }

  drained(): void {
    this.#listener?.drained();
  }

  closed(cause: TtorrentError | undefined): void {
    const listener = this.#listener;
    this.#listener = undefined;
    listener?.closed(cause);
  }

  /** Returns how many bytes of `chunk` were of the handshake. */
  #shakeHands(chunk: Uint8Array): number {
    const handshake = this.#handshake;
    if (handshake === undefined) return 0;
    const used = handshake.push(chunk);
    this.#sendHandshake(handshake);
    this.#channel = handshake.channel;
    if (this.#channel === undefined) return used;
    this.#handshake = undefined;
    if (this.#waiting.length > 0) this.send(this.#takeWaiting());
    if (this.#channel.firstBytes.length > 0) this.#listener?.bytesReceived(this.#channel.firstBytes);
    return used;
  }

  #sendHandshake(handshake: MseHandshake): void {
    const bytes = handshake.outgoing.take();
    if (bytes !== undefined) this.#inner.send(bytes);
  }

  #takeWaiting(): Uint8Array {
    const bytes = concatBytes(this.#waiting);
    this.#waiting = [];
    this.#waitingBytes = 0;
    return bytes;
  }
}
