// Takes answers of HTTP/1.x apart (RFC 9112): head, then a body of a known length, in chunks, or up to the end of the connection. Strict,
// bounded and synchronous; a chunk of body is a view of what was pushed. Our own, since it costs half of what Node's client does, whose
// buffers are made anew for every read.

import { webSeedLimits } from '../config.ts';
import { ProtocolError } from '../errors.ts';
import { toLatin1 } from '../support/bytes.ts';

/** The head of an answer. */
export interface AnswerHead {
  readonly status: number;
  /** By lower-case name; of a repeated field the first. */
  readonly fields: ReadonlyMap<string, string>;
  /** Bytes of the body, if the head says it. */
  readonly length: number | undefined;
  /** Whether another request may follow on this connection. */
  readonly keepsAlive: boolean;
}

/** What a reader tells. A listener that throws ends the answer. */
export interface AnswerListener {
  headRead(head: AnswerHead): void;
  /** Valid during the call. */
  bodyRead(chunk: Uint8Array): void;
  bodyEnded(): void;
}

type State = 'idle' | 'head' | 'sized' | 'until close' | 'chunk size' | 'chunk' | 'chunk end' | 'trailers';

const lineFeed = 0x0a;
/** A chunk's size with extensions, which nobody uses. */
const chunkLineBytes = 1024;

/** Reads the answers of one connection, each after `expect`. Throws ProtocolError; what came is then of no use any more. */
export class AnswerReader {
  readonly #listener: AnswerListener;
  #state: State = 'idle';
  /** Of the body, or of the present chunk. */
  #left = 0;
  /** Lines of the head, or the line that is not complete. */
  #line = '';
  #lines: string[] = [];
  #headBytes = 0;
  #isStopped = false;

  constructor(listener: AnswerListener) {
    this.#listener = listener;
  }

  /** An answer is to come. */
  expect(): void {
    this.#state = 'head';
    this.#lines = [];
    this.#line = '';
    this.#headBytes = 0;
  }

  /** Nothing more is to be told, not even of what was pushed already. */
  stop(): void {
    this.#isStopped = true;
  }

  push(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length && !this.#isStopped) {
      switch (this.#state) {
        case 'idle':
          throw new ProtocolError('it sent more than was asked for');
        case 'sized':
        case 'chunk':
        case 'until close':
          at += this.#readBody(bytes.subarray(at));
          break;
        default:
          at += this.#readLine(bytes.subarray(at));
      }
    }
  }

  /** The connection ended. Whether that cut no answer short. */
  ended(): boolean {
    const isComplete = this.#state === 'until close' || this.#state === 'idle';
    if (this.#state === 'until close' && !this.#isStopped) this.#end();
    return isComplete;
  }

  #readBody(bytes: Uint8Array): number {
    const chunk = this.#state === 'until close' || bytes.length <= this.#left ? bytes : bytes.subarray(0, this.#left);
    // First the state: a listener may ask for the next answer within the call.
    this.#left -= chunk.length;
    const { length } = chunk;
    this.#listener.bodyRead(chunk);
    if (this.#isStopped || this.#state === 'until close' || this.#left > 0) return length;
    if (this.#state === 'chunk') this.#state = 'chunk end';
    else this.#end();
    return length;
  }

  #readLine(bytes: Uint8Array): number {
    const found = bytes.indexOf(lineFeed);
    const end = found === -1 ? bytes.length : found + 1;
    this.#headBytes += end;
    const bound = this.#state === 'head' || this.#state === 'trailers' ? webSeedLimits.headBytes : chunkLineBytes;
    if (this.#headBytes > bound) throw new ProtocolError(`its answer has a head of more than ${bound} bytes`);
    this.#line += toLatin1(bytes.subarray(0, end));
    if (found === -1) return end;
    const line = this.#line.replace(/\r?\n$/, '');
    this.#line = '';
    this.#lineRead(line);
    return end;
  }

  #lineRead(line: string): void {
    switch (this.#state) {
      case 'head':
        if (line !== '') {
          if (this.#lines.length > webSeedLimits.headFields) throw new ProtocolError('its answer has too many header fields');
          this.#lines.push(line);
        } else this.#headRead();
        return;
      case 'chunk size': {
        const size = /^([0-9a-f]{1,12})[ \t]*(?:;.*)?$/i.exec(line)?.[1];
        if (size === undefined) throw new ProtocolError('its answer has a chunk without a size');
        this.#headBytes = 0;
        this.#left = Number.parseInt(size, 16);
        this.#state = this.#left === 0 ? 'trailers' : 'chunk';
        return;
      }
      case 'chunk end':
        if (line !== '') throw new ProtocolError('its answer has a chunk longer than it said');
        this.#headBytes = 0;
        this.#state = 'chunk size';
        return;
      default:
        if (line === '') this.#end();
    }
  }

  #headRead(): void {
    const head = parseHead(this.#lines);
    this.#lines = [];
    // An interim answer; the bound on bytes holds for it and the answer together.
    if (head.status >= 100 && head.status < 200) return;
    this.#headBytes = 0;
    const isChunked = head.fields.has('transfer-encoding');
    this.#left = head.length ?? 0;
    this.#state = isChunked ? 'chunk size' : head.length === undefined ? 'until close' : 'sized';
    this.#listener.headRead(head);
    if (this.#state === 'sized' && this.#left === 0 && !this.#isStopped) this.#end();
  }

  #end(): void {
    this.#state = 'idle';
    this.#listener.bodyEnded();
  }
}

/** The head of an answer from its lines, the empty one left out. Throws ProtocolError. */
export function parseHead(lines: readonly string[]): AnswerHead {
  const [statusLine = '', ...fieldLines] = lines;
  const parts = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: .*)?$/.exec(statusLine);
  if (parts === null) throw new ProtocolError('its answer is not HTTP/1');
  const fields = new Map<string, string>();
  for (const line of fieldLines) {
    const field = /^([!#$%&'*+\-.^_`|~0-9a-z]+):[ \t]*(.*?)[ \t]*$/i.exec(line);
    if (field === null) throw new ProtocolError('its answer has a header field that is none');
    const name = (field[1] as string).toLowerCase();
    const value = field[2] as string;
    if (name === 'content-length' && (fields.get(name) ?? value) !== value) throw new ProtocolError('its answer has two lengths');
    if (!fields.has(name)) fields.set(name, value);
  }
  const status = Number(parts[2]);
  const encoding = fields.get('transfer-encoding')?.toLowerCase();
  if (encoding !== undefined && encoding !== 'chunked') throw new ProtocolError('its answer is packed in a way that was not asked for');
  const length = status === 204 || status === 304 ? 0 : readLength(fields.get('content-length'));
  const connection = (fields.get('connection') ?? '').toLowerCase().split(/[ \t]*,[ \t]*/);
  const isOpen = parts[1] === '1' ? !connection.includes('close') : connection.includes('keep-alive');
  const isFramed = encoding === undefined ? length !== undefined : length === undefined;
  return { status, fields, length: encoding === undefined ? length : undefined, keepsAlive: isOpen && isFramed };
}

function readLength(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (!/^\d{1,15}$/.test(value)) throw new ProtocolError('its answer has a length that is no number');
  return Number(value);
}
