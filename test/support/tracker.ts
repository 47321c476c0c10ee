// A fake HTTP tracker on loopback (BEP 3, 23, 48): names the peers it was given, records every announce, and can be told to answer anything.

import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { bencode } from './make-torrent.ts';

/** One announce as it came in. */
export interface RecordedAnnounce {
  readonly atMs: number;
  /** Lower-case hex, 40 digits each. */
  readonly infohash: string;
  readonly peerId: string;
  /** Undefined in a regular announce. */
  readonly event: string | undefined;
  /** Every query parameter with its percent-encoding undone, one character per byte. */
  readonly query: ReadonlyMap<string, string>;
  readonly userAgent: string | undefined;
}

export interface TrackerOptions {
  /** Named to every leecher; may be changed later through `FakeTracker.peers`. */
  readonly peers?: readonly { readonly host: string; readonly port: number }[];
  /** Seconds. Default: 1800. */
  readonly interval?: number;
  /** A loopback address. Default: 127.0.0.1. */
  readonly host?: string;
  /** Answers in place of the honest reply. */
  readonly reply?: (announce: RecordedAnnounce, response: http.ServerResponse) => void;
}

/** A tracker that listens until it is closed. */
export class FakeTracker {
  readonly announces: RecordedAnnounce[] = [];
  /** IPv4 peers that are named. */
  peers: readonly { readonly host: string; readonly port: number }[];
  readonly #options: TrackerOptions;
  readonly #server: http.Server;

  private constructor(options: TrackerOptions) {
    this.#options = options;
    this.peers = options.peers ?? [];
    this.#server = http.createServer((request, response) => this.#answer(request, response));
  }

  static async start(options: TrackerOptions = {}): Promise<FakeTracker> {
    const tracker = new FakeTracker(options);
    tracker.#server.listen(0, options.host ?? '127.0.0.1');
    await once(tracker.#server, 'listening');
    return tracker;
  }

  /** The announce URL. */
  get url(): string {
    const { address, port } = this.#server.address() as AddressInfo;
    return `http://${address}:${port}/announce`;
  }

  /** The events announced so far, in order; an empty string is a regular announce. */
  get events(): string[] {
    return this.announces.map(({ event }) => event ?? '');
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #answer(request: http.IncomingMessage, response: http.ServerResponse): void {
    const query = parseQuery(request.url ?? '');
    const announce: RecordedAnnounce = {
      atMs: performance.now(),
      infohash: Buffer.from(query.get('info_hash') ?? '', 'latin1').toString('hex'),
      peerId: Buffer.from(query.get('peer_id') ?? '', 'latin1').toString('hex'),
      event: query.get('event'),
      query,
      userAgent: request.headers['user-agent'],
    };
    if (request.url?.startsWith('/scrape?') === true && this.#options.reply === undefined) return this.#scrape(announce, response);
    this.announces.push(announce);
    if (this.#options.reply !== undefined) return this.#options.reply(announce, response);
    response.end(
      bencode({
        interval: this.#options.interval ?? 1800,
        complete: this.peers.length,
        incomplete: 1,
        peers: Buffer.concat(this.peers.map(compactPeer)),
      }),
    );
  }

  #scrape({ infohash }: RecordedAnnounce, response: http.ServerResponse): void {
    const counts = bencode({ complete: this.peers.length, downloaded: 0, incomplete: 0 });
    response.end(Buffer.concat([Buffer.from('d5:filesd20:'), Buffer.from(infohash, 'hex'), counts, Buffer.from('ee')]));
  }
}

/**
 * A tracker that names nobody and leaves the goodbye unanswered, so that whoever says it waits a while; `stopped` resolves when it has come.
 * It runs until the test is done.
 */
export async function silentAtGoodbye(t: TestContext): Promise<{ readonly tracker: FakeTracker; readonly stopped: Promise<void> }> {
  let noteStopped = (): void => {};
  const stopped = new Promise<void>((resolve) => (noteStopped = resolve));
  const reply: TrackerOptions['reply'] = (announce, response) =>
    announce.event === 'stopped' ? noteStopped() : void response.end(bencode({ interval: 1800, peers: Buffer.alloc(0) }));
  const tracker = await FakeTracker.start({ reply });
  t.after(() => tracker.close());
  return { tracker, stopped };
}

/** 4 bytes of IPv4 address, 2 of port (BEP 23). */
function compactPeer({ host, port }: { readonly host: string; readonly port: number }): Buffer {
  return Buffer.from([...host.split('.').map(Number), port >> 8, port & 0xff]);
}

/** Infohashes and peer ids are raw bytes, so `URLSearchParams` (UTF-8) would spoil them. */
function parseQuery(url: string): Map<string, string> {
  const query = new Map<string, string>();
  for (const pair of url.slice(url.indexOf('?') + 1).split('&')) {
    const [key = '', value = ''] = pair.split('=', 2);
    query.set(
      key,
      value.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    );
  }
  return query;
}
