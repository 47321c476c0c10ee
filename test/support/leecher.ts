// A scripted peer that connects to a seed over TCP on loopback and says what the test tells it to: nothing happens by itself but the handshake.

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import {
  type BlockRequest,
  encodeFrame,
  encodeHandshake,
  encodeNumbers,
  type Frame,
  FrameReader,
  handshakeLength,
  messageIds,
} from './wire.ts';

export interface LeecherOptions {
  readonly port: number;
  /** The address that the seed sees. Default: 127.0.0.1. */
  readonly localAddress?: string;
  readonly infohash: Uint8Array;
  readonly peerId?: Uint8Array;
  readonly fast?: boolean;
  readonly extended?: boolean;
}

const blockLength = 16_384;
const patienceMs = 10_000;

/** A connection to a seed. */
export class Leecher {
  readonly socket: net.Socket;
  /** Every message that came, but those that `next` gave. */
  readonly #frames: Frame[] = [];
  readonly #reader = new FrameReader();
  #isShaken = false;
  #onFrame: (() => void) | undefined;
  /** Payload bytes that came. */
  receivedBytes = 0;

  private constructor(socket: net.Socket) {
    this.socket = socket;
    socket.on('error', () => {}); // a seed may cut the line at any time; 'close' follows
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('close', () => this.#onFrame?.());
  }

  /** Connects and shakes hands; whoever connects, closes. */
  static async connect(options: LeecherOptions): Promise<Leecher> {
    const { port, localAddress, infohash, peerId = randomBytes(20), fast = true, extended = false } = options;
    const socket = net.connect({ host: '127.0.0.1', port, ...(localAddress !== undefined && { localAddress }) });
    await once(socket, 'connect');
    const leecher = new Leecher(socket);
    leecher.send(encodeHandshake(infohash, peerId, { fast, extended }));
    return leecher;
  }

  get isClosed(): boolean {
    return this.socket.destroyed;
  }

  send(bytes: Uint8Array): void {
    this.socket.write(bytes);
  }

  interested(): void {
    this.send(encodeFrame(messageIds.interested));
  }

  request(pieceIndex: number, offset: number, length = blockLength): void {
    this.send(encodeNumbers(messageIds.request, pieceIndex, offset, length));
  }

  /** The next message with this id, whatever came before it; undefined when the seed closed, or sent none for ten seconds. */
  async next(id: number): Promise<Frame | undefined> {
    const untilMs = performance.now() + patienceMs;
    for (;;) {
      const at = this.#frames.findIndex((frame) => frame.id === id);
      if (at !== -1) return this.#frames.splice(0, at + 1).at(-1);
      const leftMs = untilMs - performance.now();
      if (this.isClosed || leftMs <= 0) return undefined;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.#onFrame = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** Asks for a whole piece, eight blocks at a time; undefined when it does not come. */
  async fetchPiece(pieceIndex: number, length: number): Promise<Buffer | undefined> {
    const piece = Buffer.alloc(length);
    const offsets = Array.from({ length: Math.ceil(length / blockLength) }, (_, i) => i * blockLength);
    for (let at = 0; at < offsets.length; at += 8) {
      const batch = offsets.slice(at, at + 8);
      for (const offset of batch) this.request(pieceIndex, offset, Math.min(blockLength, length - offset));
      for (const _ of batch) {
        const frame = await this.next(messageIds.piece);
        if (frame === undefined || frame.payload.readUInt32BE(0) !== pieceIndex) return undefined;
        frame.payload.copy(piece, frame.payload.readUInt32BE(4), 8);
      }
    }
    return piece;
  }

  async closed(): Promise<void> {
    if (!this.isClosed) await once(this.socket, 'close');
  }

  close(): void {
    this.socket.destroy();
  }

  #read(chunk: Buffer): void {
    this.#reader.push(chunk);
    if (!this.#isShaken) {
      if (this.#reader.takeBytes(handshakeLength) === undefined) return;
      this.#isShaken = true;
    }
    for (let frame = this.#reader.takeFrame(); frame !== undefined; frame = this.#reader.takeFrame()) {
      if (frame.id === messageIds.piece) this.receivedBytes += frame.payload.length - 8;
      this.#frames.push(frame);
    }
    this.#onFrame?.();
  }
}

/** What a reject or request names. */
export function rangeOf(frame: Frame | undefined): BlockRequest | undefined {
  return frame === undefined
    ? undefined
    : { pieceIndex: frame.payload.readUInt32BE(0), offset: frame.payload.readUInt32BE(4), length: frame.payload.readUInt32BE(8) };
}
