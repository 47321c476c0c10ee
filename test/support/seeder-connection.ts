// One connection of a scripted seeder: reads the leecher's messages, does the honest thing unless the behaviour has another idea, and sends
// its answers in order at the seeder's pace.

import type net from 'node:net';
import { bencode } from './make-torrent.ts';
import type { Seeder } from './seeder.ts';
import {
  type BlockRequest,
  decodeHandshake,
  decodeRequest,
  encodeBitfield,
  encodeFrame,
  encodeHandshake,
  encodeNumbers,
  encodePieceHead,
  type Frame,
  FrameReader,
  handshakeLength,
  messageIds,
} from './wire.ts';

/** Something to send, not before `readyAtMs`. */
interface Outgoing {
  readonly readyAtMs: number;
  /** Payload bytes that count against the rate. */
  readonly cost: number;
  /** The block this is, if it is one: what a cancel or a choke takes back. */
  readonly request: BlockRequest | undefined;
  readonly write: () => void;
}

const largestRequest = 128 * 1024;

/** See the head of this file. What is public is what behaviours use. */
export class SeederConnection {
  readonly seeder: Seeder;
  readonly socket: net.Socket;
  /** Both sides speak BEP 6; known after the handshake. */
  fast = false;
  /** Whether we choke the leecher. */
  chokesLeecher = true;
  /** Blocks that this connection has sent. */
  blocksSent = 0;
  readonly #reader = new FrameReader();
  readonly #queue: Outgoing[] = [];
  readonly #timers = new Set<NodeJS.Timeout>();
  #isShaken = false;
  #pumpTimer: NodeJS.Timeout | undefined;
  #isFull = false;

  constructor(seeder: Seeder, socket: net.Socket) {
    this.seeder = seeder;
    this.socket = socket;
  }

