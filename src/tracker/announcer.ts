// The trackers of one torrent as a source of peers (BEP 3, 12): the thin shell that lets the announce schedule speak and passes on what
// comes back. When and to whom is decided in announce-schedule.ts, how in the tracker clients.

import { trackerLimits } from '../config.ts';
import type { PeerSource, PeerSourceListener, SourceReport, TransferTotals } from '../discovery/peer-source.ts';
import { assert, TrackerError } from '../errors.ts';
import { toHex } from '../support/bytes.ts';
import type { Clock, Timer } from '../support/clock.ts';
import { printable, redactUrl } from '../support/printable.ts';
import type { Random } from '../support/random.ts';
import { AnnounceSchedule, type DueAnnounce } from './announce-schedule.ts';
import type { AnnounceResponse, TrackerClient } from './tracker-client.ts';
import { TrackerRefusal } from './tracker-refusal.ts';

/** What an announcer is made of. */
export interface AnnouncerParts {
  /** BEP 12 tiers of announce URLs. */
  readonly trackers: readonly (readonly string[])[];
  /** URLs among them that the user gave. Default: none. */
  readonly typedUrls?: ReadonlySet<string>;
  readonly infohash: Uint8Array;
  readonly peerId: Uint8Array;
  /** Where peers reach us, now. */
  readonly port: () => number;
  /** Who speaks the protocol of a URL; undefined when nobody does. */
  readonly clientFor: (url: string) => TrackerClient | undefined;
  /** Called when all goodbyes are said: no client is needed any more. Default: nothing. */
  readonly closeClients?: () => void;
  /** The totals at this moment. */
  readonly totals: () => TransferTotals;
  readonly listener: PeerSourceListener;
  readonly clock: Clock;
  readonly random: Random;
}

/** An announce under way. */
interface Exchange {
  readonly due: DueAnnounce;
  readonly controller: AbortController;
  readonly done: Promise<void>;
}

/** Announces a torrent to its trackers until stopped. */
export class TrackerAnnouncer implements PeerSource {
  readonly #parts: AnnouncerParts;
  readonly #clients = new Map<string, TrackerClient>();
  readonly #schedule: AnnounceSchedule;
  readonly #key: string;
  readonly #exchanges = new Set<Exchange>();
  /** What was last told of a tracker, so that nothing is told twice in a row. */
  readonly #lastFailures = new Map<string, string>();
  readonly #lastWarnings = new Map<string, string>();
  #isHungry = false;
  #timer: Timer | undefined;
  #stopped: Promise<void> | undefined;

