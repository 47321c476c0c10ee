// The runs of several torrents beside each other: when each begins, which one has which files, and what the exit codes make together.

import { IncompleteError, InputError, type KeptLists, type Metainfo, type Session } from '../index.ts';
import type { GetManyCommand } from './command-line.ts';
import { type GetSurroundings, getOne, type SameWork } from './commands/get.ts';
import { deadlineLeft } from './deadline-left.ts';
import { type Environment, Interruption } from './env.ts';
import { endOf, reportFailure } from './failure.ts';
import { shownSource } from './load-torrent.ts';
import type { ManyRecords } from './many-records.ts';
import type { ReaderLimit } from './reader-limit.ts';
import { openRecords } from './records.ts';
import type { Board } from './reporters/open-board.ts';
import { SeveralFailed } from './several-failed.ts';
import { Slots } from './slots.ts';

/** What the runs share. */
export interface ManySurroundings {
  readonly env: Environment;
  readonly board: Board;
  readonly session: Session;
  readonly network: NonNullable<GetSurroundings['network']>;
  /** Undefined when none were asked for. */
  readonly records: ManyRecords | undefined;
  readonly limit: ReaderLimit;
  /** When the run began: the deadline counts from then. */
  readonly beganMs: number;
}

/** One torrent that has a name below the output directory. */
interface Claim extends SameWork {
  readonly infohash: string;
}

/** Runs torrents. */
export class ManyRuns {
  readonly #command: GetManyCommand;
  readonly #around: ManySurroundings;
  readonly #slots: Slots;
  /** By the name that the torrent has below the output directory. */
  readonly #claims = new Map<string, Claim>();
  /** Checksums and lists that were of use to no torrent yet. */
  readonly #unusedSums: Set<string>;
  readonly #keptLists: KeptLists = new Map();
  #stdinIsTaken: boolean;
  #ended = 0;
  #failed = 0;

  constructor(command: GetManyCommand, around: ManySurroundings) {
    this.#command = command;
    this.#around = around;
    this.#slots = new Slots(command.jobs);
    const { checksums, lists } = command.each.published;
    this.#unusedSums = new Set([...checksums, ...lists]);
    this.#stdinIsTaken = command.listPath === '-';
  }

  /** Runs all of `sources`. Resolves with what is to be thrown in the end, if anything is. */
  async all(sources: readonly string[]): Promise<Error | undefined> {
    const running: Promise<number>[] = [];
    this.#showStatus(sources.length);
    for (const [index, source] of sources.entries()) {
      const free = await this.#slots.take();
      running.push(this.#one(source, index + 1, sources.length, free).finally(free));
    }
    const exitCodes = await Promise.all(running);
    if (this.#failed > 0) return new SeveralFailed(exitCodes);
    const [unused] = this.#unusedSums;
    return unused === undefined
      ? undefined
      : new InputError('bad-argument', `the checksum ${shownSource(unused)} names no file of any of the torrents`);
  }

  /** Resolves with the exit code. */
  async #one(source: string, number: number, count: number, free: () => void): Promise<number> {
    const { env, board, session, network, records, limit, beganMs } = this.#around;
    const { each } = this.#command;
    const about = shownSource(source);
    const download = { ...each.download, ...deadlineLeft(each.download.deadlineMs, beganMs, env) };
    const command = { ...each, kind: 'get', torrentPath: source, about, download } as const;
    const completion = deferred();
    let exitCode = 0;
    try {
      await getOne(command, env, {
        records: (await records?.open(command, number, env)) ?? (await openRecords({ ...command, dryRun: true }, env, limit)),
        openReporter: async () => board.row(about.split('/').findLast((part) => part !== '') ?? about),
        download: (metainfo, options) => session.download(metainfo, options),
        network,
        begin: () => this.#begin(source),
        claim: (metainfo) => this.#claim(metainfo, { source: about, infohash: metainfo.infohashHex, done: completion.promise }),
        completed: () => {
          completion.resolve();
          free(); // what seeds keeps nothing from being downloaded
        },
        sharedSums: {
          kept: this.#keptLists,
          unused: (unused) => {
            for (const sum of this.#unusedSums) if (!unused.includes(sum)) this.#unusedSums.delete(sum);
          },
        },
      });
      completion.resolve();
    } catch (error) {
      completion.reject(error);
      exitCode = endOf(error).exitCode;
      this.#failed++;
      // A signal is told once, in the end.
      if (!(error instanceof Interruption)) reportFailure(error, env, command);
    }
    this.#ended++;
    this.#showStatus(count);
    return exitCode;
  }

  #showStatus(count: number): void {
    this.#around.board.setStatus(`${this.#ended}/${count} done${this.#failed > 0 ? `, ${this.#failed} failed` : ''}`);
  }

  #begin(source: string): void {
    const { env, beganMs } = this.#around;
    env.interrupted.throwIfAborted();
    if (source === '-' && this.#stdinIsTaken) throw new InputError('bad-argument', 'stdin can be read once only');
    this.#stdinIsTaken ||= source === '-';
    const { deadlineMs } = this.#command.each.download;
    if (deadlineMs !== undefined && env.nowMs() - beganMs >= deadlineMs) {
      throw new IncompleteError('deadline-reached', 'the deadline was reached before it began');
    }
  }

  /** The first to come has the name below the output directory. */
  #claim({ name }: Metainfo, claim: Claim): SameWork | undefined {
    const first = this.#claims.get(name);
    if (first?.infohash === claim.infohash) return first;
    if (first !== undefined) throw new InputError('in-the-way', `it has the name of another, ${first.source}: "${name}"`);
    this.#claims.set(name, claim);
    return undefined;
  }
}

interface Completion {
  readonly promise: Promise<void>;
  resolve(): void;
  reject(error: unknown): void;
}

function deferred(): Completion {
  let settle: Omit<Completion, 'promise'> = { resolve: () => undefined, reject: () => undefined };
  const promise = new Promise<void>((resolve, reject) => (settle = { resolve, reject }));
  promise.catch(() => undefined); // perhaps no other has the same torrent
  return { promise, ...settle };
}
