// One bounded GET, or POST: an address that the connect rule allows, a certificate that is always checked, time and bytes that have an end.
// Follows no redirect (http-fetch.ts does), keeps no connection: announces are half an hour apart.

import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import type { Socket } from 'node:net';
import { unescape } from 'node:querystring';
import { promisify } from 'node:util';
import { inflateRaw, unzip, type InputType } from 'node:zlib';
import { userAgent } from '../config.ts';
import { NetworkError, ProtocolError } from '../errors.ts';
import { concatBytes } from '../support/bytes.ts';
import { orAborted } from '../support/deadline.ts';
import type { Reach } from '../support/endpoint.ts';
import type { Hop } from './connect-rule.ts';
import { basicAuthorization, type HttpConnection, openHttpConnection } from './http-connection.ts';
import type { Network } from './network.ts';

/** How long one GET may take to connect and between bytes, and how long its answer may be. */
export type HttpLimits = Readonly<Record<'connectTimeoutMs' | 'idleTimeoutMs' | 'bodyBytes', number>>;

/** Header fields beyond this belong to no answer of use. */
const headerBytesMax = 64 * 1024;

/** What may come beside the body: header fields, and the framing of chunks. Interim answers and chunk extensions have no end of their own. */
const framingBytesMax = headerBytesMax;

/** What came back. */
export interface HttpAnswer {
  readonly status: number;
  /** The header fields, by lower-case name; a repeated field by its first value. */
  readonly headers: ReadonlyMap<string, string>;
  /** Inflated; empty for a redirect. */
  readonly body: Uint8Array;
  /** How far the address reaches that answered. */
  readonly reach: Reach;
}

/**
 * GETs `hop.url`. Throws NetworkError when no allowed address can be reached or time is up, ProtocolError when the answer is too large or
 * packed in a way we did not offer, the signal's reason when aborted, and else what the network stack throws.
 */
export function httpGet(hop: Hop, network: Network, limits: HttpLimits, signal: AbortSignal): Promise<HttpAnswer> {
  return ask(hop, undefined, network, limits, signal);
}

/** What a POST says beside its URL. */
export interface HttpPost {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** As `httpGet`, with a body of ours. */
export function httpPost(hop: Hop, post: HttpPost, network: Network, limits: HttpLimits, signal: AbortSignal): Promise<HttpAnswer> {
  return ask(hop, post, network, limits, signal);
}

async function ask(hop: Hop, post: HttpPost | undefined, network: Network, limits: HttpLimits, signal: AbortSignal): Promise<HttpAnswer> {
  const connection = await openHttpConnection(hop, network, limits, signal);
  try {
    // Whatever a server does to Node's client, it cannot keep us beyond our time.
    return await orAborted(exchange(hop.url, post, connection, limits, signal), signal);
  } finally {
    connection.socket.destroy();
  }
}

async function exchange(
  url: URL,
  post: HttpPost | undefined,
  connection: HttpConnection,
  limits: HttpLimits,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const response = await answerTo(url, post, connection, limits, signal);
  const status = response.statusCode ?? 0;
  const headers = flatHeaders(response.headers);
  const isRedirect = status >= 300 && status < 400;
  const body = isRedirect ? new Uint8Array() : await readBody(response, headers, limits.bodyBytes);
  return { status, headers, body, reach: connection.reach };
}

/** Asks for `url`; resolves with the head of the answer, whose body is yet to be read. */
function answerTo(
  url: URL,
  post: HttpPost | undefined,
  { socket, target, headers }: HttpConnection,
  limits: HttpLimits,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    let answer: IncomingMessage | undefined;
    const asked = request({
      createConnection: () => socket,
      method: post === undefined ? 'GET' : 'POST',
      path: target(url),
      headers: { ...requestHeaders(url), ...headers, ...post?.headers },
      maxHeaderSize: headerBytesMax,
      signal,
    });
    socket.setTimeout(limits.idleTimeoutMs, () => {
      asked.destroy(new NetworkError(answer === undefined ? 'connected, but no answer in time' : 'the answer stopped half-way'));
    });
    asked.on('error', (error) => {
      reject(error);
      answer?.destroy(error); // whoever reads the body learns the cause, not only that it broke off
    });
    asked.once('socket', () => boundBytes(socket, limits.bodyBytes, (error) => asked.destroy(error)));
    // Without a listener Node would drop the connection and tell nobody.
    asked.once('upgrade', () => reject(new ProtocolError('the answer changes to a protocol that was not asked for')));
    asked.once('response', (response) => {
      answer = response;
      response.on('error', () => {}); // a body that nobody reads to its end is torn down; that is no news
      resolve(response);
    });
    asked.end(post?.body);
  });
}

/** Calls `exceeded` once more has come than the largest body and what may stand around it, whatever the HTTP parser makes of it. */
function boundBytes(socket: Socket, bodyBytes: number, exceeded: (error: Error) => void): void {
  let received = 0;
  socket.on('data', (chunk: Uint8Array) => {
    received += chunk.length;
    if (received > bodyBytes + framingBytesMax) exceeded(tooLarge(bodyBytes));
  });
}

function requestHeaders(url: URL): Record<string, string> {
  const headers: Record<string, string> = { host: url.host, 'user-agent': userAgent, 'accept-encoding': 'gzip', connection: 'close' };
  if (url.username !== '' || url.password !== '') {
    headers['authorization'] = basicAuthorization(unescape(url.username), unescape(url.password));
  }
  return headers;
}

function flatHeaders(headers: IncomingHttpHeaders): Map<string, string> {
  const flat = new Map<string, string>();
  for (const [name, value] of Object.entries(headers)) {
    const first = Array.isArray(value) ? value[0] : value;
    if (first !== undefined) flat.set(name, first);
  }
  return flat;
}

/** The whole body, inflated, never more than `maxBytes` of it in memory in either form. */
async function readBody(stream: AsyncIterable<Uint8Array>, headers: ReadonlyMap<string, string>, maxBytes: number): Promise<Uint8Array> {
  if (Number(headers.get('content-length') ?? 0) > maxBytes) throw tooLarge(maxBytes);
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    length += chunk.length;
    if (length > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  const body = concatBytes(chunks);
  const encoding = headers.get('content-encoding')?.trim().toLowerCase() ?? 'identity';
  if (encoding === 'identity' || encoding === '') return body;
  const inflate = inflaterFor(encoding, body);
  if (inflate === undefined) throw new ProtocolError('the answer is compressed in a way that was not asked for');
  try {
    return await inflate(body, { maxOutputLength: maxBytes });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(maxBytes);
    throw new ProtocolError('the answer is not the gzip that it claims to be', { cause: error });
  }
}

function tooLarge(bodyBytes: number): ProtocolError {
  return new ProtocolError(`the answer is larger than ${bodyBytes} bytes`);
}

type Inflater = (body: InputType, options: { maxOutputLength: number }) => Promise<Uint8Array>;
const inflateWrapped: Inflater = promisify(unzip);
const inflateBare: Inflater = promisify(inflateRaw);

/** `deflate` means zlib's wrapping; some servers leave it out. Its first byte ends in 8 (RFC 1950, CM). */
function inflaterFor(encoding: string, body: Uint8Array): Inflater | undefined {
  if (encoding === 'gzip' || encoding === 'x-gzip') return inflateWrapped;
  if (encoding === 'deflate') return ((body[0] ?? 0) & 0x0f) === 8 ? inflateWrapped : inflateBare;
  return undefined;
}
