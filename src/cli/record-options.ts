// The options of `get` that make it leave a record: event lines and a report.

import { type Command, InvalidArgumentError, Option } from 'commander';

import type { DownloadOptions } from '../index.ts';
import { outputDirOf, quantity } from './command-options.ts';
import type { SpeechOptions } from './speech-options.ts';
import { UnitError, parseDuration } from './units.ts';

/** Between progress events. */
const shortestIntervalMs = 1000;

/** Commands that may hold a password or a token: that they were given is recorded, what they are is not. */
const secretOptions = ['onDone', 'onFail', 'gate'];

/** Where event lines go beside stdout: a path, or the number of an open descriptor. */
export type EventTarget = string | number;

/** What is to be recorded, and where. */
export interface RecordOptions {
  /** Event lines on stdout. */
  readonly json: boolean;
  readonly events: EventTarget | undefined;
  readonly progressIntervalMs: number;
  readonly pieceEvents: boolean;
  /** Ends in `.html`, `.htm` or `.json`. */
  readonly reportPath: string | undefined;
  /** The options that were given, by their names in lowerCamelCase; a secret in a URL is not hidden yet. */
  readonly given: Readonly<Record<string, unknown>>;
}

/** A command whose run can be recorded. */
export interface RecordedCommand extends SpeechOptions {
  readonly torrentPath: string;
  readonly records?: RecordOptions;
  readonly download: Pick<DownloadOptions, 'outputDir'>;
  /** Present when the data goes to stdout. */
  readonly stream?: unknown;
  /** They are no run of their own. */
  readonly showFiles?: boolean;
  readonly dryRun?: boolean;
}

/** What commander gives for these options. */
export interface TypedRecordOptions {
  output?: string;
  dir?: string;
  showFiles?: true;
  /** False when a setting says so. */
  json?: boolean;
  events?: EventTarget;
  progressInterval?: number;
  pieceEvents?: boolean;
  report?: string;
}

/** The options, in the order of the help. */
export function recordOptions(): Option[] {
  return [
    new Option('--json', 'print events, one JSON object a line, instead of paths'),
    new Option('--events <FILE|FD>', 'write the events there instead of to stdout').argParser(eventTarget),
    quantity('--progress-interval <DURATION>', 'between progress events; at least 1s (default: 1s)', progressInterval),
    new Option('--piece-events', 'an event for each piece, too'),
    new Option('--report <FILE>', 'leave a report of the run: FILE.html, a page, or FILE.json').argParser(reportPath),
  ];
}

/** What the options ask for; undefined when that is nothing. `command` refuses events among the data that goes to stdout. */
export function recordsOf(typed: TypedRecordOptions, command: Command): RecordOptions | undefined {
  const isMixed = outputDirOf(typed) === '-' && typed.showFiles !== true;
  const isTyped = (name: string): boolean => command.getOptionValueSource(name) === 'cli';
  if (isMixed && typed.json === true && isTyped('json')) command.error("error: option '--json' cannot be used with '-o -'; see --events");
  if (isMixed && typed.events === 1 && isTyped('events')) command.error("error: option '--events 1' cannot be used with '-o -'");
  // A setting is for runs that it fits.
  const json = typed.json === true && !isMixed;
  const events = isMixed && typed.events === 1 ? undefined : typed.events;
  if (!json && events === undefined && typed.report === undefined) return undefined;
  return {
    json,
    events,
    progressIntervalMs: typed.progressInterval ?? shortestIntervalMs,
    pieceEvents: typed.pieceEvents === true,
    reportPath: typed.report,
    given: givenOptions(command),
  };
}

function givenOptions(command: Command): Record<string, unknown> {
  const isGiven = (name: string): boolean => ![undefined, 'default'].includes(command.getOptionValueSource(name));
  const given = Object.entries(command.opts()).filter(([name]) => isGiven(name));
  return Object.fromEntries(given.map(([name, value]) => [name, secretOptions.includes(name) ? '***' : value]));
}

function eventTarget(text: string): EventTarget {
  if (text === '') throw new InvalidArgumentError('Expected a file, or the number of an open descriptor.');
  return /^\d{1,9}$/.test(text) ? Number(text) : text;
}

function progressInterval(text: string): number {
  const ms = parseDuration(text);
  if (ms < shortestIntervalMs) throw new UnitError('Expected at least 1s.');
  return ms;
}

function reportPath(path: string): string {
  if (!/\.(html?|json)$/i.test(path)) throw new InvalidArgumentError('Expected a file that ends in .html or .json.');
  return path;
}
