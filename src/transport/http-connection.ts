// The connection that one request over HTTP is sent on: straight to the host, or through a proxy, TLS inside. Whether the address may be
// contacted is decided before anything leaves (connect-rule.ts).

import { request } from 'node:http';
import type { OnReadOpts, Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { userAgent } from '../config.ts';
import { NetworkError } from '../errors.ts';
import { systemClock } from '../support/clock.ts';
import { orAborted, withDeadline } from '../support/deadline.ts';
import type { Reach } from '../support/endpoint.ts';
import { formatDuration } from '../support/format-duration.ts';
import { connectToOne } from './connect.ts';
import { addressOf, type Hop, mayConnect, reachOfAddress } from './connect-rule.ts';
import type { Network } from './network.ts';
import type { Proxy } from './proxy.ts';
import { connectThroughSocks, connectToProxy } from './socks.ts';

/** A connection, and how a request is written on it. */
export interface HttpConnection {
  readonly socket: Socket;
  /** How far the host's address reaches; behind a proxy, which resolves names, as far as its name tells. */
  readonly reach: Reach;
  /** The second word of a request for `url`: the path, or to a proxy the whole URL. */
  readonly target: (url: URL) => string;
  /** What the proxy wants to know. */
  readonly headers: Readonly<Record<string, string>>;
}

/** An answer to CONNECT has no more. */
const proxyHeaderBytesMax = 16 * 1024;

/**
 * Connects to the host of `hop`, within `connectTimeoutMs` and over TLS for https. `onread`: where a plain, direct connection reads into, instead
 * of telling by 'data'. Throws NetworkError when no allowed address can be reached
 * or time is up, the signal's reason when aborted, and else what the network stack throws.
 */
export function openHttpConnection(
  hop: Hop,
  network: Network,
  { connectTimeoutMs }: { readonly connectTimeoutMs: number },
  parent: AbortSignal,
  onread?: OnReadOpts,
): Promise<HttpConnection> {
  const late = (): Error => new NetworkError(`no connection within ${formatDuration(connectTimeoutMs)}`);
  return withDeadline(parent, systemClock, connectTimeoutMs, late, async (signal) => {
    const proxy = network.socks ?? network.httpProxyFor(hop.url);
    return proxy === undefined ? connectDirectly(hop, network, signal, onread) : connectThrough(proxy, hop, network, signal);
  });
}

async function connectDirectly(hop: Hop, network: Network, signal: AbortSignal, onread?: OnReadOpts): Promise<HttpConnection> {
  const { url } = hop;
  const literal = addressOf(url);
  const known = literal === undefined ? await orAborted(network.lookupHost(url.hostname, signal), signal) : [literal];
  const allowed = known.filter((address) => mayConnect(hop, address));
  if (known.length === 0) throw new NetworkError('host name not found');
  if (allowed.length === 0) throw new NetworkError(`its address, ${known[0]}, is not one that we may be led to`);
  const raw = await connectToOne(allowed, portOf(url), network, signal, url.protocol === 'http:' ? onread : undefined);
  const reach = reachOfAddress(raw.remoteAddress ?? '');
  return { socket: await secured(raw, url, signal), reach, target: pathOf, headers: {} };
}

async function connectThrough(proxy: Proxy, hop: Hop, network: Network, signal: AbortSignal): Promise<HttpConnection> {
  const { url } = hop;
  // The proxy resolves names, so a name cannot be judged by its address; one that is an address, or says "this machine", can.
  const literal = addressOf(url) ?? (/(^|\.)localhost\.?$/.test(url.hostname) ? '127.0.0.1' : undefined);
  if (literal !== undefined && !mayConnect(hop, literal))
    throw new NetworkError(`its address, ${literal}, is not one that we may be led to`);
  const reach = literal === undefined ? 'global' : reachOfAddress(literal);
  const host = addressOf(url) ?? url.hostname;
  if (proxy.protocol === 'socks5') {
    const raw = await connectThroughSocks(network, host, portOf(url), signal, proxy);
    return { socket: await secured(raw, url, signal), reach, target: pathOf, headers: {} };
  }
  const toProxy = await secured(await connectToProxy(proxy, network, signal), new URL(proxy.name), signal);
  const headers = authorizationFor(proxy);
  if (url.protocol === 'http:') return { socket: toProxy, reach, target: urlOf, headers };
  const tunnel = await openTunnel(toProxy, proxy, url, signal);
  return { socket: await secured(tunnel, url, signal), reach, target: pathOf, headers: {} };
}

function urlOf({ host, pathname, search }: URL): string {
  return `http://${host}${pathname}${search}`;
}

function pathOf({ pathname, search }: URL): string {
  return pathname + search;
}

/** `raw` itself for http; for https TLS over it, whose certificate is always checked. */
async function secured(raw: Socket, url: URL, signal: AbortSignal): Promise<Socket> {
  if (url.protocol !== 'https:') return raw;
  const literal = addressOf(url);
  const socket = connectTls({
    socket: raw,
    host: literal ?? url.hostname,
    // Servers with several names choose their certificate by it (RFC 6066, section 3); it is not for addresses.
    ...(literal === undefined && { servername: url.hostname }),
    // Set for all to see, since an environment variable could switch it off otherwise.
    rejectUnauthorized: true,
    ALPNProtocols: ['http/1.1'],
  });
  return orFailed(socket, raw, signal, (done) => socket.once('secureConnect', () => done(socket)));
}

/** Has the proxy connect us to the host of `url` (RFC 9110, section 9.3.6). */
function openTunnel(raw: Socket, proxy: Proxy, url: URL, signal: AbortSignal): Promise<Socket> {
  const authority = `${url.hostname}:${portOf(url)}`;
  const asked = request({
    createConnection: () => raw,
    method: 'CONNECT',
    path: authority,
    headers: { host: authority, 'user-agent': userAgent, ...authorizationFor(proxy) },
    maxHeaderSize: proxyHeaderBytesMax,
  });
  return orFailed(asked, raw, signal, (done, fail) => {
    const refused = (status = 0): void => fail(new NetworkError(`the proxy ${proxy.name} answers with HTTP ${status}`));
    asked.once('response', (response) => refused(response.statusCode));
    asked.once('connect', (response, socket, head) => {
      const status = response.statusCode ?? 0;
      if (status < 200 || status > 299) return refused(status);
      if (head.length > 0) socket.unshift(head);
      done(raw);
      return undefined;
    });
    asked.end();
  });
}

/** What `wait` gives; when `emitter` fails, or the signal aborts, `raw` is destroyed. */
function orFailed(
  emitter: NodeJS.EventEmitter,
  raw: Socket,
  signal: AbortSignal,
  wait: (done: (socket: Socket) => void, fail: (error: unknown) => void) => void,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const settle = (outcome: () => void): void => {
      signal.removeEventListener('abort', onAbort);
      emitter.removeListener('error', fail);
      emitter.removeListener('close', onClose);
      emitter.on('error', () => {});
      outcome();
    };
    const fail = (error: unknown): void =>
      settle(() => {
        raw.on('error', () => {}).destroy();
        reject(error);
      });
    const onAbort = (): void => fail(signal.reason);
    const onClose = (): void => fail(new NetworkError('connection closed before TLS or the proxy was ready'));
    signal.addEventListener('abort', onAbort, { once: true });
    emitter.on('error', fail);
    emitter.on('close', onClose);
    wait((socket) => settle(() => resolve(socket)), fail);
    if (signal.aborted) onAbort();
  });
}

function authorizationFor({ credentials }: Proxy): Record<string, string> {
  return credentials === undefined ? {} : { 'proxy-authorization': basicAuthorization(credentials.user, credentials.password) };
}

/** RFC 7617. */
export function basicAuthorization(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`, 'utf8').toString('base64')}`;
}

function portOf(url: URL): number {
  return url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
}
