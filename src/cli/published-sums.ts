// `--checksum`, `--sums` and `--print-sums`: what the files must hash to, and what they do.

import { type ChecksumAlgorithm, type DownloadOptions, type FinalFile, type KeptLists, type Metainfo, publishedSums } from '../index.ts';
import type { GetCommand } from './command-line.ts';
import { deadlineLeft } from './deadline-left.ts';
import type { Environment } from './env.ts';
import type { Talk } from './talk.ts';

/** What several torrents have in common of their checksums. */
export interface SharedSums {
  readonly kept: KeptLists;
  /** Told, for each torrent, which of them name none of its files. */
  unused(sums: readonly string[]): void;
}

/**
 * The checksums that the download is to insist on, and what is then left of its deadline. Throws as `publishedSums` does, but tells
 * `shared`, when there are other torrents, of what names none of the files.
 */
export async function checksumsFor(
  metainfo: Metainfo,
  selection: ReadonlySet<number> | undefined,
  { published, download: { deadlineMs, network } }: GetCommand,
  talk: Talk,
  env: Environment,
  shared?: SharedSums,
): Promise<Pick<DownloadOptions, 'checksums' | 'deadlineMs'>> {
  if (published.checksums.length === 0 && published.lists.length === 0) {
    shared?.unused([]);
    return {};
  }
  const begunMs = env.nowMs();
  const { checksums, warnings, unused } = await publishedSums(metainfo, {
    ...published,
    isShared: shared !== undefined,
    ...(shared !== undefined && { kept: shared.kept }),
    signal: env.interrupted,
    ...(network !== undefined && { network }),
    ...(deadlineMs !== undefined && { deadlineMs }),
    ...(selection !== undefined && { selection }),
  });
  shared?.unused(unused);
  for (const warning of warnings) talk.warn(warning);
  return { checksums, ...deadlineLeft(deadlineMs, begunMs, env) };
}

/** The path of a complete file as a line of stdout; behind its sum, as `sha256sum` writes it, when `printed` says of which algorithm. */
export function pathLine({ path, sums }: FinalFile, printed: ChecksumAlgorithm | undefined): string {
  if (printed === undefined) return `${path}\n`;
  const hex = sums?.find(({ algorithm }) => algorithm === printed)?.hex ?? '';
  const escaped = path.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r');
  return `${escaped === path ? '' : '\\'}${hex}  ${escaped}\n`;
}
