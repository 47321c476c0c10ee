// Announces and scrapes over HTTP and HTTPS (BEP 3, 7, 23, 48): builds the URL and reads the reply; the way there is http-fetch.ts.

import { STATUS_CODES } from 'node:http';
import { trackerLimits } from '../config.ts';
import { ProtocolError } from '../errors.ts';
import { parseAnnounceReply, refusalIn } from './announce-reply.ts';
import { announceUrl } from './announce-url.ts';
import { type FetchLimits, httpFetch } from '../transport/http-fetch.ts';
import type { HttpAnswer } from '../transport/http-get.ts';
import { directNetwork, type Network } from '../transport/network.ts';
import { parseScrapeReply, scrapeUrl } from './http-scrape.ts';
import type { AnnounceRequest, AnnounceResponse, ScrapeResponse, TrackerClient, TrackerScraper } from './tracker-client.ts';
import { TrackerRefusal } from './tracker-refusal.ts';

/** How a client of HTTP trackers behaves. */
export interface HttpTrackerOptions {
  /** URLs that the user gave: these may name this machine in any way. Default: none. */
  readonly typedUrls?: ReadonlySet<string>;
  /** Default: every way. */
  readonly network?: Network;
  /** Default: `trackerLimits`. */
  readonly limits?: FetchLimits;
}

/** Announces to `http:` and `https:` trackers. Holds no connection between announces. */
export class HttpTrackerClient implements TrackerClient, TrackerScraper {
  readonly #typedUrls: ReadonlySet<string>;
  readonly #network: Network;
  readonly #limits: FetchLimits;

  constructor(options: HttpTrackerOptions = {}) {
    this.#typedUrls = options.typedUrls ?? new Set();
    this.#network = options.network ?? directNetwork;
    this.#limits = options.limits ?? trackerLimits;
  }

  async announce(url: string, request: AnnounceRequest, signal: AbortSignal): Promise<AnnounceResponse> {
    const answer = await this.#fetch(url, announceUrl(parsed(url), request), signal);
    return { ...parseAnnounceReply(answer.body), isLocal: answer.reach === 'loopback' || answer.reach === 'link-local' };
  }

  async scrape(url: string, infohash: Uint8Array, signal: AbortSignal): Promise<ScrapeResponse> {
    const answer = await this.#fetch(url, scrapeUrl(parsed(url), infohash), signal);
    return parseScrapeReply(answer.body, infohash);
  }

  async #fetch(url: string, asked: URL, signal: AbortSignal): Promise<HttpAnswer> {
    const answer = await httpFetch(asked, this.#typedUrls.has(url), this.#network, this.#limits, signal);
    if (answer.status !== 200) throw refusal(answer);
    return answer;
  }
}

function parsed(url: string): URL {
  if (!URL.canParse(url)) throw new ProtocolError("the tracker's URL is not a URL");
  return new URL(url);
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
