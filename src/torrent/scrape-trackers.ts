// Asks every tracker of a torrent how many have it (BEP 48, BEP 15's scrape). Nobody is told of us.

import { setMaxListeners } from 'node:events';
import { NetworkError, TrackerError } from '../errors.ts';
import type { Metainfo } from '../metainfo/metainfo.ts';
import { systemClock } from '../support/clock.ts';
import { withDeadline } from '../support/deadline.ts';
import { formatDuration } from '../support/format-duration.ts';
import { printable, redactUrl } from '../support/printable.ts';
import type { ScrapeResponse } from '../tracker/tracker-client.ts';
import { trackerClients, type TrackerClients } from '../tracker/tracker-clients.ts';
import { networkOf } from '../transport/network-options.ts';
import { defaultQueryMs, tiersToAsk, type TrackerQueryOptions } from './tracker-query.ts';

/** What came of asking one tracker. */
export interface TrackerScrape {
  /** Its URL without secrets. */
  readonly tracker: string;
  readonly outcome: 'answered' | 'failed' | 'refused';
  /** The cause of a failure, the tracker's words of refusal; empty for an answer. */
  readonly message: string;
  readonly seeders: number | undefined;
  readonly leechers: number | undefined;
  /** How often the torrent was downloaded to its end. */
  readonly downloads: number | undefined;
}

/** Scrapes all trackers at once; one entry for each, in the torrent's order. Throws InputError for a network that makes no sense, and the signal's reason. */
export async function scrapeTrackers(metainfo: Metainfo, options: TrackerQueryOptions = {}): Promise<TrackerScrape[]> {
  const urls = [...new Set(tiersToAsk(metainfo, options).flat())];
  const signal = AbortSignal.any(options.signal === undefined ? [] : [options.signal]);
  setMaxListeners(0, signal); // each tracker listens
  const clients = trackerClients(new Set(options.announce), networkOf(options.network));
  try {
    return await Promise.all(urls.map((url) => scrapeOne(url, metainfo, clients, { ...options, signal })));
  } finally {
    clients.close();
  }
}

const nothing: ScrapeResponse = { seeders: undefined, leechers: undefined, downloads: undefined };

async function scrapeOne(
  url: string,
  metainfo: Metainfo,
  clients: TrackerClients,
  { timeoutMs = defaultQueryMs, signal }: TrackerQueryOptions & { readonly signal: AbortSignal },
): Promise<TrackerScrape> {
  const tracker = redactUrl(url);
  const late = (): Error => new NetworkError(`no answer within ${formatDuration(timeoutMs)}`);
  try {
    const counts = await withDeadline(signal, systemClock, timeoutMs, late, async (deadline) => {
      const client = clients.clientFor(url);
      if (client === undefined) throw new NetworkError('trackers of this kind are not supported');
      return client.scrape(url, metainfo.infohash, deadline);
    });
    return { tracker, outcome: 'answered', message: '', ...counts };
  } catch (error) {
    signal.throwIfAborted();
    const message = printable(error instanceof Error ? error.message : String(error));
    return { tracker, outcome: error instanceof TrackerError ? 'refused' : 'failed', message, ...nothing };
  }
}
