// One bounded GET: an address that the connect rule allows, a certificate that is always checked, time and bytes that have an end.
// Follows no redirect, keeps no connection: announces are half an hour apart.

import { once } from 'node:events';
import { connect as connectTcp, type LookupFunction, type Socket } from 'node:net';
import { unescape } from 'node:querystring';
import { connect as connectTls } from 'node:tls';
import { promisify } from 'node:util';
import { inflateRaw, unzip, type InputType } from 'node:zlib';
import type { Dispatcher } from 'undici';
import { trackerLimits, userAgent } from '../config.ts';
import { NetworkError, ProtocolError } from '../errors.ts';
import { concatBytes } from '../support/bytes.ts';
import { systemClock } from '../support/clock.ts';
import { orAborted, withDeadline } from '../support/deadline.ts';
import type { Reach } from '../support/endpoint.ts';
import { addressOf, mayConnect, reachOfAddress, type Hop } from './connect-rule.ts';
import type { LookupHost } from './host-lookup.ts';

/** How long one GET may take to connect and between bytes, and how long its answer may be. */
export type HttpLimits = Readonly<Record<'connectTimeoutMs' | 'idleTimeoutMs' | 'bodyBytes', number>>;

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
export async function httpGet(hop: Hop, lookupHost: LookupHost, limits: HttpLimits, signal: AbortSignal): Promise<HttpAnswer> {
  const { Client } = await import('undici');
  const socket = await openSocket(hop, lookupHost, limits, signal);
  const reach = reachOfAddress(socket.remoteAddress ?? '');
  const client = new Client(hop.url.origin, {
    // Later: undici misses a connection that is there before it has begun to wait.
    connect: (_options, callback) => queueMicrotask(() => callback(null, socket)),
    headersTimeout: limits.idleTimeoutMs,
    bodyTimeout: limits.idleTimeoutMs,
  });
  try {
    const response = await client.request({
      method: 'GET',
      path: hop.url.pathname + hop.url.search,
      headers: requestHeaders(hop.url),
      reset: true,
      signal,
    });
    // What is not read to its end is torn down below; that is no news.
    response.body.on('error', () => {});
    const headers = flatHeaders(response.headers);
    const isRedirect = response.statusCode >= 300 && response.statusCode < 400;
    const body = isRedirect ? new Uint8Array() : await readBody(response.body, headers, limits.bodyBytes);
    return { status: response.statusCode, headers, body, reach };
  } finally {
    socket.destroy();
    await client.destroy();
  }
}

/** A connection, over TLS for https, to one of the host's addresses that the rule allows. */
function openSocket(hop: Hop, lookupHost: LookupHost, limits: HttpLimits, parent: AbortSignal): Promise<Socket> {
  const late = (): Error => new NetworkError(`no connection within ${limits.connectTimeoutMs / 1000} s`);
  return withDeadline(parent, systemClock, limits.connectTimeoutMs, late, async (signal) => {
    const { url } = hop;
    const literal = addressOf(url);
    const known = literal === undefined ? await orAborted(lookupHost(url.hostname, signal), signal) : [literal];
    const allowed = known.filter((address) => mayConnect(hop, address));
    if (known.length === 0) throw new NetworkError('host name not found');
    if (allowed.length === 0) throw new NetworkError(`its address, ${known[0]}, is not one that a tracker may lead us to`);

    const isTls = url.protocol === 'https:';
    const options = {
      host: literal ?? url.hostname,
      port: url.port === '' ? (isTls ? 443 : 80) : Number(url.port),
      lookup: pinnedLookup(allowed),
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: trackerLimits.addressAttemptMs,
    };
    // Set for all to see, since an environment variable could switch it off otherwise.
    const socket = isTls ? connectTls({ ...options, rejectUnauthorized: true, ALPNProtocols: ['http/1.1'] }) : connectTcp(options);
    try {
      await once(socket, isTls ? 'secureConnect' : 'connect', { signal });
    } catch (error) {
      socket.on('error', () => {}).destroy();
      throw error;
    }
    return socket.setNoDelay(true);
  });
}

/** A resolver that knows only the addresses that were checked, so that a name cannot change its mind between check and connect. */
function pinnedLookup(addresses: readonly string[]): LookupFunction {
  const pinned = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  return (_hostname, options, callback) => {
    if (options.all === true) return callback(null, pinned);
    const [first] = pinned;
    callback(null, first?.address ?? '', first?.family);
  };
}

function requestHeaders(url: URL): Record<string, string> {
  const headers: Record<string, string> = { 'user-agent': userAgent, 'accept-encoding': 'gzip' };
  if (url.username !== '' || url.password !== '') {
    const secret = `${unescape(url.username)}:${unescape(url.password)}`;
    headers['authorization'] = `Basic ${Buffer.from(secret, 'utf8').toString('base64')}`;
  }
  return headers;
}

function flatHeaders(headers: Dispatcher.ResponseData['headers']): Map<string, string> {
  const flat = new Map<string, string>();
  for (const [name, value] of Object.entries(headers)) {
    const first = Array.isArray(value) ? value[0] : value;
    if (first !== undefined) flat.set(name.toLowerCase(), first);
  }
  return flat;
}

/** The whole body, inflated, never more than `maxBytes` of it in memory in either form. */
async function readBody(stream: AsyncIterable<Uint8Array>, headers: ReadonlyMap<string, string>, maxBytes: number): Promise<Uint8Array> {
  const tooLarge = (): ProtocolError => new ProtocolError(`the answer is larger than ${maxBytes} bytes`);
  if (Number(headers.get('content-length') ?? 0) > maxBytes) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    length += chunk.length;
    if (length > maxBytes) throw tooLarge();
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
    if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge();
    throw new ProtocolError('the answer is not the gzip that it claims to be', { cause: error });
  }
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
