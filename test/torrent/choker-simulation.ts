// A swarm for chokers: members with uplinks and pieces, joined all to all, on a clock that goes in seconds. There are no round trips and no
// packets: an uplink is shared evenly by those it serves, and blocks of a piece may come from several.

import type { Random } from '../../src/support/random.ts';
import type { Chokable, ChokerFacts } from '../../src/torrent/choker.ts';

/** A peer as chokers of other clients see it. */
export interface SimulatedPeer extends Chokable {
  /** How many pieces it says it has. */
  readonly pieceCount: number;
}

/** What decides whom a member unchokes. */
export interface ChoosesPeers {
  choose(peers: readonly SimulatedPeer[], facts: ChokerFacts): ReadonlySet<number>;
}

/** How a member behaves. Rates are bytes per second. */
export interface Member {
  readonly kind: string;
  readonly uploadRate: number;
  readonly downloadRate: number;
  readonly joinsMs: number;
  readonly isSeed?: boolean;
  /** Without one it unchokes nobody. */
  readonly choker?: ChoosesPeers;
  /** What it says of its interest; by default the truth. */
  readonly claimsInterest?: (isInterested: boolean, nowMs: number) => boolean;
  /** It unchokes and sends nothing. */
  readonly stalls?: boolean;
  /** It is unchoked and asks for nothing. */
  readonly takesNothing?: boolean;
  /** It stays as a seed when it has everything. */
  readonly stays?: boolean;
}

const snubMs = 60_000;

/** The swarm. Members have the numbers of their places in the list. */
export class ChokerSimulation {
  nowMs = 0;
  readonly members: readonly Member[];
  /** When a member had everything. */
  readonly doneMs: (number | undefined)[];
  /** [giver * n + taker] in bytes. */
  readonly given: Float64Array;
  /** [chooser * n + chosen], 1 when unchoked. */
  readonly unchoked: Uint8Array;
  readonly #n: number;
  readonly #pieces: number;
  readonly #pieceBytes: number;
  readonly #random: Random;
  readonly #has: Uint8Array;
  readonly #progress: Float64Array;
  readonly #haveCount: Int32Array;
  readonly #available: Int32Array;
  /** [taker * n + giver]: pieces that the giver has and the taker lacks. */
  readonly #wants: Int32Array;
  /** [giver * n + taker]: the piece on its way; -1 none. */
  readonly #current: Int32Array;
  /** [taker * pieces + piece]: how many fetch it now. */
  readonly #fetching: Uint8Array;
  readonly #lastGivenMs: Float64Array;
  readonly #sent: Float64Array;
  readonly #isHere: boolean[];

  constructor(members: readonly Member[], torrent: { pieces: number; pieceBytes: number }, random: Random) {
    const n = members.length;
    this.members = members;
    this.#n = n;
    this.#pieces = torrent.pieces;
    this.#pieceBytes = torrent.pieceBytes;
    this.#random = random;
    this.doneMs = members.map(() => undefined);
    this.given = new Float64Array(n * n);
    this.unchoked = new Uint8Array(n * n);
    this.#has = new Uint8Array(n * torrent.pieces);
    this.#progress = new Float64Array(n * torrent.pieces);
    this.#haveCount = new Int32Array(n);
    this.#available = new Int32Array(torrent.pieces);
    this.#wants = new Int32Array(n * n);
    this.#current = new Int32Array(n * n).fill(-1);
    this.#fetching = new Uint8Array(n * torrent.pieces);
    this.#lastGivenMs = new Float64Array(n * n);
    this.#sent = new Float64Array(n);
    this.#isHere = members.map(() => false);
    for (const [index, member] of members.entries()) {
      if (member.isSeed !== true) continue;
      for (let piece = 0; piece < torrent.pieces; piece++) this.#complete(index, piece);
    }
  }

