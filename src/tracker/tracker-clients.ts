// Which client speaks to which tracker, by the scheme of its URL. All torrents of a process that leave from the same addresses share one UDP
// port (BEP 15: one may do for all).

import { systemClock } from '../support/clock.ts';
import { systemRandom } from '../support/random.ts';
import type { Network } from '../transport/network.ts';
import { UdpSockets } from '../transport/udp.ts';
import { HttpTrackerClient } from './http-tracker.ts';
import type { TrackerClient, TrackerScraper } from './tracker-client.ts';
import { UdpExchange } from './udp-exchange.ts';
import { UdpTrackerClient } from './udp-tracker.ts';

/** By the addresses of this machine that they are bound to. */
const sharedExchanges = new Map<string, UdpExchange>();

/** The clients of one torrent. */
export interface TrackerClients {
  /** Who speaks to the tracker with this URL; undefined for a scheme that nobody speaks. */
  readonly clientFor: (url: string) => (TrackerClient & TrackerScraper) | undefined;
  /** To be called when there is nothing more to ask. */
  readonly close: () => void;
}

/** `typedUrls` are those that the user gave. */
export function trackerClients(typedUrls: ReadonlySet<string>, network: Network): TrackerClients {
  const http = new HttpTrackerClient({ typedUrls, network });
  const udp = new UdpTrackerClient(exchangeOf(network), { typedUrls, network });
  return {
    clientFor: (url) => (/^https?:/i.test(url) ? http : /^udp:/i.test(url) ? udp : undefined),
    close: () => udp.close(),
  };
}

function exchangeOf(network: Network): UdpExchange {
  const bound = [...network.families.values()].join();
  const known = sharedExchanges.get(bound);
  if (known !== undefined) return known;
  const fresh = new UdpExchange({ openPort: (hear) => new UdpSockets(hear, network), clock: systemClock, random: systemRandom });
  sharedExchanges.set(bound, fresh);
  return fresh;
}