  constructor(parts: AnnouncerParts) {
    this.#parts = parts;
    this.#key = toHex(parts.random.bytes(4));
    const tiers = withoutRepeats(parts.trackers).map((tier) => tier.filter((url) => this.#adopt(url)));
    this.#schedule = new AnnounceSchedule(tiers, parts.random);
  }

  start(): void {
    for (const url of withoutRepeats(this.#parts.trackers).flat()) {
      if (!this.#clients.has(url)) this.#report(url, 'failed', `trackers of this kind (${schemeOf(url)}) are not supported`);
    }
    this.#schedule.start(this.#parts.clock.nowMs());
    this.#proceed();
  }

  completed(): void {
    this.#schedule.completed();
    this.#proceed();
  }

  portChanged(): void {
    this.#schedule.outdated();
    this.#proceed();
  }

  setHungry(hungry: boolean): void {
    if (hungry === this.#isHungry) return;
    this.#isHungry = hungry;
    this.#schedule.setHungry(hungry);
    this.#proceed();
  }

  get isUsable(): boolean {
    return this.#clients.size > 0;
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#sayGoodbye();
    return this.#stopped;
  }

  /** Remembers who speaks to `url`; false when nobody does. */
  #adopt(url: string): boolean {
    const client = this.#parts.clientFor(url);
    if (client !== undefined) this.#clients.set(url, client);
    return client !== undefined;
  }

  /** Makes the announces that are due, and looks again when the next may be. */
  #proceed(): void {
    const { clock } = this.#parts;
    const nowMs = clock.nowMs(); // for both: what becomes due between two looks would wait for the time after
    for (const due of this.#schedule.takeDue(nowMs)) this.#announce(due);
    this.#timer?.cancel();
    const wakeMs = this.#schedule.wakeMs(nowMs);
    this.#timer = wakeMs === undefined ? undefined : clock.setTimer(wakeMs - clock.nowMs(), () => this.#proceed());
  }

  #announce(due: DueAnnounce): void {
    const controller = new AbortController();
    const done = this.#exchange(due, controller.signal).finally(() => this.#exchanges.delete(exchange));
    const exchange: Exchange = { due, controller, done };
    this.#exchanges.add(exchange);
  }

  /** One announce and its outcome. Never rejects. */
  async #exchange(due: DueAnnounce, signal: AbortSignal): Promise<void> {
    const { infohash, peerId, totals } = this.#parts;
    const port = this.#parts.port();
    const numwant = due.event === 'stopped' ? 0 : trackerLimits.numwant;
    const now = totals();
    const event = due.event ?? (now.isPartialSeed ? 'paused' : undefined);
    const request = { ...now, infohash, peerId, port, event, numwant, key: this.#key, trackerId: due.trackerId };
    const client = this.#clients.get(due.url);
    assert(client !== undefined, 'a tracker is scheduled that nobody speaks to');
    await client.announce(due.url, request, signal).then(
      (response) => this.#answered(due.url, response),
      (error: unknown) => (signal.aborted ? this.#schedule.dropped(due.url) : this.#failed(due.url, error)),
    );
    if (port !== this.#parts.port()) this.#schedule.outdated();
    this.#proceed();
  }

  #answered(url: string, response: AnnounceResponse): void {
    // Many trackers name us to ourselves; hardly anyone else listens on just our port.
    const bringsPeers = response.peers.some((peer) => peer.port !== this.#parts.port());
    this.#schedule.answered(url, response, bringsPeers, this.#parts.clock.nowMs());
    if (this.#stopped === undefined) this.#tell(url, response);
  }

  #failed(url: string, error: unknown): void {
    this.#schedule.failed(url, error instanceof TrackerRefusal ? error.retryAfterMs : undefined, this.#parts.clock.nowMs());
    if (this.#stopped === undefined) this.#tellFailure(url, error);
  }

  #tell(url: string, response: AnnounceResponse): void {
    const { listener, typedUrls } = this.#parts;
    this.#lastFailures.delete(url);
    const { warning, seeders, leechers, externalIp } = response;
    if (externalIp !== undefined) listener.seenAs(externalIp, url);
    if (warning !== undefined && warning !== this.#lastWarnings.get(url)) this.#report(url, 'warned', warning);
    if (warning !== undefined) this.#lastWarnings.set(url, warning);
    listener.reported({
      source: redactUrl(url),
      outcome: 'answered',
      message: '',
      peerCount: response.peers.length,
      ...(seeders === undefined ? {} : { seeders }),
      ...(leechers === undefined ? {} : { leechers }),
    });
    if (response.peers.length > 0) listener.foundPeers('tracker', response.peers, response.isLocal || typedUrls?.has(url) === true);
  }

  #tellFailure(url: string, error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    if (message === this.#lastFailures.get(url)) return;
    this.#lastFailures.set(url, message);
    this.#report(url, error instanceof TrackerError ? 'refused' : 'failed', message);
  }

  #report(url: string, outcome: SourceReport['outcome'], message: string): void {
    this.#parts.listener.reported({ source: redactUrl(url), outcome, message: printable(message), peerCount: 0 });
  }

  /** Gives up what is under way, but for a `completed`; lets what is owed be said; ends that too when time is up. */
  async #sayGoodbye(): Promise<void> {
    this.#schedule.stop();
    const endBy = this.#parts.clock.setTimer(trackerLimits.stoppedTimeoutMs, () => {
      this.#schedule.end();
      this.#abort(() => true);
    });
    this.#abort((due) => due.event !== 'completed');
    this.#proceed();
    while (this.#exchanges.size > 0) await Promise.all([...this.#exchanges].map((exchange) => exchange.done));
    endBy.cancel();
    this.#parts.closeClients?.();
  }

  #abort(which: (due: DueAnnounce) => boolean): void {
    for (const { due, controller } of this.#exchanges) {
      if (which(due)) controller.abort(new Error('the torrent stops'));
    }
  }
}

/** The tiers with each URL where it is named first only. */
function withoutRepeats(tiers: readonly (readonly string[])[]): string[][] {
  const seen = new Set<string>();
  return tiers.map((tier) => tier.filter((url) => !seen.has(url) && seen.add(url)));
}

function schemeOf(url: string): string {
  return printable(url.split(':', 1)[0] ?? '', 20);
}
