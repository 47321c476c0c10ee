// Announces and scrapes over UDP (BEP 15): from the tracker's URL to its addresses, and from its answer to what it means. How a datagram
// gets its answer is in udp-exchange.ts.

import { peerLimits, trackerLimits, udpTrackerLimits } from '../config.ts';
import { NetworkError, ProtocolError, TrackerError } from '../errors.ts';
import { delay, systemClock } from '../support/clock.ts';
import { orAborted, withDeadline } from '../support/deadline.ts';
import { type Endpoint, makeEndpoint, reachOf } from '../support/endpoint.ts';
import { formatDuration } from '../support/format-duration.ts';
import { addressOf, mayConnect } from '../transport/connect-rule.ts';
import { canReach, directNetwork, familyNames, type Network } from '../transport/network.ts';
import { networkCause } from '../transport/network-cause.ts';
import type { AnnounceRequest, AnnounceResponse, ScrapeResponse, TrackerClient, TrackerScraper } from './tracker-client.ts';
import type { UdpAnswer, UdpExchange, UdpRequest } from './udp-exchange.ts';
import { announceRequest, readAnnounce, readScrape, scrapeRequest, udpActions } from './udp-messages.ts';

/** How a client of UDP trackers behaves. */
export interface UdpTrackerOptions {
  /** URLs that the user gave: these may name this machine in any way. Default: none. */
  readonly typedUrls?: ReadonlySet<string>;
  /** Default: every way. */
  readonly network?: Network;
}

/** Announces to `udp:` trackers. */
export class UdpTrackerClient implements TrackerClient, TrackerScraper {
  readonly #exchange: UdpExchange;
  readonly #typedUrls: ReadonlySet<string>;
  readonly #network: Network;
  #isHolding = false;

  constructor(exchange: UdpExchange, options: UdpTrackerOptions = {}) {
    this.#exchange = exchange;
    this.#typedUrls = options.typedUrls ?? new Set();
    this.#network = options.network ?? directNetwork;
  }

  /**
   * A tracker names peers of the family that it is asked over: one that has both is asked over both, as soon as one has answered the other
   * has a moment left.
   */
  async announce(url: string, request: AnnounceRequest, parent: AbortSignal): Promise<AnnounceResponse> {
    const data = urlData(url);
    const encode: UdpRequest['encode'] = (connection, transaction) => announceRequest(connection, transaction, request, data);
    const addresses = await this.#addresses(url, parent);
    const done = new AbortController();
    const signal = AbortSignal.any([parent, done.signal]);
    const asked = [6, 4].flatMap((family) => {
      const ofFamily = addresses.filter((address) => isOfFamily(address, family));
      if (ofFamily.length === 0) return [];
      // A refusal is an answer too.
      return this.#ask(url, ofFamily, { action: udpActions.announce, encode }, signal).then(announceResponse).catch(orRefusal);
    });
    try {
      await Promise.any(asked);
      await Promise.race([Promise.allSettled(asked), delay(systemClock, udpTrackerLimits.otherFamilyMs, signal)]);
      done.abort();
      const outcomes = await Promise.allSettled(asked);
      return merged(outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? outcome.value : [])));
    } catch (error) {
      parent.throwIfAborted();
      throw error instanceof AggregateError ? error.errors[0] : error;
    } finally {
      done.abort();
    }
  }

  async scrape(url: string, infohash: Uint8Array, signal: AbortSignal): Promise<ScrapeResponse> {
    const encode: UdpRequest['encode'] = (connection, transaction) => scrapeRequest(connection, transaction, infohash);
    const addresses = await this.#addresses(url, signal);
    return readScrape((await this.#ask(url, addresses, { action: udpActions.scrape, encode }, signal)).bytes);
  }

  /** Lets go of the port that it shares with others. */
  close(): void {
    if (this.#isHolding) this.#exchange.release();
    this.#isHolding = false;
  }

  #ask(url: string, addresses: readonly Endpoint[], request: UdpRequest, signal: AbortSignal): Promise<UdpAnswer> {
    if (!this.#isHolding) this.#exchange.hold();
    this.#isHolding = true;
    // That one family is silent says nothing of the other.
    const families = [4, 6].filter((family) => addresses.some((address) => isOfFamily(address, family)));
    return this.#exchange.ask(`${targetOf(url).host} ${families.join()}`, addresses, request, signal);
  }

  /**
   * The addresses of the tracker that we may talk to, best first. The path makes no difference: nothing of the URL is sent until the other
   * side has shown that it is a tracker.
   */
  async #addresses(trackerUrl: string, parent: AbortSignal): Promise<Endpoint[]> {
    const url = targetOf(trackerUrl);
    const typed = this.#typedUrls.has(trackerUrl);
    if (this.#network.socks !== undefined) throw new NetworkError('not asked: UDP does not go through the proxy');
    const late = (): Error =>
      new NetworkError(`no answer to the host name lookup within ${formatDuration(trackerLimits.connectTimeoutMs)}`);
    return withDeadline(parent, systemClock, trackerLimits.connectTimeoutMs, late, async (signal) => {
      const literal = addressOf(url);
      const known = literal === undefined ? await this.#lookUp(url.hostname, signal) : [literal];
      const hop = { url: new URL(`${url.origin}/announce`), typed, redirectedFrom: undefined };
      const allowed = known.filter((address) => mayConnect(hop, address));
      if (known.length === 0) throw new NetworkError('host name not found');
      if (allowed.length === 0) throw new NetworkError(`its address, ${known[0]}, is not one that we may be led to`);
      const within = allowed.filter((address) => canReach(this.#network, address));
      if (within.length === 0) throw new NetworkError(`it has no ${familyNames(this.#network)} address`);
      return byTurns(within.flatMap((address) => makeEndpoint(address, url.port === '' ? defaultPort : Number(url.port)) ?? []));
    });
  }

  async #lookUp(host: string, signal: AbortSignal): Promise<readonly string[]> {
    try {
      return await orAborted(this.#network.lookupHost(host, signal), signal);
    } catch (error) {
      signal.throwIfAborted();
      throw networkCause(error);
    }
  }
}

function isOfFamily({ host }: Endpoint, family: number): boolean {
  return host.includes(':') === (family === 6);
}

function announceResponse({ bytes, from }: UdpAnswer): AnnounceResponse {
  const reach = reachOf(from.host);
  return { ...readAnnounce(bytes, from.host.includes(':')), isLocal: reach === 'loopback' || reach === 'link-local' };
}

function orRefusal(error: unknown): TrackerError {
  if (error instanceof TrackerError) return error;
  throw error;
}

/** What the families say together; a refusal only where none answers. Some trackers count each for itself: the larger swarm is told. */
function merged(answers: readonly (AnnounceResponse | TrackerError)[]): AnnounceResponse {
  const [first, second] = answers.flatMap((answer) => (answer instanceof TrackerError ? [] : [answer]));
  if (first === undefined) throw answers.find((answer) => answer instanceof TrackerError) ?? new NetworkError('no answer over UDP');
  if (second === undefined) return first;
  return {
    ...((first.seeders ?? 0) >= (second.seeders ?? 0) ? first : second),
    peers: [...first.peers, ...second.peers].slice(0, peerLimits.addresses),
    intervalMs: Math.max(first.intervalMs, second.intervalMs),
    isLocal: first.isLocal && second.isLocal,
  };
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
