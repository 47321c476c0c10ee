// The record of one run of `get` or `seed`: event lines and the report. It is told what happens, writes it where it was asked to, and has the
// last word however the run ends.

import path from 'node:path';

import { type Download, type DownloadEvent, InputError, type Metainfo, writablePaths } from '../index.ts';
import type { Environment } from './env.ts';
import { endOf } from './failure.ts';
import { jsonLine } from './json-text.ts';
import { openOutput, type OutputFile } from './output-file.ts';
import type { Output, ReaderLimit } from './reader-limit.ts';
import type { RecordedCommand, RecordOptions } from './record-options.ts';
import { reportPage } from './report/report-page.ts';
import { ReportRecorder } from './report/report-recorder.ts';
import { type EventBody, JsonEvents, type RunEnd, runTotals, type RunTotals, verdictEvent } from './reporters/json-events.ts';
import { RunTally } from './run-tally.ts';
import { Talk } from './talk.ts';
import type { UsageError } from './usage-error.ts';

/** The verdict on a command line that asks for event lines and makes no sense otherwise: there is nothing else to tell. */
export async function refuse(env: Environment, error: UsageError): Promise<void> {
  const { exitCode, reason } = endOf(error);
  await env.stdout.write(lineOf(verdictEvent({ exitCode, reason, code: 'bad-argument' }, runTotals(undefined, new RunTally(), 0)), 0));
}

/** A run of one torrent among others: its lines go where those of all go, and say whose they are. */
export interface RunPart {
  /** As it was named, without what may be a secret. */
  readonly source: string;
  /** Where the lines of all go. */
  readonly lines: readonly Output[];
  /** Those of them that are files: none is to be one of the torrent's. */
  readonly files: readonly OutputFile[];
  /** When the run of all began. */
  readonly beganMs: number;
  /** Told how it ended, once. */
  readonly ended: (totals: RunTotals) => void;
}

/** The `Records` that write. `begin` comes first; it throws StorageError or InputError when a file or descriptor cannot be written to. */
export class RunRecords {
  readonly #command: RecordedCommand;
  readonly #options: RecordOptions;
  readonly #env: Environment;
  readonly #limit: ReaderLimit;
  readonly #part: RunPart | undefined;
  readonly #beganMs: number;
  #infohash: string | null = null;
  readonly #tally = new RunTally();
  readonly #events: JsonEvents;
  readonly #lines = new Set<Output>();
  readonly #files: OutputFile[] = [];
  /** Paths of files that are written to. */
  readonly #opened: string[] = [];
  /** The first line, until it is known that no file to write to is one of the torrent's. */
  #start: EventBody | undefined;
  #report: { readonly recorder: ReportRecorder; readonly file: OutputFile } | undefined;
  #running: Download | undefined;
  #failure: Error | undefined;
  #hasEnded = false;

  constructor(command: RecordedCommand, options: RecordOptions, env: Environment, limit: ReaderLimit, part?: RunPart) {
    this.#limit = limit;
    this.#command = command;
    this.#options = options;
    this.#env = env;
    this.#part = part;
    this.#beganMs = part?.beganMs ?? env.nowMs();
    this.#events = new JsonEvents({ ...options, verbose: command.verbose });
  }

