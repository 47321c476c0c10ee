// `ttorrent get --dry-run`: what a download would do, told and not done.

import { type DownloadPlan, formatBytes, type Metainfo, type PlannedFile, planDownload } from '../../index.ts';
import type { GetCommand } from '../command-line.ts';
import type { Environment } from '../env.ts';
import { formatCount } from '../format.ts';
import { jsonLine } from '../json-text.ts';
import { checksumsFor, type SharedSums } from '../published-sums.ts';
import type { Reporter } from '../reporters/reporter.ts';
import { safeLine } from '../safe-line.ts';
import { Talk } from '../talk.ts';

/** What the run of one torrent is given by whoever runs it, alone or among others. */
interface Surroundings {
  readonly openReporter: () => Promise<Reporter>;
  readonly sharedSums?: SharedSums;
}

/** Prints what would become of each file of `selection` (all when undefined). Throws what the download would throw before it asks a peer. */
export async function dryRun(
  command: GetCommand,
  metainfo: Metainfo,
  selection: ReadonlySet<number> | undefined,
  env: Environment,
  { openReporter, sharedSums }: Surroundings,
): Promise<void> {
  const reporter = await openReporter();
  const talk = new Talk(command, env, reporter);
  const { outputDir, resume, overwrite } = command.download;
  try {
    await checksumsFor(metainfo, selection, withoutFetching(command), talk, env, sharedSums);
    const plan = await planDownload(metainfo, {
      outputDir,
      ...(selection !== undefined && { selection }),
      ...(resume !== undefined && { resume }),
      ...(overwrite !== undefined && { overwrite }),
      signal: env.interrupted,
      onProgress: (doneBytes, totalBytes) => reporter.show({ doneBytes, totalBytes, facts: ['checking existing data'] }),
      onWarning: (message) => talk.warn(message),
    });
    reporter.stop();
    if (command.records?.json === true) await env.stdout.write(planJson(plan));
    else await env.stdout.write(plan.files.map(env.stdout.isTerminal ? lineForPeople : lineForScripts).join(''));
    const open = plan.files.filter(({ action }) => action !== 'complete');
    talk.say(
      open.length === 0
        ? `dry run: nothing to do, ${formatCount(plan.files.length, 'file')} complete and verified`
        : `dry run: would fetch ${formatBytes(plan.missingBytes)} of ${formatBytes(plan.totalBytes)} for ${formatCount(open.length, 'file')} ` +
            `${sourcesOf(command, metainfo)}; needs ${formatBytes(plan.neededBytes)} on disk, ${formatBytes(plan.freeBytes)} free`,
    );
  } finally {
    reporter.stop();
  }
}

/** Nobody is contacted: what lists from the web say stays unknown. */
function withoutFetching(command: GetCommand): GetCommand {
  const { checksums, lists } = command.published;
  return { ...command, published: { checksums, lists: lists.some((list) => /^https?:/i.test(list)) ? [] : lists } };
}

function sourcesOf({ download }: GetCommand, metainfo: Metainfo): string {
  const trackers = new Set([...metainfo.trackers.flat(), ...(download.announce ?? [])]).size;
  return `from what ${formatCount(trackers, 'tracker')} and ${formatCount(download.peers?.length ?? 0, 'typed peer')} offer`;
}

/** One JSON object on one line. */
function planJson({ files, missingBytes, totalBytes, neededBytes, freeBytes }: DownloadPlan): string {
  const planned = files.map(({ action, missingBytes: missing, file, path }) => ({
    action,
    missingBytes: missing,
    length: file.length,
    path,
    torrentPath: file.path.join('/'),
  }));
  return jsonLine({ missingBytes, totalBytes, neededBytes, freeBytes, files: planned });
}

/** `ACTION<tab>MISSING BYTES<tab>BYTES<tab>PATH`. */
function lineForScripts({ action, missingBytes, file, path }: PlannedFile): string {
  return `${action}\t${missingBytes}\t${file.length}\t${path}\n`;
}

function lineForPeople({ action, missingBytes, file, path }: PlannedFile): string {
  const size = action === 'complete' ? formatBytes(file.length) : `${formatBytes(missingBytes)} of ${formatBytes(file.length)}`;
  return `${action.padEnd(8)}  ${size.padStart(22)}  ${safeLine(path)}\n`;
}
