// A fake UDP tracker on loopback (BEP 15, 41) with a wire of its own: names the peers it was given, records every datagram, and can be told
// to answer anything.

import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { TestContext } from 'node:test';

/** A datagram that came in. */
export interface RecordedDatagram {
  readonly bytes: Buffer;
  readonly action: 'connect' | 'announce' | 'scrape' | 'nonsense';
  readonly transaction: number;
  /** Where it came from: `ADDRESS PORT`. */
  readonly from: string;
}

export interface UdpTrackerOptions {
  readonly peers?: readonly { readonly host: string; readonly port: number }[];
  /** 127.0.0.1 or ::1. Default: 127.0.0.1. */
  readonly host?: '127.0.0.1' | '::1';
  /** Default: one that is free. */
  readonly port?: number;
  /** Answers in place of the honest one; undefined: silence. */
  readonly reply?: (datagram: RecordedDatagram, honest: Buffer, answer: (bytes: Uint8Array) => void) => void;
}

/** The id that the first client gets; the others get the next. */
const firstConnection = 0x1122_3344_5566_7788n;

export class FakeUdpTracker {
  readonly datagrams: RecordedDatagram[] = [];
  readonly socket: Socket;
  readonly #options: UdpTrackerOptions;
  #connections = 0n;

  private constructor(options: UdpTrackerOptions) {
    this.#options = options;
    this.socket = createSocket(options.host === '::1' ? 'udp6' : 'udp4');
    this.socket.on('message', (bytes, sender) => this.#heard(bytes, sender));
  }

  /** Runs until the test is done. */
  static async start(t: TestContext, options: UdpTrackerOptions = {}): Promise<FakeUdpTracker> {
    const tracker = new FakeUdpTracker(options);
    tracker.socket.bind(options.port ?? 0, options.host ?? '127.0.0.1');
    await once(tracker.socket, 'listening');
    t.after(() => tracker.socket.close());
    return tracker;
  }

  get port(): number {
    return this.socket.address().port;
  }

  get url(): string {
    return `udp://${this.#options.host === '::1' ? '[::1]' : '127.0.0.1'}:${this.port}/announce`;
  }

  /** What was asked, in order. */
  get actions(): string[] {
    return this.datagrams.map(({ action }) => action);
  }

  /** The events announced, in order; an empty string is a regular announce. */
  get events(): string[] {
    const announces = this.datagrams.filter(({ action }) => action === 'announce');
    return announces.map(({ bytes }) => ['', 'completed', 'started', 'stopped'][bytes.readUInt32BE(80)] ?? '?');
  }

  #heard(bytes: Buffer, sender: RemoteInfo): void {
    const isConnect = bytes.length === 16 && bytes.readBigUInt64BE(0) === 0x417_2710_1980n;
    const action = isConnect ? 'connect' : bytes.readUInt32BE(8) === 1 ? 'announce' : bytes.readUInt32BE(8) === 2 ? 'scrape' : 'nonsense';
    const datagram = {
      bytes: Buffer.from(bytes),
      action,
      transaction: bytes.readUInt32BE(12),
      from: `${sender.address} ${sender.port}`,
    } as const;
    this.datagrams.push(datagram);
    const answer = (reply: Uint8Array): void => this.socket.send(reply, sender.port, sender.address);
    const honest = this.#honest(datagram);
    if (this.#options.reply === undefined) answer(honest);
    else this.#options.reply(datagram, honest, answer);
  }

  #honest({ action, transaction, bytes }: RecordedDatagram): Buffer {
    const known = bytes.length >= 16 && bytes.readBigUInt64BE(0) - firstConnection < this.#connections;
    if (action === 'connect') return connectReply(transaction, firstConnection + this.#connections++);
    if (action === 'nonsense' || !known) return errorReply(transaction, 'Connection ID mismatch.\0');
    if (action === 'scrape') return counts(2, transaction, [7, 9, 3]);
    const { peers = [], host } = this.#options;
    return Buffer.concat([counts(1, transaction, [1800, 1, peers.length]), ...peers.map((peer) => compactPeer(peer, host === '::1'))]);
  }
}

export function connectReply(transaction: number, connection: bigint): Buffer {
  const reply = Buffer.alloc(16);
  reply.writeUInt32BE(transaction, 4);
  reply.writeBigUInt64BE(connection, 8);
  return reply;
}

export function errorReply(transaction: number, words: string): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(3, 0);
  head.writeUInt32BE(transaction, 4);
  return Buffer.concat([head, Buffer.from(words)]);
}

/** Action, transaction and signed numbers. */
export function counts(action: number, transaction: number, numbers: readonly number[]): Buffer {
  const reply = Buffer.alloc(8 + 4 * numbers.length);
  reply.writeUInt32BE(action, 0);
  reply.writeUInt32BE(transaction, 4);
  numbers.forEach((number, index) => reply.writeInt32BE(number, 8 + 4 * index));
  return reply;
}

/** 4 or 16 bytes of address, 2 of port; of IPv6 addresses only ::1 is known. */
function compactPeer({ host, port }: { readonly host: string; readonly port: number }, isIpv6: boolean): Buffer {
  const address = isIpv6 ? [...Array<number>(15).fill(0), 1] : host.split('.').map(Number);
  return Buffer.from([...address, port >> 8, port & 0xff]);
}
