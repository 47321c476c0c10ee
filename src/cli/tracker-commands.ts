// The definitions of `ttorrent scrape` and `ttorrent peers`: one question to the trackers of a torrent.

import { type Command, Option } from 'commander';

import type { TrackerQueryOptions } from '../index.ts';
import { checkAnnounceUrl, examples, quantity, repeatable, torrentArgument } from './command-options.ts';
import { networkOptions, networkOptionsOf, type TypedNetworkOptions } from './network-options.ts';
import { type SpeechOptions, speechOf, speechOptions, type TypedSpeech } from './speech-options.ts';
import { parseDuration } from './units.ts';

/** What `ttorrent scrape` or `ttorrent peers` was asked. */
export interface TrackerCommand extends SpeechOptions {
  readonly kind: 'scrape' | 'peers';
  readonly torrentPath: string;
  readonly json: boolean;
  readonly query: Pick<TrackerQueryOptions, 'announce' | 'timeoutMs' | 'network'>;
}

interface TypedTrackerOptions extends TypedSpeech, TypedNetworkOptions {
  announce?: string[];
  trackerTimeout?: number;
  json?: true;
}

/** Makes `command` the one that scrapes; `asked` is called with what was typed. */
export function defineScrape(command: Command, asked: (command: TrackerCommand) => void): void {
  command
    .summary('ask the trackers how many have a torrent')
    .description(
      'Prints how many seeders, leechers and completed downloads each tracker counts, and tells nobody of us. Exit code 40: no tracker answered.',
    )
    .addHelpText('before', examples('ttorrent scrape debian.torrent', "ttorrent scrape debian.torrent --json | jq '.trackers[].seeders'"));
  define('scrape', command, asked);
}

/** Makes `command` the one that prints peers; `asked` is called with what was typed. */
export function definePeers(command: Command, asked: (command: TrackerCommand) => void): void {
  command
    .summary('ask the trackers for peers')
    .description(
      'Prints the peers that a tracker names, ADDRESS:PORT a line, and takes leave of the tracker. Exit code 40: there are none; 41: the tracker refused.',
    )
    .addHelpText('before', examples('ttorrent peers debian.torrent', 'ttorrent peers debian.torrent | wc -l'));
  define('peers', command, asked);
}

function define(kind: TrackerCommand['kind'], command: Command, asked: (command: TrackerCommand) => void): void {
  const options = [
    repeatable('-a, --announce <URL>', 'ask this tracker too (repeatable)', checkAnnounceUrl),
    quantity('--tracker-timeout <DURATION>', 'wait so long for answers (default: 30s)', parseDuration),
    ...networkOptions(),
    new Option('--json', 'print one JSON object'),
    ...speechOptions('print nothing but errors'),
  ];
  command.addArgument(torrentArgument());
  for (const option of options) command.addOption(option);
  command.action((torrentPath: string, typed: TypedTrackerOptions) => {
    const query = {
      announce: typed.announce ?? [],
      ...(typed.trackerTimeout && { timeoutMs: typed.trackerTimeout }),
      ...networkOptionsOf(typed),
    };
    asked({ kind, torrentPath, json: typed.json === true, query, ...speechOf(typed) });
  });
}
