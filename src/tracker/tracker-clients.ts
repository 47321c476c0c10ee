// Which client speaks to which tracker, by the scheme of its URL. All torrents of a process share one UDP port (BEP 15: one may do for all).

import { systemClock } from '../support/clock.ts';
import { systemRandom } from '../support/random.ts';
import { UdpSockets } from '../transport/udp.ts';
import { HttpTrackerClient } from './http-tracker.ts';
import type { TrackerClient, TrackerScraper } from './tracker-client.ts';
import { UdpExchange } from './udp-exchange.ts';
import { UdpTrackerClient } from './udp-tracker.ts';

const sharedExchange = new UdpExchange({ openPort: (hear) => new UdpSockets(hear), clock: systemClock, random: systemRandom });

/** The clients of one torrent. */
export interface TrackerClients {
  /** Who speaks to the tracker with this URL; undefined for a scheme that nobody speaks. */
  readonly clientFor: (url: string) => (TrackerClient & TrackerScraper) | undefined;
  /** To be called when there is nothing more to ask. */
  readonly close: () => void;
}

/** `typedUrls` are those that the user gave. */
export function trackerClients(typedUrls: ReadonlySet<string>): TrackerClients {
  const http = new HttpTrackerClient({ typedUrls });
  const udp = new UdpTrackerClient(sharedExchange, { typedUrls });
  return {
    clientFor: (url) => (/^https?:/i.test(url) ? http : /^udp:/i.test(url) ? udp : undefined),
    close: () => udp.close(),
  };
}
