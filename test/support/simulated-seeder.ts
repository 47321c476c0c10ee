// A seeder at the other end of a simulated link: a ByteStream with a rate and a latency on a hand-turned clock. Blocks carry a mark
// instead of content: `goodMark` in each byte, or another one from a peer that lies. Speaks the wire by itself, not by src/wire.

import type { ByteStream, ByteStreamListener } from '../../src/transport/byte-stream.ts';
import type { Clock, Timer } from '../../src/support/clock.ts';
import type { Endpoint } from '../../src/support/endpoint.ts';

export const goodMark = 1;
export const badMark = 2;

export interface SimulatedLink {
  readonly bytesPerMs: number;
  readonly roundTripMs: number;
}

export interface SimulatedSeederOptions {
  readonly clock: Clock;
  readonly endpoint: Endpoint;
  readonly infohash: Uint8Array;
  readonly pieceCount: number;
  readonly link: SimulatedLink;
  /** Which pieces it has. Default: all. */
  readonly has?: (piece: number) => boolean;
  /** The mark of this block. Default: `goodMark`. */
  readonly markOf?: (piece: number, offset: number) => number;
  /** Whether it ever answers a request for this block. Default: yes. */
  readonly answers?: (piece: number, offset: number) => boolean;
  /** It takes requests and never answers. */
  readonly stalls?: boolean;
  /** It speaks the fast extension, takes so many requests at a time and rejects the rest (BEP 6). */
  readonly rejectsBeyond?: number;
  /** It chokes us when it has served so many blocks, and never unchokes again. */
  readonly chokesAfter?: number;
}

interface Timed {
  readonly atMs: number;
  readonly bytes: Uint8Array;
}

export class SimulatedSeeder implements ByteStream {
  readonly remote: Endpoint;
  readonly unsentBytes = 0;
  /** Payload bytes it put on its link. */
  servedBytes = 0;
  isClosed = false;
  readonly #options: SimulatedSeederOptions;
  #listener: ByteStreamListener | undefined;
  /** Bytes on their way to it and from it, in order of arrival. */
  #toSeeder: Timed[] = [];
  #toUs: Timed[] = [];
  #unread = Buffer.alloc(0);
  #greeted = false;
  readonly #requests: { piece: number; offset: number; length: number }[] = [];
  #served = 0;
  #linkFreeMs = 0;
  #isPaused = true;
  #timer: Timer | undefined;

  constructor(options: SimulatedSeederOptions) {
    this.#options = options;
    this.remote = options.endpoint;
  }

