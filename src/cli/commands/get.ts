// `ttorrent get`: downloads the files of a torrent, shows how it goes, and prints the paths of the files when all are complete. With
// `-o -` their bytes go to stdout instead, and nothing else.

import {
  type ChecksumAlgorithm,
  type Download,
  type DownloadEvent,
  type DownloadOptions,
  type DownloadResult,
  download,
  type Metainfo,
  selectFiles,
} from '../../index.ts';
import type { GetCommand } from '../command-line.ts';
import { deadlineLeft } from '../deadline-left.ts';
import { completionText } from '../download-account.ts';
import { type Environment, OutputError } from '../env.ts';
import { brokenPipeExitCode } from '../exit-codes.ts';
import { fileList, fileListJson } from '../file-list.ts';
import type { RunFacts } from '../hooks/hook-facts.ts';
import { loadTorrent } from '../load-torrent.ts';
import { withNetwork } from '../network.ts';
import { checksumsFor, pathLine, type SharedSums } from '../published-sums.ts';
import { openRecords, type Records } from '../records.ts';
import { ReaderLimit } from '../reader-limit.ts';
import { openReporter } from '../reporters/open-reporter.ts';
import type { Reporter } from '../reporters/reporter.ts';
import { goalText, seedEndText } from '../seed-account.ts';
import { watchGoal } from '../seeding.ts';
import { startStream } from '../stdout-stream.ts';
import { Talk } from '../talk.ts';
import { watchDownload } from '../watch-download.ts';

/** Resolves when every selected file is complete and verified under its final name, and seeding is over. Throws what ended it otherwise. */
export async function get(command: GetCommand, unlimited: Environment): Promise<void> {
  const limit = new ReaderLimit(command.download.deadlineMs, unlimited);
  const env = limit.within(unlimited);
  const records = await openRecords(command, env, limit);
  return getOne(command, env, { records, openReporter: () => openReporter(command.progress, command.quiet, env), download });
}

/** What the run of one torrent is given by whoever runs it, alone or among others. */
export interface GetSurroundings {
  readonly records: Records;
  readonly openReporter: () => Promise<Reporter>;
  readonly download: (metainfo: Metainfo, options: DownloadOptions) => Download;
  /** What `withNetwork` found out for all. Absent: that is yet to be done. */
  readonly network?: Pick<DownloadOptions, 'network' | 'blocklist'>;
  /** Told first of all; throws why the run is not to begin. */
  readonly begin?: () => void;
  /** Told of the torrent before anything is done with it: the other run that has it already, if there is one. Throws InputError when it must not be. */
  readonly claim?: (metainfo: Metainfo) => SameWork | undefined;
  /** When all is complete, before it seeds. */
  readonly completed?: () => void;
  /** Absent: a checksum that names no file of this torrent is an error. */
  readonly sharedSums?: SharedSums;
}

/** Another run that has the same torrent. */
export interface SameWork {
  readonly source: string;
  /** Settles as that one does. */
  readonly done: Promise<void>;
}

/** One torrent from start to end; `get` for several of them. */
export function getOne(command: GetCommand, env: Environment, around: GetSurroundings): Promise<void> {
  return around.records.keep(async () => {
    around.begin?.();
    return getWithHooks(command, env, around);
  });
}

async function getWithHooks(command: GetCommand, env: Environment, around: GetSurroundings): Promise<string | undefined> {
  const { torrentPath, hooks } = command;
  const facts: RunFacts = { torrentPath, outputDir: command.download.outputDir, startedMs: env.nowMs(), completed: new Set() };
  if (hooks === undefined || command.showFiles || command.dryRun) return getFiles(command, env, facts, around);
  const { gateOf, withHooks } = await import('../hooks/with-hooks.ts');
  const approve = gateOf(hooks, env, facts);
  return withHooks(hooks, env, facts, new Talk(command, env), (onDone) => getFiles(command, env, facts, around, { approve, onDone }));
}

/** What hooks have to say. */
interface Says {
  readonly approve?: DownloadOptions['approve'];
  /** When all is complete. */
  readonly onDone?: () => Promise<void>;
}

