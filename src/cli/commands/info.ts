// `ttorrent info`: what a torrent holds, for people, as lines for scripts, or as one JSON object.

import { formatBytes, type Metainfo, redactUrl } from '../../index.ts';
import type { InfoCommand } from '../command-line.ts';
import type { Environment } from '../env.ts';
import { formatCount } from '../format.ts';
import { jsonLine } from '../json-text.ts';
import { loadTorrent } from '../load-torrent.ts';
import { type Paint, paintFor } from '../paint.ts';
import { safeLine } from '../safe-line.ts';
import { Talk } from '../talk.ts';

/** Prints the torrent to stdout. */
export async function info(command: InfoCommand, env: Environment): Promise<void> {
  const metainfo = await loadTorrent(command.torrentPath, new Talk(command, env), env, command);
  const textFor = env.stdout.isTerminal ? infoText : infoLines;
  await env.stdout.write(command.json ? infoJson(metainfo) : textFor(metainfo, paintFor(env.stdout, env, command)));
}

/**
 * One JSON object on one line. Pad files are left out, of `files` and of `totalLength`; `creationDate` is in seconds since 1970, as in
 * the torrent; what the torrent does not say is null.
 */
export function infoJson(metainfo: Metainfo): string {
  return jsonLine(infoObject(metainfo));
}

/** The object of `infoJson`. */
export function infoObject(metainfo: Metainfo): object {
  const files = metainfo.files.filter((file) => !file.pad);
  return {
    infohash: metainfo.infohashHex,
    name: metainfo.name,
    totalLength: files.reduce((sum, file) => sum + file.length, 0),
    pieceLength: metainfo.pieceLength,
    pieceCount: metainfo.pieceCount,
    private: metainfo.private,
    files: files.map((file) => ({ path: file.path.join('/'), length: file.length })),
    trackers: metainfo.trackers,
    webSeeds: metainfo.webSeeds,
    comment: metainfo.comment ?? null,
    createdBy: metainfo.createdBy ?? null,
    creationDate: metainfo.creationDate ?? null,
    source: metainfo.source ?? null,
  };
}

/** A few lines of labels and values, then the files. */
export function infoText(metainfo: Metainfo, paint: Paint): string {
  const files = metainfo.files.filter((file) => !file.pad);
  const totalLength = files.reduce((sum, file) => sum + file.length, 0);
  const lines: string[] = [];
  const row = (label: string, value: string | undefined): void => {
    if (value !== undefined) lines.push(`${paint.bold((label === '' ? '' : `${label}:`).padEnd(14))}${safeLine(value)}`);
  };
  row('name', metainfo.name);
  row('infohash', metainfo.infohashHex);
  row('size', `${formatBytes(totalLength)} (${formatCount(totalLength, 'byte')}) in ${formatCount(files.length, 'file')}`);
  row('pieces', `${metainfo.pieceCount} of ${formatBytes(metainfo.pieceLength)}`);
  row('private', metainfo.private ? 'yes' : 'no');
  row('created', creationText(metainfo.creationDate));
  row('created by', metainfo.createdBy);
  row('source', metainfo.source);
  row('comment', metainfo.comment);
  // A tier of trackers, or a web seed, on each line; the label stands before the first.
  metainfo.trackers.forEach((tier, index) => row(index === 0 ? 'trackers' : '', tier.map((url) => redactUrl(url)).join(', ')));
  metainfo.webSeeds.forEach((url, index) => row(index === 0 ? 'web seeds' : '', redactUrl(url)));
  lines.push(paint.bold('files:'));
  for (const file of files) lines.push(`${formatBytes(file.length).padStart(10)}  ${safeLine(file.path.join('/'))}`);
  return `${lines.join('\n')}\n`;
}

/**
 * `KEY<tab>VALUE` lines for scripts, with the keys of the JSON; what the torrent does not say is left out. A line each for `tracker` (then
 * its tier, from 1), `webSeed` and `file` (then its bytes). Secrets in URLs are hidden, since such output ends in logs; the JSON has them.
 */
export function infoLines(metainfo: Metainfo): string {
  const files = metainfo.files.filter((file) => !file.pad);
  const rows: (string | number | undefined)[][] = [
    ['infohash', metainfo.infohashHex],
    ['name', metainfo.name],
    ['totalLength', files.reduce((sum, file) => sum + file.length, 0)],
    ['pieceLength', metainfo.pieceLength],
    ['pieceCount', metainfo.pieceCount],
    ['private', String(metainfo.private)],
    ['comment', metainfo.comment],
    ['createdBy', metainfo.createdBy],
    ['creationDate', metainfo.creationDate],
    ['source', metainfo.source],
    ...metainfo.trackers.flatMap((tier, index) => tier.map((url) => ['tracker', redactUrl(url), index + 1])),
    ...metainfo.webSeeds.map((url) => ['webSeed', redactUrl(url)]),
    ...files.map((file) => ['file', file.path.join('/'), file.length]),
  ];
  const said = rows.filter(([, value]) => value !== undefined);
  return said.map((row) => `${row.map((value) => safeLine(String(value))).join('\t')}\n`).join('');
}

/** The moment in UTC; the bare number when no calendar reaches so far. */
function creationText(seconds: number | undefined): string | undefined {
  if (seconds === undefined) return undefined;
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? String(seconds) : date.toISOString().replace('.000Z', 'Z');
}
