// `ttorrent create`: makes a torrent of files.

import path from 'node:path';

import { checkTorrentTarget, createTorrent, type CreatedTorrent, formatBytes, InputError, writeTorrentFile } from '../../index.ts';
import type { CreateCommand } from '../command-line.ts';
import type { Environment } from '../env.ts';
import { openReporter } from '../reporters/open-reporter.ts';
import { Talk } from '../talk.ts';
import { checkStdout, tellOfTorrent } from '../written-torrent.ts';

/** Writes the torrent and tells of it. */
export async function create(command: CreateCommand, env: Environment): Promise<void> {
  const talk = new Talk(command, env);
  const target = targetOf(command);
  checkStdout(command, env);
  if (target !== undefined) await checkTorrentTarget(target, { overwrite: command.force });
  const { bytes, metainfo, warnings } = await make(command, target, env);
  for (const warning of warnings) talk.warn(warning);
  for (const warning of metainfo.warnings) talk.warn(`in a download ${warning}`);
  if (metainfo.private && metainfo.trackers.length === 0) talk.warn('it is private and names no tracker: nobody will find a peer');
  if (target === undefined) await env.stdout.write(bytes);
  else await writeTorrentFile(target, bytes, { overwrite: command.force });
  await tellOfTorrent(target, metainfo, command, env, talk);
}

/** Undefined for stdout. */
function targetOf({ outputFile, contentPath, create: { name } }: CreateCommand): string | undefined {
  if (outputFile === '-') return undefined;
  return outputFile ?? `${path.basename(name ?? path.resolve(contentPath))}.torrent`;
}

async function make(command: CreateCommand, target: string | undefined, env: Environment): Promise<CreatedTorrent> {
  const reporter = await openReporter(command.progress, command.quiet, env);
  try {
    return await createTorrent(command.contentPath, {
      ...command.create,
      ...(target !== undefined && { leaveOut: target }),
      createdBy: `ttorrent/${env.version}`,
      ...(command.date && { creationDate: creationDate(env) }),
      signal: env.interrupted,
      onProgress: (doneBytes, totalBytes) => reporter.show({ doneBytes, totalBytes, facts: [`of ${formatBytes(totalBytes)} hashed`] }),
    });
  } finally {
    reporter.stop();
  }
}

/** Now; or what SOURCE_DATE_EPOCH says (reproducible-builds.org), in seconds since 1970. */
function creationDate({ variables, startedAt }: Environment): number {
  const { SOURCE_DATE_EPOCH: epoch = '' } = variables;
  if (epoch === '') return Math.floor(startedAt.getTime() / 1000);
  if (!/^\d{1,12}$/.test(epoch)) throw new InputError('bad-argument', `SOURCE_DATE_EPOCH: expected seconds since 1970, found "${epoch}"`);
  return Number(epoch);
}
