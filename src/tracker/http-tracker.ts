// Announces over HTTP and HTTPS (BEP 3, 7, 23): builds the URL, follows redirects hop by hop under the connect rule, reads the reply.

import { STATUS_CODES } from 'node:http';
import { trackerLimits } from '../config.ts';
import { NetworkError, ProtocolError, TtorrentError } from '../errors.ts';
import { systemClock } from '../support/clock.ts';
import { withDeadline } from '../support/deadline.ts';
import { redactUrl } from '../support/printable.ts';
import { parseAnnounceReply, refusalIn } from './announce-reply.ts';
import { announceUrl } from './announce-url.ts';
import type { Hop } from './connect-rule.ts';
import { lookupHost, type LookupHost } from '../transport/host-lookup.ts';
import { httpGet, type HttpAnswer, type HttpLimits } from './http-get.ts';
import { networkCause } from './network-cause.ts';
import type { AnnounceRequest, AnnounceResponse, TrackerClient } from './tracker-client.ts';
import { TrackerRefusal } from './tracker-refusal.ts';

/** How a client of HTTP trackers behaves. */
export interface HttpTrackerOptions {
  /** URLs that the user gave: these may name this machine in any way. Default: none. */
  readonly typedUrls?: ReadonlySet<string>;
  /** Default: hosts file, then DNS. */
  readonly lookupHost?: LookupHost;
  /** Default: `trackerLimits`. */
  readonly limits?: HttpLimits & Readonly<Record<'totalTimeoutMs' | 'redirects', number>>;
}

const redirectStatuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Announces to `http:` and `https:` trackers. Holds no connection between announces. */
export class HttpTrackerClient implements TrackerClient {
  readonly #typedUrls: ReadonlySet<string>;
  readonly #lookupHost: LookupHost;
  readonly #limits: NonNullable<HttpTrackerOptions['limits']>;

  constructor(options: HttpTrackerOptions = {}) {
    this.#typedUrls = options.typedUrls ?? new Set();
    this.#lookupHost = options.lookupHost ?? lookupHost;
    this.#limits = options.limits ?? trackerLimits;
  }

  async announce(url: string, request: AnnounceRequest, signal: AbortSignal): Promise<AnnounceResponse> {
    if (!URL.canParse(url)) throw new ProtocolError("the tracker's URL is not a URL");
    const first: Hop = { url: announceUrl(new URL(url), request), typed: this.#typedUrls.has(url), redirectedFrom: undefined };
    const { totalTimeoutMs } = this.#limits;
    const late = (): Error => new NetworkError(`no complete answer within ${totalTimeoutMs / 1000} s`);
    const answer = await withDeadline(signal, systemClock, totalTimeoutMs, late, (deadline) => this.#follow(first, deadline));
    if (answer.status !== 200) throw refusal(answer);
    return { ...parseAnnounceReply(answer.body), isLocal: answer.reach === 'loopback' || answer.reach === 'link-local' };
  }

  /** The first answer that is no redirect. */
  async #follow(first: Hop, signal: AbortSignal): Promise<HttpAnswer> {
    const visited = new Set<string>();
    let hop = first;
    for (;;) {
      checkScheme(hop.url);
      visited.add(hop.url.href);
      const answer = await this.#get(hop, signal);
      const location = answer.headers.get('location');
      if (!redirectStatuses.has(answer.status) || location === undefined) return answer;

      const next = redirectTarget(hop.url, location);
      if (visited.has(next.href)) throw new ProtocolError('it redirects in a circle');
      if (visited.size > this.#limits.redirects) throw new ProtocolError(`it redirects more than ${this.#limits.redirects} times`);
      hop = { url: next, typed: first.typed, redirectedFrom: answer.reach };
    }
  }

  async #get(hop: Hop, signal: AbortSignal): Promise<HttpAnswer> {
    try {
      return await httpGet(hop, this.#lookupHost, this.#limits, signal);
    } catch (error) {
      signal.throwIfAborted();
      const cause = error instanceof TtorrentError ? error : networkCause(error);
      if (hop.redirectedFrom === undefined) throw cause;
      throw new NetworkError(`redirected to ${redactUrl(hop.url.href)}: ${cause.message}`, { cause });
    }
  }
}

function checkScheme(url: URL): void {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new ProtocolError(`expected an http or https URL, got "${url.protocol.slice(0, 20)}"`);
  }
}

/** Where `location` points. Throws ProtocolError when that is nowhere, or would take the announce out of TLS. */
function redirectTarget(from: URL, location: string): URL {
  if (!URL.canParse(location, from.href)) throw new ProtocolError('it redirects to something that is not a URL');
  const target = new URL(location, from.href);
  target.hash = '';
  checkScheme(target);
  if (from.protocol === 'https:' && target.protocol === 'http:') throw new ProtocolError('it redirects from https to http');
  return target;
}

/** What an answer other than 200 says: the tracker's own words if it has any, else the status. */
function refusal(answer: HttpAnswer): TrackerRefusal {
  const stated = refusalIn(answer.body);
  if (stated !== undefined) return stated;
  const name = STATUS_CODES[answer.status];
  const seconds = answer.headers.get('retry-after') ?? '';
  const retryAfterMs = /^\d{1,9}$/.test(seconds) ? Math.min(Number(seconds) * 1000, trackerLimits.maxIntervalMs) : undefined;
  return new TrackerRefusal(`HTTP ${answer.status}${name === undefined ? '' : ` ${name}`}`, retryAfterMs);
}