  start(): void {
    this.socket.on('error', () => {}); // a leecher may cut the line at any time; 'close' follows
    this.socket.once('close', () => this.#release());
    this.socket.on('drain', () => {
      this.#isFull = false;
      this.#pump();
    });
    if (this.seeder.options.behaviour?.accepted?.(this) === true) {
      this.socket.resume();
      return;
    }
    this.socket.on('data', (chunk) => {
      this.#reader.push(chunk);
      this.#read();
    });
  }

  /** Says which pieces we have, and what BEP 10 has to say. */
  greet(): void {
    const { torrent, options } = this.seeder;
    if (this.fast && options.has === undefined) this.send(encodeFrame(messageIds.haveAll));
    else
      this.send(
        encodeFrame(
          messageIds.bitfield,
          encodeBitfield(torrent.pieceCount, (index) => this.seeder.has(index)),
        ),
      );
  }

  unchoke(): void {
    this.chokesLeecher = false;
    this.send(encodeFrame(messageIds.unchoke));
  }

  /** Chokes the leecher and drops what it asked for, with rejects where BEP 6 wants them. */
  choke(): void {
    this.chokesLeecher = true;
    const queued = this.#queue.splice(0);
    this.#queue.push(...queued.filter(({ request }) => request === undefined));
    this.send(encodeFrame(messageIds.choke));
    for (const { request } of queued) {
      if (request !== undefined && this.fast) this.reject(request);
    }
  }

  reject(request: BlockRequest): void {
    this.send(encodeNumbers(messageIds.reject, request.pieceIndex, request.offset, request.length));
  }

  /** Sends the block that is asked for, as the behaviour tampers with it, when its turn comes. */
  serve(request: BlockRequest): void {
    this.#enqueue(request.length, request, () => {
      const { torrent, counts, options } = this.seeder;
      const block = torrent.read(request.pieceIndex * torrent.pieceLength + request.offset, request.length);
      if (options.behaviour?.tamper?.(block, request, counts.blocksSent) === true) counts.tamperedBlocksSent++;
      this.socket.write(encodePieceHead(request.pieceIndex, request.offset, request.length));
      this.#isFull = !this.socket.write(block);
      this.blocksSent++;
      counts.blocksSent++;
      counts.payloadSent += request.length;
    });
  }

  /** Sends raw bytes when their turn comes. */
  send(bytes: Uint8Array): void {
    this.#enqueue(0, undefined, () => {
      this.#isFull = !this.socket.write(bytes);
    });
  }

  /** Runs `action` again and again until the connection closes. */
  every(periodMs: number, action: () => void): void {
    this.#timers.add(setInterval(action, periodMs));
  }

  destroy(): void {
    this.socket.destroy();
  }

  #read(): void {
    if (!this.#isShaken) {
      const bytes = this.#reader.takeBytes(handshakeLength);
      if (bytes === undefined) return;
      if (!this.#shakeHands(bytes)) return this.destroy();
    }
    for (let frame = this.#reader.takeFrame(); frame !== undefined; frame = this.#reader.takeFrame()) this.#receive(frame);
  }

  #shakeHands(bytes: Buffer): boolean {
    const { torrent, options, counts, peerId } = this.seeder;
    const theirs = decodeHandshake(bytes);
    if (theirs === undefined || !theirs.infohash.equals(torrent.infohash)) return false;
    const ours = { fast: options.fast ?? true, extended: options.extended ?? true };
    this.#isShaken = true;
    this.fast = theirs.fast && ours.fast;
    counts.handshakes++;
    this.send(encodeHandshake(torrent.infohash, peerId, ours));
    if (theirs.extended && ours.extended) this.send(encodeFrame(messageIds.extended, extendedHandshake(options.reqq)));
    if (options.behaviour?.handshaken) options.behaviour.handshaken(this);
    else this.greet();
    return true;
  }

  #receive(frame: Frame): void {
    const { behaviour } = this.seeder.options;
    if (frame.id === messageIds.interested) {
      if (behaviour?.interested) behaviour.interested(this);
      else this.unchoke();
    } else if (frame.id === messageIds.request) this.#receiveRequest(decodeRequest(frame.payload));
    else if (frame.id === messageIds.cancel) this.#receiveCancel(decodeRequest(frame.payload));
  }

  #receiveRequest(request: BlockRequest): void {
    const { counts, options } = this.seeder;
    counts.requests++;
    counts.piecesAsked.add(request.pieceIndex);
    if (!this.#isValid(request)) {
      counts.invalidRequests++;
      this.destroy();
    } else if (this.chokesLeecher) {
      if (this.fast) this.reject(request);
    } else if (options.behaviour?.requested) options.behaviour.requested(this, request);
    else this.serve(request);
  }

  #receiveCancel(cancelled: BlockRequest): void {
    this.seeder.counts.cancels++;
    const at = this.#queue.findIndex(({ request }) => request?.pieceIndex === cancelled.pieceIndex && request.offset === cancelled.offset);
    if (at === -1) return;
    this.#queue.splice(at, 1);
    if (this.fast) this.reject(cancelled); // BEP 6: every request is answered, a cancelled one too
  }

  #isValid({ pieceIndex, offset, length }: BlockRequest): boolean {
    const { pieceCount, pieceLength, totalLength } = this.seeder.torrent;
    if (pieceIndex >= pieceCount || !this.seeder.has(pieceIndex)) return false;
    const end = Math.min(pieceLength, totalLength - pieceIndex * pieceLength);
    return length > 0 && length <= largestRequest && offset + length <= end;
  }

  #enqueue(cost: number, request: BlockRequest | undefined, write: () => void): void {
    this.#queue.push({ readyAtMs: performance.now() + (this.seeder.options.latencyMs ?? 0), cost, request, write });
    this.#pump();
  }

  /** Sends what is due; a timer or 'drain' goes on from there. */
  #pump(): void {
    if (this.#pumpTimer !== undefined || this.socket.destroyed) return;
    this.socket.cork();
    while (!this.#isFull) {
      const next = this.#queue[0];
      if (next === undefined) break;
      const nowMs = performance.now();
      const waitMs = Math.max(next.readyAtMs, next.cost > 0 ? this.seeder.pace.freeAtMs : 0) - nowMs;
      if (waitMs > 0) {
        this.#pumpTimer = setTimeout(() => {
          this.#pumpTimer = undefined;
          this.#pump();
        }, Math.ceil(waitMs));
        break;
      }
      this.#queue.shift();
      if (next.cost > 0) this.seeder.pace.spend(next.cost, nowMs);
      next.write();
    }
    this.socket.uncork();
  }

  #release(): void {
    clearTimeout(this.#pumpTimer);
    for (const timer of this.#timers) clearInterval(timer);
    this.#queue.length = 0;
  }
}

function extendedHandshake(reqq: number | undefined): Buffer {
  const dictionary = bencode({ m: {}, v: 'scripted seeder', ...(reqq === undefined ? {} : { reqq }) });
  return Buffer.concat([Buffer.of(0), dictionary]);
}
