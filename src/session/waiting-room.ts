// Connections that have not said yet which torrent they are for: so many in all, and of one host as many as the torrents together would take
// of it, so that one host which says nothing cannot keep the others out.

import { peerLimits } from '../config.ts';
import { reachOf } from '../support/endpoint.ts';
import { Tally } from '../support/tally.ts';

const placesMax = 4 * peerLimits.acceptsPerSecond;

/** Who waits. */
export class WaitingRoom {
  readonly #guests = new Map<object, { readonly host: string; readonly giveUp: () => void }>();
  readonly #perHost = new Tally();

  /** Whether one more of `host`, an IP literal, may wait for one of `torrents`. On loopback many peers share a host. */
  hasPlaceFor(host: string, torrents: number): boolean {
    if (this.#guests.size >= placesMax) return false;
    return reachOf(host) === 'loopback' || this.#perHost.of(host) < peerLimits.perAddress * torrents;
  }

  /** `giveUp` is to make `guest` leave. */
  enter(guest: object, host: string, giveUp: () => void): void {
    this.#guests.set(guest, { host, giveUp });
    this.#perHost.add(host);
  }

  /** False when it did not wait any more. */
  leave(guest: object): boolean {
    const place = this.#guests.get(guest);
    if (place === undefined) return false;
    this.#perHost.remove(place.host);
    return this.#guests.delete(guest);
  }

  /** Everybody is to leave. */
  close(): void {
    for (const { giveUp } of [...this.#guests.values()]) giveUp();
  }
}