/** Resolves with what came after completion, when something was to. */
async function getFiles(
  asked: GetCommand,
  env: Environment,
  facts: RunFacts,
  around: GetSurroundings,
  { approve, onDone }: Says = {},
): Promise<string | undefined> {
  const { torrentPath, download: limits } = asked;
  const { records } = around;
  const metainfo = await loadTorrent(torrentPath, new Talk(asked, env), env, limits);
  const command = { ...asked, download: { ...limits, ...deadlineLeft(limits.deadlineMs, facts.startedMs, env) } };
  facts.metainfo = metainfo;
  await records.torrentLoaded(metainfo);
  const same = around.claim?.(metainfo);
  if (same !== undefined) {
    await same.done;
    new Talk(asked, env).say(`complete: the same torrent as ${same.source}`);
    return `the same torrent as ${same.source}`;
  }
  let selection = command.select.length > 0 ? selectFiles(metainfo, command.select) : undefined;
  if (command.showFiles) {
    const list = command.records?.json === true ? fileListJson : fileList;
    await env.stdout.write(list(metainfo, selection, env.stdout.isTerminal));
    return undefined;
  }
  if (command.interactive) {
    const { chooseFiles } = await import('../choose-files.ts');
    selection = await chooseFiles(metainfo, selection, env, new Talk(command, env));
  }
  facts.selection = selection;
  if (command.dryRun) {
    await (await import('./dry-run.ts')).dryRun(command, metainfo, selection, env, around);
    return undefined;
  }
  await records.torrentRead(metainfo, selection);

  const { seed, stream } = command;
  const reporter = await around.openReporter();
  const talk = new Talk(command, env, reporter);
  const watched = seed && watchGoal(seed);
  const completed = async (result: DownloadResult): Promise<void> => {
    reporter.stop();
    for (const { file } of result.files) facts.completed.add(file.index);
    talk.say(`${completionText(result)}${seed === undefined ? '' : `; seeding ${goalText(seed)}`}`);
    const hasPaths = !command.quiet && stream === undefined && command.records?.json !== true;
    if (hasPaths) await printPaths(result, command.download.sums?.[0], env, talk);
    around.completed?.();
    await onDone?.();
  };
  try {
    const networked =
      around.network === undefined
        ? await withNetwork(command.download, command.blocklists, talk, env)
        : { ...command.download, ...around.network };
    const options = {
      ...networked,
      ...(await checksumsFor(metainfo, selection, { ...command, download: networked }, talk, env, around.sharedSums)),
      signal: env.interrupted,
      ...(env.stateDir !== undefined && { stateDir: env.stateDir }),
      ...(selection !== undefined && { selection }),
      ...(approve !== undefined && { approve }),
    };
    const seeding = watched && { seed: { ...watched.goal, before: async () => completed(await running.completed) } };
    const running: Download =
      stream === undefined ? around.download(metainfo, { ...options, ...seeding }) : startStream(metainfo, stream, options, env);
    facts.progress = () => running.progress();
    records.follow(running);
    const use = stream === undefined ? 'kept' : 'passed on';
    const note = (event: DownloadEvent): void => {
      if (event.type === 'file') facts.completed.add(event.file.index);
    };
    const result = await watchDownload(running, { reporter, talk, records, use, seed, note });
    if (seed === undefined) {
      await completed(result);
      return undefined;
    }
    talk.say(seedEndText(result));
    return seedEndText(result);
  } finally {
    reporter.stop();
    watched?.close();
  }
}

/**
 * The absolute paths of the complete files, a line each, with the sum that was asked for, in the torrent's order. Whether they can be printed does not change that the download is complete:
 * a reader that went away costs nothing, and any other trouble is told.
 */
async function printPaths(result: DownloadResult, sum: ChecksumAlgorithm | undefined, env: Environment, talk: Talk): Promise<void> {
  try {
    const files = result.files.toSorted((a, b) => a.file.index - b.file.index);
    await env.stdout.write(files.map((file) => pathLine(file, sum)).join(''));
  } catch (error) {
    if (!(error instanceof OutputError)) throw error;
    if (error.exitCode !== brokenPipeExitCode) talk.warn(error.message);
  }
}
