// The record of a run of several torrents: one stream of event lines, in which every line says whose it is and which one verdict ends, and a
// report for each torrent.

import { sourceName } from '../index.ts';
import type { Environment, SuddenEnd } from './env.ts';
import { endOf } from './failure.ts';
import { openOutput, type OutputFile, refuseUnlessIs } from './output-file.ts';
import type { Output, ReaderLimit } from './reader-limit.ts';
import type { EventTarget, RecordedCommand, RecordOptions } from './record-options.ts';
import type { Records } from './records.ts';
import { type RunEnd, sumOfTotals, type RunTotals, verdictEvent } from './reporters/json-events.ts';
import { lineOf, RunRecords } from './run-records.ts';

/** Makes the records of each torrent and ends those of all. */
export class ManyRecords {
  readonly #options: RecordOptions;
  readonly #env: Environment;
  readonly #limit: ReaderLimit;
  readonly #beganMs: number;
  readonly #lines: Output[] = [];
  readonly #files: OutputFile[] = [];
  readonly #totals: RunTotals[] = [];
  readonly #suddenEnds = new Set<SuddenEnd>();
  #hasEnded = false;

  /** Throws StorageError `create-failed` or InputError when the events cannot be written where they are to go. */
  constructor(options: RecordOptions, sources: readonly string[], env: Environment, limit: ReaderLimit) {
    this.#options = options;
    this.#env = env;
    this.#limit = limit;
    this.#beganMs = env.nowMs();
    const { json, events } = options;
    if (json) this.#lines.push(env.stdout);
    if (events !== undefined) this.#open(events, sources);
    env.onSuddenEnd((exitCode, reason) => {
      for (const end of this.#suddenEnds) end(exitCode, reason);
      void this.#end({ exitCode, reason, code: undefined });
    });
  }

  /** The records of the torrent at place `number`, from 1. Throws as `openRecords` does. */
  async open(command: RecordedCommand, number: number, env: Environment): Promise<Records> {
    const { reportPath } = this.#options;
    const options = { ...this.#options, reportPath: reportPath?.replace(/\.[^.]*$/, (extension) => `-${number}${extension}`) };
    let suddenEnd: SuddenEnd | undefined;
    const own: Environment = {
      ...env,
      onSuddenEnd: (action) => {
        suddenEnd = action;
        this.#suddenEnds.add(action);
      },
    };
    const records = new RunRecords(command, options, own, this.#limit, {
      source: command.torrentPath === '-' ? '-' : sourceName(command.torrentPath),
      lines: this.#lines,
      files: this.#files,
      beganMs: this.#beganMs,
      ended: (totals) => {
        this.#totals.push(totals);
        if (suddenEnd !== undefined) this.#suddenEnds.delete(suddenEnd);
      },
    });
    await records.begin();
    return records;
  }

  /** The verdict on all, as the last line: `failure` is what the run throws. */
  end(failure: unknown): Promise<void> {
    return this.#end(failure === undefined ? { exitCode: 0, reason: 'complete and verified', code: undefined } : endOf(failure));
  }

  #open(events: EventTarget, sources: readonly string[]): void {
    try {
      // Lines are written before it is known which files the torrents are: what one of them wrote earlier must not be lost.
      if (typeof events === 'string') refuseUnlessIs(events, '{"v":');
      const file = openOutput(events);
      this.#files.push(file);
      file.refuseAmong(sources.filter((source) => !source.includes('://')));
      this.#lines.push(this.#limit.around(file, 'the events'));
    } catch (error) {
      void this.#end(endOf(error));
      throw error;
    }
  }

  /** Writes the last line in one turn: the process may end at once. */
  async #end(end: RunEnd): Promise<void> {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    const nowMs = this.#env.nowMs() - this.#beganMs;
    const line = lineOf(verdictEvent(end, sumOfTotals(this.#totals, nowMs)), nowMs);
    const written = this.#lines.map((output) => output.write(line));
    for (const file of this.#files) file.close();
    // Whoever takes no lines has failed each torrent with that.
    await Promise.allSettled(written);
  }
}
