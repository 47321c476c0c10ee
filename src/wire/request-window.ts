// How many blocks to have on request at one peer. A pipe is full when rate x round trip is on its way; the window aims at twice that,
// so it doubles every round trip while the rate still grows and settles when the link is full, plus a little queue that hides the
// gaps between our turns. At the start, much as in TCP, each block that comes is worth two more, until blocks begin to queue.
// Pure: time comes in.

import { requestWindowLimits, wireLimits } from '../config.ts';

/** Rates are measured over spans at least this long, so that one burst out of a socket buffer is not taken for the link's rate. */
const minSampleMs = 40;
/** The best of so many samples counts: a pause of ours must not shrink the window. */
const samplesKept = 10;
/** The queue at the peer beside what is on its way: bridges event-loop turns and the peer's own scheduling ... */
const queueMs = 250;
/** ... but on a fast link no more than this is needed (4 MiB). */
const queueBlocksMax = 256;
/** A peer that was asked for more at the start than it sends in so long is too slow for it, and others may be quicker. */
const bearableMs = 2_000;
/** Delays below this are the scheduling of machines, not a queue. */
const queueSignMs = 10;
/** Before anything has been measured: half a second of 8 Mbit/s. */
const firstWindow = 32;
/** On a long way more: what 40 Mbit/s carry while the peer answers our handshake. 120 Mbit/s x 200 ms is full 0.2 s earlier than with 32. */
const firstBytesPerMs = 5_000;
const firstWindowMax = 128;
/** How much each block opens the window at first: 1 takes a round trip more to fill 120 Mbit/s x 200 ms, 3 gains nothing. */
const openingStep = 2;

/** The request window of one peer. */
export class RequestWindow {
  /** The most outstanding requests the peer says it takes (BEP 10 `reqq`). */
  #peerLimit: number = requestWindowLimits.defaultReqq;
  #minRoundTripMs = Number.POSITIVE_INFINITY;
  readonly #samples: number[] = [];
  #sampleBytes = 0;
  #sampleStartMs: number | undefined;
  #bestRate = 0;
  /** The window while it opens; stays where it is once `#isOpening` is over. */
  #opening = firstWindow;
  #isOpening = true;

  /** The peer answered our handshake after so long. */
  handshakeAnswered(afterMs: number): void {
    this.#opening = Math.min(Math.max(firstWindow, Math.ceil((afterMs * firstBytesPerMs) / wireLimits.blockBytes)), firstWindowMax);
  }

  /** The peer's `reqq`. */
  setPeerLimit(requests: number): void {
    this.#peerLimit = requests;
  }

  /** Bytes per millisecond, the best of the last samples; 0 before the first. */
  get bestRate(): number {
    return this.#bestRate;
  }

  /** The shortest time from a request to its block; Infinity before the first. */
  get minRoundTripMs(): number {
    return this.#minRoundTripMs;
  }

  /** The first request after a pause went out: the rate is measured from here. */
  started(nowMs: number): void {
    this.#sampleStartMs = nowMs;
    this.#sampleBytes = 0;
  }

  /** A block of `bytes` came `latencyMs` after it was requested. */
  blockArrived(bytes: number, latencyMs: number, nowMs: number): void {
    if (latencyMs < this.#minRoundTripMs) this.#minRoundTripMs = latencyMs;
    // A block that took twice the shortest way stood in a queue for half of it: the link is full.
    if (latencyMs > 2 * this.#minRoundTripMs + queueSignMs) this.#isOpening = false;
    if (this.#isOpening) this.#opening += openingStep;
    this.#sampleBytes += bytes;
    if (this.#sampleStartMs === undefined) this.#sampleStartMs = nowMs;
    const elapsedMs = nowMs - this.#sampleStartMs;
    if (elapsedMs < Math.max(minSampleMs, this.#minRoundTripMs)) return;
    this.#samples.push(this.#sampleBytes / elapsedMs);
    if (this.#samples.length > samplesKept) this.#samples.shift();
    this.#bestRate = Math.max(...this.#samples);
    this.#sampleBytes = 0;
    this.#sampleStartMs = nowMs;
  }

  /** How many requests should be outstanding now. */
  get size(): number {
    return Math.max(1, Math.min(this.#wanted(), this.#peerLimit, requestWindowLimits.max));
  }

  /** When more than so many requests are outstanding, the last ones wait for too long; Infinity while the rate is not known. */
  get bearable(): number {
    if (this.#isOpening || this.#bestRate === 0) return Number.POSITIVE_INFINITY;
    return Math.max(2 * this.size, Math.ceil((this.#bestRate * bearableMs) / wireLimits.blockBytes));
  }

  #wanted(): number {
    if (this.#isOpening || this.#bestRate === 0) return this.#opening;
    const onTheWay = (2 * this.#bestRate * this.#minRoundTripMs) / wireLimits.blockBytes;
    const queued = Math.min((this.#bestRate * queueMs) / wireLimits.blockBytes, queueBlocksMax);
    return Math.max(requestWindowLimits.min, Math.ceil(onTheWay + queued));
  }
}