  start(listener: ByteStreamListener): void {
    this.#listener = listener;
    const bits = Buffer.alloc(Math.ceil(this.#options.pieceCount / 8));
    for (let piece = 0; piece < this.#options.pieceCount; piece++) {
      if (this.#options.has?.(piece) ?? true) bits[piece >> 3] = (bits[piece >> 3] ?? 0) | (0x80 >> (piece & 7));
    }
    const reserved = Buffer.alloc(8);
    if (this.#options.rejectsBeyond !== undefined) reserved.writeUInt8(0x04, 7);
    const peerId = Buffer.from(`-XX0000-${String(this.remote.port).padStart(12, '0')}`);
    this.#put(Buffer.concat([Buffer.from('\x13BitTorrent protocol'), reserved, this.#options.infohash, peerId]));
    this.#put(Buffer.concat([u32(1 + bits.length), Uint8Array.of(5), bits]));
  }

  send(bytes: Uint8Array): void {
    this.#toSeeder.push({ atMs: this.#now() + this.#options.link.roundTripMs / 2, bytes });
    this.#schedule();
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#schedule();
  }

  close(): void {
    this.isClosed = true;
    this.#timer?.cancel();
    this.#listener = undefined;
  }

  /** Sends a message without payload. */
  say(id: number): void {
    this.#put(Buffer.concat([u32(1), Uint8Array.of(id)]));
  }

  /** Breaks the connection from its side. */
  drop(): void {
    const listener = this.#listener;
    this.close();
    listener?.closed(undefined);
  }

  #now(): number {
    return this.#options.clock.nowMs();
  }

  #put(bytes: Uint8Array): void {
    const startMs = Math.max(this.#linkFreeMs, this.#now());
    this.#linkFreeMs = startMs + bytes.length / this.#options.link.bytesPerMs;
    this.#toUs.push({ atMs: this.#linkFreeMs + this.#options.link.roundTripMs / 2, bytes });
    this.#schedule();
  }

  #schedule(): void {
    this.#timer?.cancel();
    const times = [
      this.#toSeeder[0]?.atMs,
      this.#isPaused ? undefined : this.#toUs[0]?.atMs,
      this.#requests.length > 0 ? this.#linkFreeMs : undefined,
    ];
    const nextMs = Math.min(...times.map((time) => time ?? Number.POSITIVE_INFINITY));
    if (!this.isClosed && Number.isFinite(nextMs)) this.#timer = this.#options.clock.setTimer(nextMs - this.#now(), () => this.#wake());
  }

  #wake(): void {
    const nowMs = this.#now();
    while (this.#toSeeder[0] !== undefined && this.#toSeeder[0].atMs <= nowMs) this.#hear((this.#toSeeder.shift() as Timed).bytes);
    const request = this.#linkFreeMs <= nowMs ? this.#requests.shift() : undefined;
    if (request !== undefined) this.#serve(request);
    while (this.#toUs[0] !== undefined && this.#toUs[0].atMs <= nowMs && !this.isClosed && !this.#isPaused) {
      this.#listener?.bytesReceived((this.#toUs.shift() as Timed).bytes);
    }
    this.#schedule();
  }

  #serve({ piece, offset, length }: { piece: number; offset: number; length: number }): void {
    this.servedBytes += length;
    this.#served++;
    const mark = this.#options.markOf?.(piece, offset) ?? goodMark;
    this.#put(Buffer.concat([u32(9 + length), Uint8Array.of(7), u32(piece), u32(offset), Buffer.alloc(length, mark)]));
    if (this.#served === this.#options.chokesAfter) {
      this.#requests.length = 0;
      this.#put(Buffer.concat([u32(1), Uint8Array.of(0)]));
    }
  }

  #hear(bytes: Uint8Array): void {
    this.#unread = Buffer.concat([this.#unread, bytes]);
    if (!this.#greeted) {
      if (this.#unread.length < 68) return;
      this.#unread = this.#unread.subarray(68);
      this.#greeted = true;
    }
    while (this.#unread.length >= 4 && this.#unread.length >= 4 + this.#unread.readUInt32BE(0)) {
      const message = this.#unread.subarray(4, 4 + this.#unread.readUInt32BE(0));
      this.#unread = this.#unread.subarray(4 + message.length);
      this.#obey(message);
    }
  }

  #obey(message: Buffer): void {
    if (message[0] === 2) this.#put(Buffer.concat([u32(1), Uint8Array.of(1)]));
    if (message[0] !== 6 && message[0] !== 8) return;
    const [piece, offset, length] = [message.readUInt32BE(1), message.readUInt32BE(5), message.readUInt32BE(9)];
    if (message[0] === 6 && this.#requests.length >= (this.#options.rejectsBeyond ?? Number.POSITIVE_INFINITY)) {
      return this.#put(Buffer.concat([u32(13), Uint8Array.of(16), message.subarray(1)]));
    }
    const answers = this.#options.stalls !== true && (this.#options.answers?.(piece, offset) ?? true);
    if (message[0] === 6 && answers) this.#requests.push({ piece, offset, length });
    const cancelled = message[0] === 8 ? this.#requests.findIndex((request) => request.piece === piece && request.offset === offset) : -1;
    if (cancelled >= 0) this.#requests.splice(cancelled, 1);
  }
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
