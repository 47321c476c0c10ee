// How many peers we serve at a time: few, so that each gets pieces done and is worth something in return; yet as many as it takes to use
// our uplink. Under a limit we know what that gives; without one a growth is tried, and taken back when it brought nothing. Pure.

/** What happened since the last rechoke. */
export interface UploadUse {
  /** To all peers together, in bytes per second. */
  readonly rate: number;
  /** Bytes per second; undefined: none. */
  readonly limit: number | undefined;
  /** More peers are interested than there are places. */
  readonly isWanted: boolean;
}

/**
 * Regular places at the start, and the least where the uplink allows. In the simulation free riders get 8 % of what reciprocators get with 4
 * of them, since the optimistic place is a fifth of all then, 6 % with 8, 5 % with 15; all complete in the same time. libtorrent has 8.
 */
const usual = 8;
/** With fewer, tit-for-tat has nothing to choose from. */
const least = 2;
/** 64 peers that take 2 MB/s each fill a gigabit. */
const most = 64;
/** One optimistic place for so many regular ones: libtorrent gives a fifth of all, BEP 3 a quarter, and free riders live on those. */
const regularPerTurn = 8;
/** What a place should be worth under a limit: a block a second, a piece of 1 MiB in a minute. */
const leastRate = 16_384;
/** Without a limit, less than this is little. */
const thinRate = 4 * leastRate;
/** A limit that is used so far is full. */
const fullShare = 0.9;
/** A growth by a quarter must bring half as much in rate after two rechokes; the new peers need the first to get going. */
const growth = 1.25;
const worthwhile = 1.125;
const trialRounds = 2;
/** After a growth that brought nothing, a minute until the next. */
const restRounds = 6;

/** The number of places. Starts at 8 regular ones. */
export class UploadSlots {
  readonly #fixed: number | undefined;
  #regular: number = usual;
  /** The growth under trial: what was before, and how many rounds it has left. */
  #trial: { readonly regular: number; readonly rate: number; rounds: number } | undefined;
  /** Rounds until a growth is tried: at the start nothing is known yet. */
  #rest: number = restRounds;

  /** `fixed` regular places, whatever happens. */
  constructor(fixed?: number) {
    this.#fixed = fixed;
  }

  /** Places for those who give most. */
  get regular(): number {
    return this.#fixed ?? this.#regular;
  }

  /** Places that must not be earned: optimistic unchokes. */
  get turns(): number {
    return Math.max(1, Math.floor(this.regular / regularPerTurn));
  }

  /** Call it once a rechoke, with what was used since the last. */
  adjust({ rate, limit, isWanted }: UploadUse): void {
    const bearable = limit === undefined ? most : Math.min(Math.max(Math.floor(limit / leastRate) - 1, least), most);
    const base = Math.min(usual, bearable);
    const isFull = limit !== undefined && rate >= limit * fullShare;
    if (isFull || !isWanted) {
      this.#trial = undefined;
      this.#regular--;
    } else if (this.#trial !== undefined) {
      this.#judge(this.#trial, rate);
    } else if (this.#rest > 0) {
      this.#rest--;
    } else if (this.#regular < bearable) {
      this.#trial = { regular: this.#regular, rate, rounds: trialRounds };
      this.#regular = Math.ceil(this.#regular * growth);
    }
    this.#regular = Math.min(Math.max(this.#regular, base), bearable);
  }

  /** Where places are worth little, one less than before: what a noisy rate brought by chance does not stay for good. */
  #judge(trial: { readonly regular: number; readonly rate: number; rounds: number }, rate: number): void {
    if (--trial.rounds > 0) return;
    this.#trial = undefined;
    if (rate > trial.rate * worthwhile) return;
    this.#regular = rate < trial.regular * thinRate ? trial.regular - 1 : trial.regular;
    this.#rest = restRounds;
  }
}