  /** Lets a second pass. */
  step(): void {
    for (const [index, member] of this.members.entries()) {
      const hasLeft = this.doneMs[index] !== undefined && member.isSeed !== true && member.stays !== true;
      const isHere = this.nowMs >= member.joinsMs && !hasLeft;
      if (this.#isHere[index] && !isHere) this.#leave(index);
      this.#isHere[index] = isHere;
    }
    for (let chooser = 0; chooser < this.#n; chooser++) if (this.#isHere[chooser]) this.#choose(chooser);
    this.#transfer();
    this.nowMs += 1000;
  }

  /** Bytes that `taker` got of the members that `counts` says. */
  taken(taker: number, counts: (giver: Member) => boolean): number {
    return this.members.reduce((sum, giver, index) => sum + (counts(giver) ? (this.given[index * this.#n + taker] ?? 0) : 0), 0);
  }

  #view(self: number, other: number): SimulatedPeer {
    const n = this.#n;
    const { joinsMs, claimsInterest } = this.members[other] as Member;
    const isInterested = (this.#wants[other * n + self] ?? 0) > 0;
    const isOwed = this.unchoked[other * n + self] === 1 && (this.#wants[self * n + other] ?? 0) > 0;
    return {
      number: other,
      isInterested: claimsInterest?.(isInterested, this.nowMs) ?? isInterested,
      isChoked: this.unchoked[self * n + other] === 0,
      isSnubbed: isOwed && this.nowMs - (this.#lastGivenMs[other * n + self] ?? 0) > snubMs,
      connectedMs: Math.max(joinsMs, this.members[self]?.joinsMs ?? 0),
      receivedBytes: this.given[other * n + self] ?? 0,
      sentBytes: this.given[self * n + other] ?? 0,
      pieceCount: this.#haveCount[other] ?? 0,
    };
  }

  #choose(chooser: number): void {
    const { choker, uploadRate, stalls } = this.members[chooser] as Member;
    const n = this.#n;
    if (choker === undefined) {
      if (stalls === true) for (let peer = 0; peer < n; peer++) this.#set(chooser, peer, peer !== chooser && this.#isHere[peer] === true);
      return;
    }
    const peers: SimulatedPeer[] = [];
    for (let peer = 0; peer < n; peer++) if (peer !== chooser && this.#isHere[peer] === true) peers.push(this.#view(chooser, peer));
    const chosen = choker.choose(peers, {
      nowMs: this.nowMs,
      isSeeding: this.#haveCount[chooser] === this.#pieces,
      sentBytes: this.#sent[chooser] ?? 0,
      uploadLimit: uploadRate,
      pieceLength: this.#pieceBytes,
    });
    for (const { number } of peers) this.#set(chooser, number, chosen.has(number));
  }

  #set(chooser: number, peer: number, isUnchoked: boolean): void {
    const link = chooser * this.#n + peer;
    if ((this.unchoked[link] === 1) === isUnchoked) return;
    this.unchoked[link] = isUnchoked ? 1 : 0;
    if (isUnchoked) this.#lastGivenMs[link] = this.nowMs;
    else this.#stop(chooser, peer);
  }

  #stop(giver: number, taker: number): void {
    const link = giver * this.#n + taker;
    const piece = this.#current[link] ?? -1;
    if (piece < 0) return;
    this.#current[link] = -1;
    const slot = taker * this.#pieces + piece;
    this.#fetching[slot] = (this.#fetching[slot] ?? 1) - 1;
  }

  #leave(member: number): void {
    for (let other = 0; other < this.#n; other++) {
      this.#set(member, other, false);
      this.#set(other, member, false);
      this.#wants[other * this.#n + member] = 0;
      this.#wants[member * this.#n + other] = 0;
    }
    for (let piece = 0; piece < this.#pieces; piece++)
      if (this.#has[member * this.#pieces + piece] === 1) this.#available[piece] = (this.#available[piece] ?? 1) - 1;
  }

  #transfer(): void {
    const n = this.#n;
    const offers: { link: number; giver: number; taker: number; bytes: number }[] = [];
    const asked = new Float64Array(n);
    for (let giver = 0; giver < n; giver++) {
      const { uploadRate, stalls } = this.members[giver] as Member;
      if (this.#isHere[giver] !== true || stalls === true) continue;
      const takers: number[] = [];
      for (let taker = 0; taker < n; taker++) if (this.#serves(giver, taker)) takers.push(taker);
      for (const taker of takers) {
        const bytes = uploadRate / takers.length;
        offers.push({ link: giver * n + taker, giver, taker, bytes });
        asked[taker] = (asked[taker] ?? 0) + bytes;
      }
    }
    for (const { giver, taker, bytes } of offers) {
      const { downloadRate } = this.members[taker] as Member;
      this.#send(giver, taker, bytes * Math.min(1, downloadRate / (asked[taker] ?? 1)));
    }
  }

  #serves(giver: number, taker: number): boolean {
    const link = giver * this.#n + taker;
    if (this.unchoked[link] === 0 || this.members[taker]?.takesNothing === true) return false;
    return this.#wants[taker * this.#n + giver] !== 0;
  }

  #send(giver: number, taker: number, bytes: number): void {
    const link = giver * this.#n + taker;
    let rest = bytes;
    while (rest > 0) {
      const piece = this.#pieceFor(giver, taker);
      if (piece < 0) return;
      const slot = taker * this.#pieces + piece;
      const part = Math.min(rest, this.#pieceBytes - (this.#progress[slot] ?? 0));
      this.#progress[slot] = (this.#progress[slot] ?? 0) + part;
      this.given[link] = (this.given[link] ?? 0) + part;
      this.#sent[giver] = (this.#sent[giver] ?? 0) + part;
      this.#lastGivenMs[link] = this.nowMs;
      rest -= part;
      if ((this.#progress[slot] ?? 0) >= this.#pieceBytes) this.#complete(taker, piece);
    }
  }

  /** The piece on its way, or the rarest that nobody sends; else one that another sends as well. */
  #pieceFor(giver: number, taker: number): number {
    const link = giver * this.#n + taker;
    const at = taker * this.#pieces;
    const current = this.#current[link] ?? -1;
    if (current >= 0 && this.#has[at + current] === 0) return current;
    let best = -1;
    let bestRank = Number.POSITIVE_INFINITY;
    for (let piece = 0; piece < this.#pieces; piece++) {
      if (this.#has[at + piece] === 1 || this.#has[giver * this.#pieces + piece] === 0) continue;
      const isFetched = (this.#fetching[at + piece] ?? 0) > 0;
      const isBegun = (this.#progress[at + piece] ?? 0) > 0;
      const rank = (isFetched ? 1e6 : isBegun ? -1e6 : 0) + (this.#available[piece] ?? 0) + this.#random.fraction();
      if (rank >= bestRank) continue;
      best = piece;
      bestRank = rank;
    }
    this.#current[link] = best;
    if (best >= 0) this.#fetching[at + best] = (this.#fetching[at + best] ?? 0) + 1;
    return best;
  }

  #complete(member: number, piece: number): void {
    const n = this.#n;
    this.#has[member * this.#pieces + piece] = 1;
    this.#haveCount[member] = (this.#haveCount[member] ?? 0) + 1;
    this.#available[piece] = (this.#available[piece] ?? 0) + 1;
    for (let other = 0; other < n; other++) {
      if (other === member) continue;
      const [link, delta] = this.#has[other * this.#pieces + piece] === 1 ? [member * n + other, -1] : [other * n + member, 1];
      this.#wants[link] = Math.max(0, (this.#wants[link] ?? 0) + delta);
      if (this.#current[other * n + member] === piece) this.#current[other * n + member] = -1;
    }
    this.#fetching[member * this.#pieces + piece] = 0;
    if (this.#haveCount[member] === this.#pieces) this.doneMs[member] = this.nowMs + 1000;
  }
}
