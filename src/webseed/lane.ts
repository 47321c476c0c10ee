// One connection to a web seed: takes a run, asks for it file by file over a connection that stays open, hands the bytes on, and goes on at
// the byte reached when it breaks. What an outcome means for the seed is web-seed.ts's matter.

import { webSeedLimits, wireLimits } from '../config.ts';
import type { FileSlice, Geometry } from '../metainfo/geometry.ts';
import type { RequestedBlock } from '../pieces/endgame.ts';
import { type Clock, timeOfDayMs } from '../support/clock.ts';
import type { Reach } from '../support/endpoint.ts';
import { formatDuration } from '../support/format-duration.ts';
import type { Hop } from '../transport/connect-rule.ts';
import type { Network } from '../transport/network.ts';
import type { AnswerHead } from './answer-reader.ts';
import { verdictOn } from './answer-verdict.ts';
import { type ContentRequest, redirectTarget } from './content-url.ts';
import type { LaneHost } from './lane-host.ts';
import type { RunExchange, RunHolder } from './run-exchange.ts';
import { RunInProgress } from './run-in-progress.ts';
import { WebConnection, type WebConnectionListener } from './web-connection.ts';

/** What a lane works with. */
export interface LaneParts {
  readonly geometry: Geometry;
  readonly exchange: RunExchange;
  readonly clock: Clock;
  readonly network: Network;
  /** Whether this lane is to take a run now, as far as it is not the seed's matter. */
  readonly mayWork: () => boolean;
}

/** What was asked for last. */
interface Asked {
  readonly hop: Hop;
  readonly request: ContentRequest;
  readonly redirects: number;
  readonly sentMs: number;
  /** Bytes of the body before those that were asked for. */
  skip: number;
  /** What is done with the body: nothing yet, taken, taken as that of the whole file, or read to its end for the sake of the connection. */
  body: 'unknown' | 'range' | 'whole' | 'dropped';
  /** Once the body has been read. */
  afterBody: (() => void) | undefined;
  /** Content bytes of this answer. */
  received: number;
}

const zeros = new Uint8Array(64 * 1024);
/** Bodies that are of no use are read to their end up to this size: a new connection costs more. */
const dropMax = 64 * 1024;
/** The share of the last 100 ms in the mean rate. */
const rateShare = 0.2;

/** A lane. Its owner calls `tick` about ten times a second. */
export class Lane implements RunHolder, WebConnectionListener {
  readonly number: number;
  cursor: number;
  isReadingOn = false;
  minRoundTripMs = Number.POSITIVE_INFINITY;
  /** Bytes per millisecond, as far as known. */
  rate = 0;
  readonly #host: LaneHost;
  readonly #parts: LaneParts;
  #run: RunInProgress | undefined;
  #slices: readonly FileSlice[] = [];
  #runBegin = 0;
  #slice = 0;
  #asked: Asked | undefined;
  readonly #connection: WebConnection;
  /** Answers but redirects that began on this connection: one that breaks before the next begins may just have been idle for too long. */
  #answers = 0;
  /** Content bytes since the connection was made. */
  #sinceConnect = 0;
  #isPaused = false;
  #readMs = 0;
  #blockMs = 0;
  #tickedMs: number;
  #bytesSinceTick = 0;

  constructor(number: number, cursor: number, host: LaneHost, parts: LaneParts) {
    this.number = number;
    this.cursor = cursor;
    this.#host = host;
    this.#parts = parts;
    this.#tickedMs = parts.clock.nowMs();
    this.#connection = new WebConnection(this, parts.network);
  }

  get isPieceBound(): boolean {
    return this.#host.isPieceBound;
  }

  get isIdle(): boolean {
    return this.#run === undefined;
  }

  get outstandingCount(): number {
    return this.#run?.outstandingCount ?? 0;
  }

  get outstanding(): Iterable<RequestedBlock> {
    return this.#run?.outstanding() ?? [];
  }

  get quietMs(): number {
    return this.#parts.clock.nowMs() - this.#readMs;
  }

  canGive(pieceIndex: number): boolean {
    return this.#host.canGive(pieceIndex);
  }

  hasRequested(pieceIndex: number, blockIndex: number): boolean {
    return this.#run?.has(pieceIndex, blockIndex) ?? false;
  }

  cancel(pieceIndex: number, blockIndex: number): boolean {
    return this.#run?.cancel(pieceIndex, blockIndex) ?? false;
  }

  takeAwayBlock(): void {
    this.#run?.takeAwayBlock();
  }

