// A scripted peer that seeds a made torrent over TCP on loopback: honest by default, else as a Behaviour (behaviours.ts) has it. It counts
// what it was asked and what it sent. Rate and latency are its own, so a test shapes a swarm without touching the network.

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import type { MadeTorrent } from './make-torrent.ts';
import { SeederConnection } from './seeder-connection.ts';
import type { BlockRequest } from './wire.ts';

/** How a scripted peer departs from honesty. Each hook replaces what the connection would do by itself at that moment. */
export interface Behaviour {
  /** A connection was accepted; nothing has been read. Return true to read nothing from it ever. */
  accepted?(connection: SeederConnection): boolean;
  /** The leecher's handshake came and ours was sent. Honest: `greet`. */
  handshaken?(connection: SeederConnection): void;
  /** The leecher is interested. Honest: `unchoke`. */
  interested?(connection: SeederConnection): void;
  /** The leecher asks for a block that we have, and is not choked. Honest: `serve`. */
  requested?(connection: SeederConnection, request: BlockRequest): void;
  /** Changes the bytes of a block about to be served; returns whether it did. `nth` counts blocks from 0 over all connections. */
  tamper?(block: Buffer, request: BlockRequest, nth: number): boolean;
}

export interface SeederOptions {
  readonly torrent: MadeTorrent;
  /** A loopback address. Default: 127.0.0.1. */
  readonly host?: string;
  /** Which pieces it has. Default: all. */
  readonly has?: (pieceIndex: number) => boolean;
  readonly behaviour?: Behaviour;
  /** Payload over all its connections. Default: no limit. */
  readonly rateBytesPerSecond?: number;
  /** From a message's arrival to its answer: what a leecher sees as the round trip. Default: 0. */
  readonly latencyMs?: number;
  /** Speaks the fast extension (BEP 6) with leechers that do. Default: true. */
  readonly fast?: boolean;
  /** Speaks the extension protocol (BEP 10) with leechers that do. Default: true. */
  readonly extended?: boolean;
  /** `reqq` of its BEP 10 handshake. Default: not said. */
  readonly reqq?: number;
}

/** What a seeder was asked and what it sent, over all connections so far. */
export interface SeederCounts {
  connections: number;
  handshakes: number;
  requests: number;
  /** Out of range, longer than 128 KiB or empty, or for a piece it does not have: no client should ever make one. */
  invalidRequests: number;
  cancels: number;
  blocksSent: number;
  tamperedBlocksSent: number;
  /** Bytes of blocks. */
  payloadSent: number;
  readonly piecesAsked: Set<number>;
}

/** A scripted peer that listens until it is closed. */
export class Seeder {
  readonly torrent: MadeTorrent;
  readonly options: SeederOptions;
  readonly peerId = Buffer.concat([Buffer.from('-XX0001-'), randomBytes(12)]);
  readonly counts: SeederCounts = {
    connections: 0,
    handshakes: 0,
    requests: 0,
    invalidRequests: 0,
    cancels: 0,
    blocksSent: 0,
    tamperedBlocksSent: 0,
    payloadSent: 0,
    piecesAsked: new Set(),
  };
  readonly pace: Pace;
  readonly #server: net.Server;
  readonly #open = new Set<SeederConnection>();

  private constructor(options: SeederOptions) {
    this.options = options;
    this.torrent = options.torrent;
    this.pace = new Pace(options.rateBytesPerSecond ?? Number.POSITIVE_INFINITY);
    this.#server = net.createServer({ noDelay: true }, (socket) => this.#accept(socket));
  }

  /** A seeder that listens on a port of the kernel's choice. Whoever starts it, closes it. */
  static async start(options: SeederOptions): Promise<Seeder> {
    const seeder = new Seeder(options);
    seeder.#server.listen(0, options.host ?? '127.0.0.1');
    await once(seeder.#server, 'listening');
    return seeder;
  }

  get host(): string {
    return (this.#server.address() as net.AddressInfo).address;
  }

  get port(): number {
    return (this.#server.address() as net.AddressInfo).port;
  }

  /** `HOST:PORT`, as the command line takes it. */
  get address(): string {
    return `${this.host}:${this.port}`;
  }

  get openConnections(): number {
    return this.#open.size;
  }

  has(pieceIndex: number): boolean {
    return this.options.has?.(pieceIndex) ?? true;
  }

  /** Cuts every open connection; new ones are still accepted. */
  dropConnections(): void {
    for (const connection of this.#open) connection.destroy();
  }

  /** Stops listening and cuts every connection. Resolves when all is closed. */
  async close(): Promise<void> {
    const closed = this.#server.listening ? once(this.#server, 'close') : undefined;
    this.#server.close();
    this.dropConnections();
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #accept(socket: net.Socket): void {
    this.counts.connections++;
    const connection = new SeederConnection(this, socket);
    this.#open.add(connection);
    socket.once('close', () => this.#open.delete(connection));
    connection.start();
  }
}

/** Spreads bytes over time at a mean rate; a timer that fires late is made up for, within reason. */
export class Pace {
  readonly #bytesPerMs: number;
  #freeAtMs = Number.NEGATIVE_INFINITY;

  constructor(bytesPerSecond: number) {
    this.#bytesPerMs = bytesPerSecond / 1000;
  }

  /** When the next bytes may go, on `performance.now()`'s clock. */
  get freeAtMs(): number {
    return this.#freeAtMs;
  }

  spend(bytes: number, nowMs: number): void {
    const mostLateMs = 50;
    this.#freeAtMs = Math.max(this.#freeAtMs, nowMs - mostLateMs) + bytes / this.#bytesPerMs;
  }
}
