// Announces and scrapes over UDP (BEP 15): from the tracker's URL to its addresses, and from its answer to what it means. How a datagram
// gets its answer is in udp-exchange.ts.

import { trackerLimits, udpTrackerLimits } from '../config.ts';
import { NetworkError, ProtocolError } from '../errors.ts';
import { systemClock } from '../support/clock.ts';
import { orAborted, withDeadline } from '../support/deadline.ts';
import { type Endpoint, makeEndpoint, reachOf } from '../support/endpoint.ts';
import { formatDuration } from '../support/format-duration.ts';
import { addressOf, mayConnect } from '../transport/connect-rule.ts';
import { lookupHost, type LookupHost } from '../transport/host-lookup.ts';
import { networkCause } from '../transport/network-cause.ts';
import type { AnnounceRequest, AnnounceResponse, ScrapeResponse, TrackerClient, TrackerScraper } from './tracker-client.ts';
import type { UdpAnswer, UdpExchange, UdpRequest } from './udp-exchange.ts';
import { announceRequest, readAnnounce, readScrape, scrapeRequest, udpActions } from './udp-messages.ts';

/** How a client of UDP trackers behaves. */
export interface UdpTrackerOptions {
  /** URLs that the user gave: these may name this machine in any way. Default: none. */
  readonly typedUrls?: ReadonlySet<string>;
  /** Default: hosts file, then DNS. */
  readonly lookupHost?: LookupHost;
}

/** Announces to `udp:` trackers. */
export class UdpTrackerClient implements TrackerClient, TrackerScraper {
  readonly #exchange: UdpExchange;
  readonly #typedUrls: ReadonlySet<string>;
  readonly #lookupHost: LookupHost;
  #isHolding = false;

  constructor(exchange: UdpExchange, options: UdpTrackerOptions = {}) {
    this.#exchange = exchange;
    this.#typedUrls = options.typedUrls ?? new Set();
    this.#lookupHost = options.lookupHost ?? lookupHost;
  }

  async announce(url: string, request: AnnounceRequest, signal: AbortSignal): Promise<AnnounceResponse> {
    const data = urlData(url);
    const { bytes, from } = await this.#ask(url, signal, {
      action: udpActions.announce,
      encode: (connection, transaction) => announceRequest(connection, transaction, request, data),
    });
    const reach = reachOf(from.host);
    return { ...readAnnounce(bytes, from.host.includes(':')), isLocal: reach === 'loopback' || reach === 'link-local' };
  }

  async scrape(url: string, infohash: Uint8Array, signal: AbortSignal): Promise<ScrapeResponse> {
    const { bytes } = await this.#ask(url, signal, {
      action: udpActions.scrape,
      encode: (connection, transaction) => scrapeRequest(connection, transaction, infohash),
    });
    return readScrape(bytes);
  }

  /** Lets go of the port that it shares with others. */
  close(): void {
    if (this.#isHolding) this.#exchange.release();
    this.#isHolding = false;
  }

  async #ask(url: string, signal: AbortSignal, request: UdpRequest): Promise<UdpAnswer> {
    const target = targetOf(url);
    const addresses = await this.#addresses(target, this.#typedUrls.has(url), signal);
    if (!this.#isHolding) this.#exchange.hold();
    this.#isHolding = true;
    return this.#exchange.ask(target.host, addresses, request, signal);
  }

  /**
   * The addresses of the tracker that we may talk to, best first. The path makes no difference: nothing of the URL is sent until the other
   * side has shown that it is a tracker.
   */
  #addresses(url: URL, typed: boolean, parent: AbortSignal): Promise<Endpoint[]> {
    const late = (): Error =>
      new NetworkError(`no answer to the host name lookup within ${formatDuration(trackerLimits.connectTimeoutMs)}`);
    return withDeadline(parent, systemClock, trackerLimits.connectTimeoutMs, late, async (signal) => {
      const literal = addressOf(url);
      const known = literal === undefined ? await this.#lookUp(url.hostname, signal) : [literal];
      const hop = { url: new URL(`${url.origin}/announce`), typed, redirectedFrom: undefined };
      const allowed = known.filter((address) => mayConnect(hop, address));
      if (known.length === 0) throw new NetworkError('host name not found');
      if (allowed.length === 0) throw new NetworkError(`its address, ${known[0]}, is not one that we may be led to`);
      return byTurns(allowed.flatMap((address) => makeEndpoint(address, url.port === '' ? defaultPort : Number(url.port)) ?? []));
    });
  }

  async #lookUp(host: string, signal: AbortSignal): Promise<readonly string[]> {
    try {
      return await orAborted(this.#lookupHost(host, signal), signal);
    } catch (error) {
      signal.throwIfAborted();
      throw networkCause(error);
    }
  }
}

/** What a URL without a port means: as for HTTP, and in BEP 41's examples. */
const defaultPort = 80;

/** `url` as if it were one of HTTP, whose hosts the URL parser brings into one form: `UDP://127.1` is 127.0.0.1. */
function targetOf(url: string): URL {
  const http = url.trim().replace(/^udp:/i, 'http:');
  if (!URL.canParse(http)) throw new ProtocolError("the tracker's URL is not a URL");
  const target = new URL(http);
  if (target.port === '0') throw new ProtocolError("the tracker's URL has port 0");
  return target;
}

/** BEP 41: path and query as they are in the URL; nothing when there are none. */
function urlData(url: string): string {
  const { pathname, search } = targetOf(url);
  const data = `${pathname === '/' ? '' : pathname}${search}`;
  if (data.length > udpTrackerLimits.urlDataChars)
    throw new ProtocolError(`the tracker's URL has more than ${udpTrackerLimits.urlDataChars} characters`);
  return data;
}

/** IPv6 and IPv4 in turn, so that a broken one of them costs little; not all of many. */
function byTurns(endpoints: readonly Endpoint[]): Endpoint[] {
  const six = endpoints.filter(({ host }) => host.includes(':'));
  const four = endpoints.filter(({ host }) => !host.includes(':'));
  return Array.from({ length: Math.max(six.length, four.length) }, (_, index) => [six[index] ?? [], four[index] ?? []].flat())
    .flat()
    .slice(0, udpTrackerLimits.addresses);
}
