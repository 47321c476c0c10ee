// Which client speaks to which tracker, by the scheme of its URL.

import type { Network } from '../transport/network.ts';
import { HttpTrackerClient } from './http-tracker.ts';
import type { TrackerClient } from './tracker-client.ts';

/** A chooser of clients; it gives undefined for a scheme that nobody speaks. `typedUrls` are those that the user gave. */
export function trackerClients(typedUrls: ReadonlySet<string>, network: Network): (url: string) => TrackerClient | undefined {
  const http = new HttpTrackerClient({ typedUrls, network });
  return (url) => (/^https?:/i.test(url) ? http : undefined);
}
