// The options that every command has: how it speaks.

import { Option } from 'commander';

/** How a command is to speak. */
export interface SpeechOptions {
  readonly quiet: boolean;
  readonly verbose: boolean;
  /** False when `--no-color` was given; whether there is colour depends on the terminal too. */
  readonly color: boolean;
  /** Which of several torrents it speaks of. */
  readonly about?: string;
}

/** `text`, behind the torrent that it is about when there are several. */
export function withSubject(text: string, about: string | undefined): string {
  return about === undefined || text.startsWith(`${about}: `) ? text : `${about}: ${text}`;
}

/** What commander gives of these options. */
export interface TypedSpeech {
  quiet?: true;
  verbose?: true;
  color: boolean;
}

/** The options; `quietMeans` says what `--quiet` leaves. */
export function speechOptions(quietMeans: string): Option[] {
  return [
    new Option('-q, --quiet', quietMeans).conflicts('verbose'),
    new Option('-v, --verbose', 'tell of trackers, peers and the causes of errors'),
    new Option('--no-color', 'no colours; the variable NO_COLOR does the same'),
  ];
}

/** How the command is to speak. */
export function speechOf(typed: TypedSpeech): SpeechOptions {
  return { quiet: typed.quiet === true, verbose: typed.verbose === true, color: typed.color };
}
