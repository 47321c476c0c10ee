// Who is asked first, peers or web seeds: by what the user prefers, and by how the preferred ones do. Pure; time comes in.

import { webSeedLimits } from '../config.ts';

/** Which sources come first: `any` asks both at once. */
export type PreferredSource = 'peers' | 'web' | 'any';

/** What the policy is told. */
export interface SourceWishes {
  readonly prefer: PreferredSource;
  /** Web seeds wait until peers have been slow for so long; undefined: as `prefer` has it. */
  readonly afterMs: number | undefined;
}

/** Watches both kinds of one download. */
export class SourcePolicy {
  readonly #wishes: SourceWishes;
  #quickPeersMs: number;
  #webMs: number;
  #peerBytes = 0;
  #webBytes = 0;
  #notedMs: number;

  constructor(wishes: SourceWishes, nowMs: number) {
    this.#wishes = wishes;
    this.#quickPeersMs = this.#webMs = this.#notedMs = nowMs;
  }

  /** Running counts of what each kind has given. Call it about ten times a second. */
  note(peerBytes: number, webBytes: number, nowMs: number): void {
    const tookMs = nowMs - this.#notedMs;
    if (tookMs < 1_000) return;
    this.#notedMs = nowMs;
    if ((peerBytes - this.#peerBytes) * 1000 >= webSeedLimits.slowPeersBytesPerSecond * tookMs) this.#quickPeersMs = nowMs;
    if (webBytes > this.#webBytes) this.#webMs = nowMs;
    this.#peerBytes = peerBytes;
    this.#webBytes = webBytes;
  }

  /** For so long we were not there to look. */
  slept(ms: number): void {
    this.#quickPeersMs += ms;
    this.#webMs += ms;
    this.#notedMs += ms;
  }

  /** Whether web seeds may take more. `hasPeers`: somebody else could be asked, now or soon. */
  mayAskWeb(hasPeers: boolean, nowMs: number): boolean {
    const { prefer, afterMs = prefer === 'peers' ? webSeedLimits.preferredAloneMs : 0 } = this.#wishes;
    return afterMs === 0 || !hasPeers || nowMs - this.#quickPeersMs >= afterMs;
  }

  /** Whether peers may be asked for more. `hasWeb`: a web seed could be asked, now or soon. */
  mayAskPeers(hasWeb: boolean, nowMs: number): boolean {
    return this.#wishes.prefer !== 'web' || !hasWeb || nowMs - this.#webMs >= webSeedLimits.preferredAloneMs;
  }
}
