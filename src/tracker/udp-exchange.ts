// Requests to UDP trackers and their answers (BEP 15): connection ids, transaction ids, and when to ask again. All trackers share one port.
// An answer counts only from an address that was asked, with the transaction id that it was asked with; everything else is dropped.

import { udpTrackerLimits } from '../config.ts';
import { NetworkError } from '../errors.ts';
import { readU32 } from '../support/bytes.ts';
import { type Clock, delay } from '../support/clock.ts';
import { Deferred } from '../support/deferred.ts';
import { type Endpoint, formatEndpoint } from '../support/endpoint.ts';
import type { Random } from '../support/random.ts';
import type { DatagramPort, HearDatagram } from '../transport/udp.ts';
import { TrackerRefusal } from './tracker-refusal.ts';
import { answers, connectRequest, errorWords, readConnection, transactionOf, type UdpRequestAction, udpActions } from './udp-messages.ts';

/** What an exchange is made of. */
export interface UdpExchangeParts {
  readonly openPort: (hear: HearDatagram) => DatagramPort;
  readonly clock: Clock;
  readonly random: Random;
}

/** Something to ask of a tracker that has given us a connection id. */
export interface UdpRequest {
  readonly action: UdpRequestAction;
  readonly encode: (connection: Uint8Array, transaction: number) => Uint8Array;
}

/** A datagram, no error, with who sent it. */
export interface UdpAnswer {
  readonly bytes: Uint8Array;
  readonly from: Endpoint;
}

/** What is remembered of one tracker. */
interface Session {
  connection: { readonly id: Uint8Array; readonly to: Endpoint; readonly untilMs: number } | undefined;
  /** Requests in a row that nobody answered: BEP 15's n, whoever asked. */
  silences: number;
}

/** A request that waits for its answer. */
interface Transaction {
  readonly action: UdpRequestAction;
  /** Who may answer. */
  readonly asked: ReadonlySet<string>;
  readonly answered: Deferred<UdpAnswer>;
}

/** The requests of everyone who shares one port. */
export class UdpExchange {
  readonly #parts: UdpExchangeParts;
  readonly #sessions = new Map<string, Session>();
  readonly #transactions = new Map<number, Transaction>();
  #port: DatagramPort | undefined;
  #holders = 0;
  #strays = 0;

  constructor(parts: UdpExchangeParts) {
    this.#parts = parts;
  }

  /** How many datagrams were no answer to anything asked. */
  get strays(): number {
    return this.#strays;
  }

  /** One more will ask. Goes with one `release`. */
  hold(): void {
    this.#holders++;
  }

  /** The last one to release closes the port, and with it ends what trackers know us by. */
  release(): void {
    if (--this.#holders > 0) return;
    this.#port?.close();
    this.#port = undefined;
    this.#sessions.clear();
  }

  /**
   * Asks `tracker` (its name) at the first of `addresses` that answers. Throws TrackerRefusal with its words, NetworkError when nothing can be
   * sent or no answer came to as many requests as one call makes, the signal's reason when aborted.
   */
  async ask(tracker: string, addresses: readonly Endpoint[], request: UdpRequest, signal: AbortSignal): Promise<UdpAnswer> {
    const session = this.#sessionOf(tracker);
    for (let isNew = false; ; ) {
      const connection = this.#validConnection(session, addresses);
      if (connection === undefined) {
        session.connection = await this.#connect(session, addresses, signal);
        isNew = true;
        continue;
      }
      const { id, to, untilMs } = connection;
      const encode = (transaction: number): Uint8Array => request.encode(id, transaction);
      const answer = await this.#exchange(session, { action: request.action, to: [to], untilMs, encode }, signal);
      if (answer === undefined) continue;
      const words = errorWords(answer.bytes);
      if (words === undefined) return answer;
      // A tracker that was started anew knows its old ids no more: that is no refusal yet.
      if (session.connection === connection) session.connection = undefined;
      if (isNew) throw new TrackerRefusal(words);
    }
  }

  async #connect(session: Session, addresses: readonly Endpoint[], signal: AbortSignal): Promise<Session['connection']> {
    const request = { action: udpActions.connect, to: addresses, untilMs: Infinity, encode: connectRequest };
    const answer = await this.#exchange(session, request, signal);
    if (answer === undefined) return undefined;
    const words = errorWords(answer.bytes);
    if (words !== undefined) throw new TrackerRefusal(words);
    const untilMs = this.#parts.clock.nowMs() + udpTrackerLimits.connectionMs;
    return { id: readConnection(answer.bytes), to: answer.from, untilMs };
  }

