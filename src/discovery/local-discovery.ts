// Local discovery (BEP 14): says to the local network, by multicast, which torrent we are on and where we listen, and hears what others say.
// Where multicast is impossible it finds nobody. Never there for a private torrent (BEP 27).

import { lsdLimits } from '../config.ts';
import { toHex } from '../support/bytes.ts';
import type { Clock, Timer } from '../support/clock.ts';
import { type Endpoint, formatEndpoint, makeEndpoint } from '../support/endpoint.ts';
import type { Random } from '../support/random.ts';
import type { Multicast } from '../transport/multicast.ts';
import { decodeLsdAnnounce, encodeLsdAnnounce } from './lsd-message.ts';
import type { PeerSource, PeerSourceListener } from './peer-source.ts';

/** BEP 14, in organisation-local and site-local scope. */
const lsdGroups: readonly Endpoint[] = [
  { host: '239.192.152.143', port: 6771 },
  { host: 'ff15::efc0:988f', port: 6771 },
];

/** What it is made of. */
export interface LocalDiscoveryParts {
  readonly infohash: Uint8Array;
  /** Where we listen on this machine; undefined: nowhere, and we only hear others. */
  readonly port: () => number | undefined;
  /** `joinMulticast` of transport/multicast.ts. */
  readonly join: (group: Endpoint, received: (bytes: Uint8Array, sender: string) => void) => Promise<Multicast>;
  readonly clock: Clock;
  readonly random: Random;
  readonly listener: PeerSourceListener;
}

/** One group: not joined yet, on the way to it, joined, or out of reach, which is tried again. */
interface Membership {
  readonly group: Endpoint;
  state: 'new' | 'joining' | 'joined' | 'failed';
  multicast?: Multicast;
}

/** The local discovery of one torrent. */
export class LocalDiscovery implements PeerSource {
  readonly #parts: LocalDiscoveryParts;
  readonly #infohash: string;
  readonly #cookie: string;
  readonly #memberships: readonly Membership[] = lsdGroups.map((group) => ({ group, state: 'new' }));
  /** Whom we heard since our last announce. */
  readonly #heard = new Set<string>();
  #lastComplaint = '';
  #announcedMs = Number.NEGATIVE_INFINITY;
  #timer: Timer | undefined;
  #isOver = false;

  constructor(parts: LocalDiscoveryParts) {
    this.#parts = parts;
    this.#infohash = toHex(parts.infohash);
    this.#cookie = toHex(parts.random.bytes(8));
  }

  /** There may be somebody as long as a group can be spoken to. */
  get isUsable(): boolean {
    return !this.#isOver && this.#memberships.some(({ state }) => state !== 'failed');
  }

  start(): void {
    this.#announce();
  }

  /** Nobody on the network asks for that. */
  completed(): void {}
  setHungry(): void {}

  /** That others reach us from outside by another port means nothing here. */
  portChanged(): void {}

  async stop(): Promise<void> {
    this.#isOver = true;
    this.#timer?.cancel();
    for (const { multicast } of this.#memberships) multicast?.close();
  }

  #announce(): void {
    this.#announcedMs = this.#parts.clock.nowMs();
    this.#heard.clear();
    for (const membership of this.#memberships) {
      if (membership.state === 'joined') this.#send(membership);
      else if (membership.state !== 'joining') void this.#join(membership);
    }
    this.#announceAfter(lsdLimits.announceEveryMs);
  }

  #announceAfter(delayMs: number): void {
    this.#timer?.cancel();
    this.#timer = this.#parts.clock.setTimer(delayMs, () => this.#announce());
  }

  async #join(membership: Membership): Promise<void> {
    membership.state = 'joining';
    try {
      const multicast = await this.#parts.join(membership.group, (bytes, sender) => this.#received(bytes, sender));
      if (this.#isOver) return multicast.close();
      membership.state = 'joined';
      membership.multicast = multicast;
      this.#send(membership);
    } catch (error) {
      membership.state = 'failed';
      if (!this.#isOver && this.#memberships.every(({ state }) => state === 'failed')) this.#failed((error as Error).message);
    }
  }

  #send({ group, multicast }: Membership): void {
    const port = this.#parts.port();
    if (port === undefined) return;
    multicast?.send(encodeLsdAnnounce(formatEndpoint(group), { port, infohashes: [this.#infohash], cookie: this.#cookie }));
  }

  /** A network may yet come. */
  #failed(message: string): void {
    this.#announceAfter(lsdLimits.announceAtMostEveryMs);
    if (message === this.#lastComplaint) return;
    this.#lastComplaint = message;
    this.#parts.listener.reported({ kind: 'lsd', source: 'local discovery', outcome: 'failed', message, peerCount: 0 });
  }

  #received(bytes: Uint8Array, sender: string): void {
    if (this.#isOver || this.#heard.size >= lsdLimits.heard) return;
    const announce = decodeLsdAnnounce(bytes);
    if (announce === undefined || announce.cookie === this.#cookie || !announce.infohashes.includes(this.#infohash)) return;
    // A link-local address of IPv6 means nothing without its interface, and so is none that makes an endpoint.
    const endpoint = makeEndpoint(sender, announce.port);
    if (endpoint === undefined || this.#heard.has(formatEndpoint(endpoint))) return;
    this.#heard.add(formatEndpoint(endpoint));
    const { listener, clock } = this.#parts;
    listener.reported({ kind: 'lsd', source: 'local discovery', outcome: 'answered', message: formatEndpoint(endpoint), peerCount: 1 });
    listener.foundPeers('lsd', [endpoint], false, 'lsd');
    // Who came after us, and only hears others, or cannot be reached by us, learns of us now and not in five minutes.
    const quietMs = clock.nowMs() - this.#announcedMs;
    if (quietMs >= lsdLimits.announceAtMostEveryMs) this.#announce();
  }
}
