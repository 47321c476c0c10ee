// `ttorrent scrape`: how many have a torrent, by tracker, for people, as lines for scripts, or as one JSON object.

import { IncompleteError, scrapeTrackers, type TrackerScrape } from '../../index.ts';
import type { Environment } from '../env.ts';
import { jsonLine } from '../json-text.ts';
import { loadTorrent } from '../load-torrent.ts';
import { networkFor } from '../network-options.ts';
import { type Paint, paintFor } from '../paint.ts';
import { Talk } from '../talk.ts';
import type { TrackerCommand } from '../tracker-commands.ts';

/** Prints what the trackers say. Throws IncompleteError when none of them answers. */
export async function scrape(command: TrackerCommand, env: Environment): Promise<void> {
  const talk = new Talk(command, env);
  const metainfo = await loadTorrent(command.torrentPath, talk, env, command.query);
  const scrapes = await scrapeTrackers(metainfo, { ...command.query, network: networkFor(command.query, env), signal: env.interrupted });
  const answered = scrapes.filter(({ outcome }) => outcome === 'answered');
  if (command.json) await env.stdout.write(jsonLine({ infohash: metainfo.infohashHex, trackers: scrapes.map(scrapeObject) }));
  else if (answered.length > 0) {
    const text = env.stdout.isTerminal ? scrapeTable(answered, paintFor(env.stdout, env, command)) : scrapeLines(answered);
    await env.stdout.write(text);
  }
  const failures = scrapes.flatMap(({ tracker, outcome, message }) =>
    outcome === 'answered' ? [] : [`${tracker} ${outcome}: ${message}`],
  );
  if (answered.length === 0) {
    throw new IncompleteError(
      'no-source',
      scrapes.length === 0 ? 'the torrent names no tracker' : `no tracker answered; ${failures.join('; ')}`,
    );
  }
  for (const failure of failures) talk.warn(failure);
}

/** What a tracker does not say is null. */
function scrapeObject({ tracker, outcome, message, seeders, leechers, downloads }: TrackerScrape): object {
  return { tracker, outcome, message, seeders: seeders ?? null, leechers: leechers ?? null, downloads: downloads ?? null };
}

const headings = ['seeders', 'leechers', 'downloads'] as const;

/** Columns with headings, for a terminal; what a tracker does not say is `-`. */
export function scrapeTable(scrapes: readonly TrackerScrape[], paint: Paint): string {
  const rows = scrapes.map((one) => [...headings.map((name) => String(one[name] ?? '-')), one.tracker]);
  const widths = headings.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const lineOf = (row: readonly string[]): string => row.map((cell, column) => cell.padStart(widths[column] ?? 0)).join('  ');
  return `${[paint.bold(lineOf([...headings, 'tracker'])), ...rows.map(lineOf)].join('\n')}\n`;
}

/** `SEEDERS<tab>LEECHERS<tab>DOWNLOADS<tab>TRACKER`; what a tracker does not say is `-`. */
function scrapeLines(scrapes: readonly TrackerScrape[]): string {
  return scrapes.map((one) => `${[...headings.map((name) => one[name] ?? '-'), one.tracker].join('\t')}\n`).join('');
}