  /** One request, sent until it is answered; undefined when it would have to be sent after `untilMs`. */
  async #exchange(
    session: Session,
    request: { action: UdpRequestAction; to: readonly Endpoint[]; untilMs: number; encode: (transaction: number) => Uint8Array },
    signal: AbortSignal,
  ): Promise<UdpAnswer | undefined> {
    const id = this.#freshTransaction();
    const transaction = { action: request.action, asked: new Set(request.to.map(formatEndpoint)), answered: new Deferred<UdpAnswer>() };
    this.#transactions.set(id, transaction);
    const bytes = request.encode(id);
    let silences = session.silences;
    try {
      while (this.#parts.clock.nowMs() < request.untilMs) {
        const waitMs = udpTrackerLimits.retryMs * 2 ** Math.min(silences, udpTrackerLimits.retryDoublings);
        const answer = await this.#transmit(bytes, request.to, transaction.answered.promise, waitMs, signal);
        if (answer !== undefined) {
          session.silences = 0;
          return answer;
        }
        session.silences = Math.max(session.silences, ++silences);
        if (silences >= udpTrackerLimits.silencesPerCall) throw new NetworkError('no answer over UDP');
      }
      return undefined;
    } finally {
      this.#transactions.delete(id);
    }
  }

  /** Sends to all of `to`, one after the other, and waits for an answer of any; undefined after `waitMs` of silence. */
  async #transmit(
    bytes: Uint8Array,
    to: readonly Endpoint[],
    answered: Promise<UdpAnswer>,
    waitMs: number,
    parent: AbortSignal,
  ): Promise<UdpAnswer | undefined> {
    const done = new AbortController();
    const signal = AbortSignal.any([parent, done.signal]);
    const silence = delay(this.#parts.clock, waitMs, signal).then(() => undefined);
    const sent = this.#sendToEach(bytes, to, signal).then(() => silence);
    try {
      return await Promise.race([answered, silence, sent]);
    } finally {
      done.abort();
    }
  }

  /** Each address but the last has a while to answer before the next is tried. Rejects when nothing could be sent to any. */
  async #sendToEach(bytes: Uint8Array, to: readonly Endpoint[], signal: AbortSignal): Promise<void> {
    let failure: unknown;
    let sent = 0;
    for (const [index, address] of to.entries()) {
      try {
        this.#port ??= this.#parts.openPort((datagram, sender) => this.#heard(datagram, sender));
        await this.#port.send(bytes, address);
        sent++;
      } catch (error) {
        failure = error;
        continue;
      }
      if (index < to.length - 1) await delay(this.#parts.clock, udpTrackerLimits.addressAttemptMs, signal);
    }
    if (sent === 0) throw failure;
  }

  #heard(bytes: Uint8Array, sender: () => Endpoint | undefined): void {
    const transaction = this.#transactions.get(transactionOf(bytes) ?? -1);
    const from = transaction !== undefined && answers(bytes, transaction.action) ? sender() : undefined;
    if (transaction === undefined || from === undefined || !transaction.asked.has(formatEndpoint(from))) this.#strays++;
    else transaction.answered.resolve({ bytes, from });
  }

  #freshTransaction(): number {
    let id = readU32(this.#parts.random.bytes(4), 0);
    while (this.#transactions.has(id)) id = (id + 1) >>> 0;
    return id;
  }

  #sessionOf(tracker: string): Session {
    const known = this.#sessions.get(tracker);
    if (known !== undefined) return known;
    const [oldest] = this.#sessions.keys();
    if (oldest !== undefined && this.#sessions.size >= udpTrackerLimits.sessions) this.#sessions.delete(oldest);
    const fresh = { connection: undefined, silences: 0 };
    this.#sessions.set(tracker, fresh);
    return fresh;
  }

  /** The connection that may still be used, if it leads to an address that this caller may talk to. */
  #validConnection({ connection }: Session, addresses: readonly Endpoint[]): Session['connection'] {
    if (connection === undefined || connection.untilMs <= this.#parts.clock.nowMs()) return undefined;
    return addresses.some((address) => formatEndpoint(address) === formatEndpoint(connection.to)) ? connection : undefined;
  }
}
