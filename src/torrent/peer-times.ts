// The times of one connection: since when it has been silent, owes us blocks, has been of no use, or is left alone. Pure; time comes in.
// While we do not read from it, by our own choice, its clocks for what it should send stand still.

import { peerLimits } from '../config.ts';

/** What a look at the clock says of a peer. */
export type PeerVerdict = 'fine' | 'no-handshake' | 'silent' | 'owes-too-long' | 'stalls';

/** The rest after rejected requests; it doubles with each batch of rejects in a row. */
const restFirstMs = 100;
const restMaxMs = 20_000;

/** The clocks of one connection. */
export class PeerTimes {
  readonly startedMs: number;
  #lastReadMs: number;
  #lastSentMs: number;
  /** When payload last came, or waiting for it began. */
  #lastProgressMs: number;
  /** Since when it has owed us blocks without delivering one. */
  #owesSinceMs: number | undefined;
  /** When it was last of use: the start, its last block, or the last one of ours that went to it. */
  #lastUsefulMs: number;
  #pausedSinceMs: number | undefined;
  #rests = 0;
  #restUntilMs = 0;

  constructor(nowMs: number) {
    this.startedMs = nowMs;
    this.#lastReadMs = nowMs;
    this.#lastSentMs = nowMs;
    this.#lastProgressMs = nowMs;
    this.#lastUsefulMs = nowMs;
  }

  /** Bytes came; `isPayload` when they are of a block. */
  read(nowMs: number, isPayload: boolean): void {
    this.#lastReadMs = nowMs;
    if (isPayload) this.#lastProgressMs = nowMs;
  }

  sent(nowMs: number): void {
    this.#lastSentMs = nowMs;
  }

  /** A block is asked for; `isFirst` when nothing else is on request. */
  requested(nowMs: number, isFirst: boolean): void {
    if (isFirst) this.#lastProgressMs = nowMs;
    this.#owesSinceMs ??= nowMs;
  }

  /** A block came whole; `owesMore` when others are still on request. */
  delivered(nowMs: number, owesMore: boolean): void {
    this.#lastProgressMs = nowMs;
    this.#lastUsefulMs = nowMs;
    this.#owesSinceMs = owesMore ? nowMs : undefined;
    this.#rests = 0;
    this.#restUntilMs = 0;
  }

  /** Blocks went to it. */
  served(nowMs: number): void {
    this.#lastUsefulMs = nowMs;
  }

  /** It choked us or rejected the last request: nothing is owed any more. */
  owesNothing(): void {
    this.#owesSinceMs = undefined;
  }

  /** It rejected requests although it does not choke us: asking again at once would go round in a circle as fast as the link allows. */
  rejected(nowMs: number): void {
    if (nowMs < this.#restUntilMs) return; // of the same batch
    this.#restUntilMs = nowMs + Math.min(restFirstMs * 2 ** this.#rests, restMaxMs);
    this.#rests++;
  }

  isResting(nowMs: number): boolean {
    return nowMs < this.#restUntilMs;
  }

  paused(nowMs: number): void {
    this.#pausedSinceMs ??= nowMs;
  }

  resumed(nowMs: number): void {
    const pauseMs = nowMs - (this.#pausedSinceMs ?? nowMs);
    this.#pausedSinceMs = undefined;
    this.slept(pauseMs);
  }

  /** For so long we were not there to read: the process was stopped, the machine asleep. */
  slept(ms: number): void {
    this.#lastReadMs += ms;
    this.#lastProgressMs += ms;
    if (this.#owesSinceMs !== undefined) this.#owesSinceMs += ms;
  }

  /** How long nothing of a block has come. */
  quietMs(nowMs: number): number {
    return this.#reading(nowMs) - this.#lastProgressMs;
  }

  /** How long it has owed us blocks without delivering one; 0 when it owes none. */
  owingMs(nowMs: number): number {
    return this.#owesSinceMs === undefined ? 0 : this.#reading(nowMs) - this.#owesSinceMs;
  }

  /** How long it has given us nothing. */
  uselessMs(nowMs: number): number {
    return nowMs - this.#lastUsefulMs;
  }

  needsKeepAlive(nowMs: number): boolean {
    return nowMs - this.#lastSentMs > peerLimits.keepAliveMs;
  }

  /** `isReady`: both handshakes are done. `roundTripMs`: the shortest time from request to block, Infinity while unknown. */
  verdict(nowMs: number, isReady: boolean, owesBlocks: boolean, roundTripMs: number): PeerVerdict {
    if (!isReady) return nowMs - this.startedMs > peerLimits.handshakeTimeoutMs ? 'no-handshake' : 'fine';
    const readingMs = this.#reading(nowMs);
    if (readingMs - this.#lastReadMs > peerLimits.silenceTimeoutMs) return 'silent';
    // A connection that gives nothing back for so long is closed, however many bytes it drips.
    if (this.owingMs(nowMs) > peerLimits.snubDropMs) return 'owes-too-long';
    if (!owesBlocks) return 'fine';
    const patienceMs = Number.isFinite(roundTripMs)
      ? Math.min(Math.max(4 * roundTripMs, peerLimits.requestTimeoutMinMs), peerLimits.requestTimeoutMaxMs)
      : 2 * peerLimits.requestTimeoutMinMs;
    return readingMs - this.#lastProgressMs > patienceMs ? 'stalls' : 'fine';
  }

  /** Now, or the moment from which we have not been reading. */
  #reading(nowMs: number): number {
    return this.#pausedSinceMs ?? nowMs;
  }
}
