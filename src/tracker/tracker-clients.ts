// Which client speaks to which tracker, by the scheme of its URL.

import { HttpTrackerClient } from './http-tracker.ts';
import type { TrackerClient } from './tracker-client.ts';

/** A chooser of clients; it gives undefined for a scheme that nobody speaks. `typedUrls` are those that the user gave. */
export function trackerClients(typedUrls: ReadonlySet<string>): (url: string) => TrackerClient | undefined {
  const http = new HttpTrackerClient({ typedUrls });
  return (url) => (/^https?:/i.test(url) ? http : undefined);
}