  /** Takes a run if it has none. */
  work(): void {
    if (this.#run === undefined && this.#mayTake && this.#takeRun()) this.#proceed();
  }

  /** Backpressure from the disk or a rate limit. */
  setPaused(isPaused: boolean): void {
    if (isPaused === this.#isPaused) return;
    this.#isPaused = isPaused;
    this.#connection.setPaused(isPaused);
    if (isPaused) return;
    this.#readMs = this.#blockMs = this.#parts.clock.nowMs();
    if (this.#run === undefined) this.work();
  }

  /** Looks after its times. */
  tick(nowMs: number): void {
    const sinceMs = Math.max(nowMs - this.#tickedMs, 1);
    this.#tickedMs = nowMs;
    if (this.#run !== undefined && !this.#isPaused) {
      const rate = this.#bytesSinceTick / sinceMs;
      this.rate = this.rate === 0 ? rate : this.rate * (1 - rateShare) + rate * rateShare;
    }
    this.#bytesSinceTick = 0;
    if (this.#run === undefined || this.#isPaused || this.#connection.isOpening) return;
    // Others have brought the rest; what is left would be read for nothing.
    if (!this.#run.isNeeded) return this.#finish();
    const { idleTimeoutMs, blockTimeoutMs } = webSeedLimits;
    if (nowMs - this.#readMs > idleTimeoutMs) this.#broken(`nothing came for ${formatDuration(idleTimeoutMs)}`, false);
    else if (nowMs - this.#blockMs > blockTimeoutMs) this.#broken(`less than a block came in ${formatDuration(blockTimeoutMs)}`, false);
  }

  /** For so long we were not there to read. */
  slept(ms: number): void {
    this.#readMs += ms;
    this.#blockMs += ms;
  }

  /** Ends it; what it owes is free. */
  close(): void {
    this.#connection.close();
    this.#giveUp();
  }

  get #mayTake(): boolean {
    return !this.#isPaused && this.#host.mayAsk && this.#parts.mayWork();
  }

  #takeRun(): boolean {
    const { exchange, geometry, clock } = this.#parts;
    const wish = Math.min(Math.max(this.rate * 2000, webSeedLimits.runBytesMin), webSeedLimits.runBytesMax);
    const run = exchange.takeRun(this, wish);
    if (run === undefined) return false;
    const nowMs = clock.nowMs();
    this.#run = new RunInProgress(run, geometry, exchange, this, nowMs);
    this.#runBegin = run.begin;
    this.#slices = geometry.slices(run.begin, run.end - run.begin);
    this.#slice = 0;
    this.cursor = run.end % geometry.totalLength;
    this.#readMs = this.#blockMs = nowMs;
    return true;
  }

  /** Asks for what comes next; goes to the next run when this one is over. */
  #proceed(): void {
    for (;;) {
      const run = this.#run;
      if (run === undefined) return;
      if (run.isDone || !run.isNeeded) {
        this.#giveUp();
        if (!this.#mayTake || !this.#takeRun()) return;
        continue;
      }
      const slice = this.#sliceAt(run.at);
      if (slice.file.pad) this.#takeZeros(run, slice);
      else return this.#ask(slice, run.at - this.#runBegin - slice.rangeOffset);
    }
  }

  #sliceAt(at: number): FileSlice {
    let slice = this.#slices[this.#slice] as FileSlice;
    while (at - this.#runBegin >= slice.rangeOffset + slice.length) slice = this.#slices[++this.#slice] as FileSlice;
    return slice;
  }

  /** Pad files (BEP 47) are on no server. */
  #takeZeros(run: RunInProgress, slice: FileSlice): void {
    const end = this.#runBegin + slice.rangeOffset + slice.length;
    while (run.at < end) run.take(zeros.subarray(0, Math.min(zeros.length, end - run.at)), false);
  }

  #ask(slice: FileSlice, skipped: number): void {
    const request = this.#host.requestFor(slice, skipped);
    const hop: Hop = { url: request.url, typed: this.#host.isTyped, redirectedFrom: undefined, isForContent: true };
    this.#send({ hop, request, redirects: 0 });
  }

  #send({ hop, request, redirects }: Pick<Asked, 'hop' | 'request' | 'redirects'>): void {
    const nowMs = this.#parts.clock.nowMs();
    this.#readMs = nowMs;
    this.#asked = { hop, request, redirects, sentMs: nowMs, skip: 0, body: 'unknown', afterBody: undefined, received: 0 };
    this.#connection.send(hop, request.range);
  }

  connected(): void {
    this.#answers = 0;
    this.#sinceConnect = 0;
    this.#readMs = this.#blockMs = this.#parts.clock.nowMs();
  }

  bytesRead(length: number): void {
    this.#readMs = this.#parts.clock.nowMs();
    this.#host.bytesRead(length);
  }

  unreachable(message: string): void {
    this.#broken(message, false);
  }

  /** One that answered before and then ended may just have been idle for too long. */
  broken(message: string): void {
    this.#broken(message, this.#answers > 0 && this.#asked?.body === 'unknown');
  }

  headRead(head: AnswerHead): void {
    const asked = this.#asked;
    const run = this.#run;
    if (asked === undefined || run === undefined) return this.#connection.close();
    this.minRoundTripMs = Math.min(this.minRoundTripMs, Math.max(this.#readMs - asked.sentMs, 0.1));
    const { range, fileIndex } = asked.request;
    const verdict = verdictOn(head, asked.request, timeOfDayMs());
    if (verdict.kind !== 'redirect') this.#answers++;
    switch (verdict.kind) {
      case 'content':
        asked.skip = range === undefined ? 0 : verdict.skip;
        asked.body = verdict.isWhole && range !== undefined ? 'whole' : 'range';
        if (asked.body === 'whole') this.#host.knowsNoRanges();
        if (!head.keepsAlive) this.#connection.retire();
        return;
      case 'redirect': {
        const reach = this.#connection.reach ?? 'global';
        return this.#drop(head, () => this.#redirected(asked, verdict.location, reach));
      }
      case 'gone':
        return this.#drop(head, () => this.#stop(() => this.#host.gone(fileIndex, verdict.message)));
      case 'busy':
        return this.#drop(head, () => this.#stop(() => this.#host.busy(verdict.retryMs, verdict.message)));
      case 'failed':
        return this.#drop(head, () => this.#stop(() => this.#host.failed(verdict.message)));
    }
  }

  /** The body is of no use. `next` follows when it is out of the way. */
  #drop(head: AnswerHead, next: () => void): void {
    const asked = this.#asked;
    if (asked !== undefined && head.keepsAlive && (head.length ?? dropMax + 1) <= dropMax) {
      asked.body = 'dropped';
      asked.afterBody = next;
      return;
    }
    this.#connection.close();
    next();
  }

  #redirected(asked: Asked, location: string, reach: Reach): void {
    const target = redirectTarget(asked.hop.url, location);
    if (typeof target === 'string') return this.#stop(() => this.#host.failed(target));
    if (asked.redirects >= webSeedLimits.redirects) {
      return this.#stop(() => this.#host.failed(`it redirects more than ${webSeedLimits.redirects} times`));
    }
    this.#send({ hop: { ...asked.hop, url: target, redirectedFrom: reach }, request: asked.request, redirects: asked.redirects + 1 });
  }

  bodyRead(chunk: Uint8Array): void {
    const asked = this.#asked;
    const run = this.#run;
    if (asked === undefined || run === undefined || asked.body === 'dropped') return;
    const skipped = Math.min(asked.skip, chunk.length);
    asked.skip -= skipped;
    const { begin, end, fileLength } = asked.request;
    const most = (asked.body === 'whole' ? fileLength : end) - begin;
    let content = chunk.subarray(skipped);
    while (content.length > 0) {
      const current = this.#run;
      if (current === undefined) return;
      if (asked.received === most) return this.#finish(); // more than was asked for, whatever its head said
      const slice = this.#sliceAt(current.at);
      const wanted = slice.rangeOffset + slice.length - (current.at - this.#runBegin);
      const taken = content.subarray(0, wanted);
      const blocks = current.take(taken, true);
      content = content.subarray(taken.length);
      this.#received(asked, taken.length, blocks);
      if (this.#asked !== asked) return; // it was closed by what came of it
      if (taken.length < wanted) return;
      if (asked.received < most && !this.#goesOn(asked, slice)) return this.#finish();
    }
  }

  #received(asked: Asked, length: number, blocks: number): void {
    asked.received += length;
    this.#sinceConnect += length;
    this.#bytesSinceTick += length;
    if (blocks > 0) this.#blockMs = this.#readMs;
    this.#host.received(length, blocks);
  }

  /** A server that knows no ranges sends the whole file: the next run is taken from the same answer, if it is just what comes next. */
  #goesOn(asked: Asked, slice: FileSlice): boolean {
    const run = this.#run;
    if (run === undefined || !run.isDone || slice.fileOffset + slice.length === slice.file.length) return false;
    const { at } = run;
    this.#giveUp();
    this.cursor = at;
    this.#asked = asked;
    this.isReadingOn = true;
    const hasRun = this.#mayTake && this.#takeRun();
    this.isReadingOn = false;
    return hasRun && this.#runBegin === at;
  }

  bodyEnded(): void {
    const asked = this.#asked;
    if (asked === undefined) return;
    if (asked.afterBody !== undefined) return asked.afterBody();
    if (!this.#connection.isKept) this.#connection.close();
    // Short of what was asked for, it is asked for the rest; not for one byte after the other.
    const isFair = asked.received >= Math.min(wireLimits.blockBytes, asked.request.end - asked.request.begin);
    if (!isFair)
      return this.#stop(() => this.#host.failed(`it sent ${asked.received === 0 ? '' : 'next to '}nothing of what was asked for`));
    this.#proceed();
  }

  /** The run is over before its end, since the seed cannot go on with it; `tell` says why. */
  #stop(tell: () => void): void {
    this.#giveUp();
    tell();
    this.work();
  }

  /** The connection is of no use any more. Goes on at the byte reached where it has been of use. */
  #broken(message: string, mayRetry: boolean): void {
    const isFruitful = this.#sinceConnect >= wireLimits.blockBytes;
    this.#connection.close();
    if ((isFruitful || mayRetry) && this.#run !== undefined) {
      this.#sinceConnect = 0;
      this.#proceed();
    } else this.#stop(() => this.#host.failed(message));
  }

  /** What is still on the way is not needed. */
  #finish(): void {
    this.#connection.close();
    this.#proceed();
  }

  #giveUp(): void {
    const run = this.#run;
    this.#run = undefined;
    this.#asked = undefined;
    run?.giveUp();
  }
}
