// A web server on loopback that has the files of a torrent, gives ranges of them, records what it was asked, and can be told to do anything
// else instead. None of it uses src/.

import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import type { MadeFile, MadeTorrent } from './make-torrent.ts';

/** A request as it came in. */
export interface WebRequest {
  /** As sent, with its query. */
  readonly target: string;
  readonly headers: http.IncomingHttpHeaders;
  /** Of the file, half-open; all of it when no range was asked for. */
  readonly begin: number;
  readonly end: number;
  readonly file: MadeFile;
  /** How many requests came before. */
  readonly number: number;
  /** The bytes of `file` from `begin` to `end`, in the torrent. */
  readonly content: (begin?: number, end?: number) => Buffer;
}

/** Answers in place of the honest server; returning true lets the honest server answer. */
export type WebReply = (request: WebRequest, response: http.ServerResponse) => true | void;

/** A web server that runs until the test ends. */
export class WebServer {
  readonly requests: WebRequest[] = [];
  connections = 0;
  readonly #torrent: MadeTorrent;
  readonly #reply: WebReply;
  readonly #server: http.Server;

  private constructor(torrent: MadeTorrent, reply: WebReply) {
    this.#torrent = torrent;
    this.#reply = reply;
    this.#server = http.createServer((request, response) => this.#answer(request, response));
    this.#server.on('connection', () => this.connections++);
  }

  /** `reply`: see WebReply. Default: the honest server. */
  static async start(t: TestContext, torrent: MadeTorrent, reply: WebReply = () => true): Promise<WebServer> {
    const server = new WebServer(torrent, reply);
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    t.after(() => {
      server.#server.close();
      server.#server.closeAllConnections();
    });
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** The directory that the torrent is in. */
  get url(): string {
    return `http://127.0.0.1:${this.port}/`;
  }

  #answer(request: http.IncomingMessage, response: http.ServerResponse): void {
    const target = request.url ?? '';
    const pathname = target.split('?', 1)[0] ?? '';
    const decoded = decodeURIComponent(/%FF/i.test(pathname) ? '' : pathname).slice(1);
    const file = this.#torrent.files.find(({ path, pad }) => !pad && path.join('/') === decoded);
    const [first] = this.#torrent.files;
    const served = file ?? first;
    if (served === undefined) throw new Error('a torrent without files');
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
    const begin = Number(range?.[1] ?? 0);
    const end = range === null ? served.length : Number(range[2]) + 1;
    const recorded: WebRequest = {
      target,
      headers: request.headers,
      begin,
      end,
      file: served,
      number: this.requests.length,
      content: (from = begin, to = end) => this.#torrent.read(served.offset + from, to - from),
    };
    this.requests.push(recorded);
    if (this.#reply(recorded, response) !== true) return;
    if (file === undefined) {
      response.writeHead(404).end('not here');
      return;
    }
    sendRange(recorded, response);
  }
}

/** What an honest server sends; `fields` are added. */
export function sendRange(
  { begin, end, file, content }: WebRequest,
  response: http.ServerResponse,
  fields: http.OutgoingHttpHeaders = {},
): void {
  const body = content();
  response.writeHead(206, { 'content-range': `bytes ${begin}-${end - 1}/${file.length}`, 'content-length': body.length, ...fields });
  response.end(body);
}
