// `ttorrent seed`: gives the files of a torrent to whoever wants them, until that is enough. Nothing is written where they are.

import { type Download, seed as seedFiles, selectFiles } from '../../index.ts';
import type { SeedCommand } from '../seed-command.ts';
import { completionText } from '../download-account.ts';
import type { Environment } from '../env.ts';
import { loadTorrent } from '../load-torrent.ts';
import { withNetwork } from '../network.ts';
import { ReaderLimit } from '../reader-limit.ts';
import { openRecords, type Records } from '../records.ts';
import { openReporter } from '../reporters/open-reporter.ts';
import { goalText, seedEndText } from '../seed-account.ts';
import { watchGoal } from '../seeding.ts';
import { Talk } from '../talk.ts';
import { watchDownload } from '../watch-download.ts';

/** Resolves when a condition is met. Throws what ended it otherwise. */
export async function seed(command: SeedCommand, env: Environment): Promise<void> {
  const records = await openRecords(command, env, new ReaderLimit(undefined, env));
  return records.keep(() => serve(command, env, records));
}

async function serve(command: SeedCommand, env: Environment, records: Records): Promise<string | undefined> {
  const reporter = await openReporter(command.progress, command.quiet, env);
  const talk = new Talk(command, env, reporter);
  const watched = watchGoal(command.seed);
  try {
    const metainfo = await loadTorrent(command.torrentPath, talk, env, command.download);
    await records.torrentLoaded(metainfo);
    const selection = command.select.length > 0 ? selectFiles(metainfo, command.select) : undefined;
    await records.torrentRead(metainfo, selection);
    const running: Download = seedFiles(metainfo, {
      ...(await withNetwork(command.download, command.blocklists, talk, env)),
      seed: {
        ...watched.goal,
        before: async () => talk.say(`${completionText(await running.completed)}; seeding ${goalText(command.seed)}`),
      },
      signal: env.interrupted,
      ...(env.stateDir !== undefined && { stateDir: env.stateDir }),
      ...(selection !== undefined && { selection }),
    });
    records.follow(running);
    const result = await watchDownload(running, { reporter, talk, records, use: 'seeded', seed: command.seed });
    talk.say(seedEndText(result));
    return seedEndText(result);
  } finally {
    reporter.stop();
    watched.close();
  }
}