  async begin(): Promise<void> {
    const { json, events, reportPath, given } = this.#options;
    const start = this.#events.start(this.#env.version, this.#env.startedAt, this.#command.torrentPath, given);
    for (const output of this.#part?.lines ?? []) this.#lines.add(output);
    if (json && this.#part === undefined) this.#lines.add(this.#env.stdout);
    try {
      if (events !== undefined && this.#part === undefined) this.#lines.add(this.#limit.around(this.#open(events), 'the events'));
      // Opened now: that it cannot be written is not to be learned at the end of a long download.
      if (reportPath !== undefined) this.#report = { recorder: this.#recorder(start), file: this.#open(reportPath) };
    } catch (error) {
      await this.#end(endOf(error));
      throw error;
    }
    this.#start = start;
    this.#env.onSuddenEnd((exitCode, reason) => void this.#end({ exitCode, reason, code: undefined }));
  }

  async torrentLoaded(metainfo: Metainfo): Promise<void> {
    this.#infohash = metainfo.infohashHex;
    const outputDir = path.resolve(this.#command.download.outputDir);
    const isToDisk = this.#command.stream === undefined;
    for (const file of this.#files) if (isToDisk) file.refuseAmong(writablePaths(metainfo, outputDir));
    for (const file of this.#part?.files ?? []) {
      const taken = file.sameAs(writablePaths(metainfo, outputDir));
      if (taken !== undefined) throw new InputError('in-the-way', `the events are written to ${taken}, which is a file of it`);
    }
    // Emptied, so that no report of an earlier run is taken for one of this.
    await this.#report?.file.write('');
    await this.#putStart();
    this.#throwIfFailed();
  }

  async torrentRead(metainfo: Metainfo, selection: ReadonlySet<number> | undefined): Promise<void> {
    this.#report?.recorder.torrentRead(metainfo, selection);
    await this.#put(this.#events.torrent(metainfo, selection));
  }

  follow(running: Download): void {
    this.#running = running;
    if (this.#failure !== undefined) running.stop(this.#failure);
  }

  async note(event: DownloadEvent): Promise<void> {
    const nowMs = this.#nowMs();
    this.#tally.note(event, nowMs);
    this.#report?.recorder.note(event, nowMs);
    for (const body of this.#events.from(event, nowMs)) await this.#put(body);
  }

  async keep(action: () => Promise<string | undefined>): Promise<void> {
    let reason = 'complete and verified';
    try {
      const more = await action();
      if (more !== undefined) reason += `; ${more}`;
    } catch (error) {
      await this.#end(endOf(error));
      throw error;
    }
    await this.#end(this.#failure === undefined ? { exitCode: 0, reason, code: undefined } : endOf(this.#failure));
    this.#throwIfFailed();
  }

  #throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  #nowMs(): number {
    return this.#env.nowMs() - this.#beganMs;
  }

  #open(target: string | number): OutputFile {
    const file = openOutput(target);
    this.#files.push(file);
    file.refuseAmong([this.#command.torrentPath, ...this.#opened]);
    if (typeof target === 'string') this.#opened.push(target);
    return file;
  }

  /** Writes the last lines, in one turn: nothing may come between when the process ends at once. */
  async #end(end: RunEnd): Promise<void> {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    const nowMs = this.#nowMs();
    const progress = this.#running?.progress();
    const totals = runTotals(progress, this.#tally, nowMs);
    this.#part?.ended(totals);
    const bodies = [this.#part === undefined ? verdictEvent(end, totals) : { ...verdictEvent(end, totals), type: 'outcome' }];
    if (progress !== undefined)
      bodies.unshift(this.#events.summary(progress, this.#running?.peers() ?? [], this.#running?.webSeeds() ?? [], this.#tally, nowMs));
    const written = [this.#putStart(), ...bodies.map((body) => this.#put(body)), this.#writeReport(end, nowMs)];
    for (const file of this.#files) file.close();
    await Promise.all(written);
  }

  #recorder(start: EventBody): ReportRecorder {
    const { version, startedAt, platform } = this.#env;
    const options = start['options'] as Readonly<Record<string, unknown>>;
    return new ReportRecorder({ version, platform, startedAt: startedAt.toISOString(), options });
  }

  /** A report that cannot be written changes nothing about the download: it is told, and that is all. */
  async #writeReport(end: RunEnd, nowMs: number): Promise<void> {
    if (this.#report === undefined) return;
    const { recorder, file } = this.#report;
    const report = recorder.report(end, this.#running, this.#tally, nowMs);
    try {
      const output = this.#limit.around(file, 'the report');
      await output.write(/\.json$/i.test(this.#options.reportPath ?? '') ? jsonLine(report) : reportPage(report));
    } catch (error) {
      new Talk(this.#command, this.#env).warn((error as Error).message);
    }
  }

  async #putStart(): Promise<void> {
    const start = this.#start;
    this.#start = undefined;
    if (start !== undefined) await this.#put(start);
  }

  /**
   * What cannot be written ends the run: events that break off must not look like a run that goes on. Whoever else takes them is told how it
   * ends all the same.
   */
  async #put(body: EventBody): Promise<void> {
    const whose = this.#part === undefined ? {} : { source: this.#part.source, infohash: this.#infohash };
    const line = lineOf({ ...body, ...whose }, this.#nowMs());
    await Promise.all([...this.#lines].map((output) => this.#write(output, line)));
  }

  async #write(output: Output, line: string): Promise<void> {
    try {
      await output.write(line);
    } catch (error) {
      this.#lines.delete(output);
      this.#failure ??= error as Error;
      this.#running?.stop(error);
    }
  }
}

/** An event as a line. */
export function lineOf({ type, ...facts }: EventBody, nowMs: number): string {
  return jsonLine({ v: 1, type, t: Math.round(nowMs), ...facts });
}
