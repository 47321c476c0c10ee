// The options of `get` that concern web seeds, and who of peers and web seeds is asked first.

import { InvalidArgumentError, Option } from 'commander';

import type { DownloadOptions, PreferredSource } from '../index.ts';
import { quantity, repeatable } from './command-options.ts';
import { parseDuration } from './units.ts';

/** The options, in the order of the help. */
export function webSeedOptions(): Option[] {
  return [
    repeatable('--web-seed <URL>', 'fetch from this web server too, which has the same files (repeatable)', checkWebSeedUrl),
    new Option('--prefer <SOURCE>', 'whom to ask first; any = all at once (default)').choices(['peers', 'web', 'any']),
    quantity('--web-seed-after <DURATION>', 'ask web servers only when peers were slow for so long', parseDuration),
    new Option('--no-peers', 'use web servers alone: no tracker, no peer, no listening'),
  ];
}

/** What commander gives of these options. */
export interface TypedWebSeedOptions {
  webSeed?: string[];
  prefer?: PreferredSource;
  webSeedAfter?: number;
  peers: boolean;
}

/** What the library is asked for. What was not typed is left out, so that the library's defaults hold. */
export function webSeedOptionsOf(typed: TypedWebSeedOptions): Pick<DownloadOptions, 'webSeeds' | 'prefer' | 'webSeedAfterMs' | 'noPeers'> {
  return {
    ...(typed.webSeed !== undefined && { webSeeds: typed.webSeed }),
    ...(typed.prefer !== undefined && { prefer: typed.prefer }),
    ...(typed.webSeedAfter !== undefined && { webSeedAfterMs: typed.webSeedAfter }),
    ...(!typed.peers && { noPeers: true }),
  };
}

function checkWebSeedUrl(url: string): string {
  const scheme = URL.canParse(url) ? new URL(url).protocol : undefined;
  if (scheme !== 'http:' && scheme !== 'https:') throw new InvalidArgumentError('Expected a URL that begins with http:// or https://.');
  return url;
}
