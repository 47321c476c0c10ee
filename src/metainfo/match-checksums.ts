// Which file of a torrent a listed checksum is meant for. Pure.

import { InputError } from '../errors.ts';
import { printable } from '../support/printable.ts';
import type { Checksum } from './checksum.ts';
import type { ListedChecksum } from './checksum-list.ts';
import type { Metainfo, TorrentFile } from './metainfo.ts';

/** Checksums by index in `Metainfo.files`; at most one of an algorithm for each file. */
export type ChecksumsByFile = Map<number, Checksum[]>;

/**
 * Adds the checksums of `listed` that name a file of `selection` to `sums`. A name is the path below the torrent's name, or the path with it,
 * or a base name when only one file of the torrent and only one name of the list has it. Returns how many files the list names. Throws
 * InputError `bad-argument` when two checksums of one file contradict each other.
 */
export function matchChecksums(
  metainfo: Pick<Metainfo, 'files' | 'isMultiFile'>,
  selection: ReadonlySet<number>,
  listed: readonly ListedChecksum[],
  sums: ChecksumsByFile,
): number {
  const names = new Names(metainfo);
  const basesListed = new Map<string, string>();
  const ambiguous = new Set<string>();
  for (const { name } of listed) {
    const path = plainPath(name);
    const other = basesListed.get(baseOf(path));
    if (other !== undefined && other !== path) ambiguous.add(baseOf(path));
    basesListed.set(baseOf(path), path);
  }
  const named = new Set<number>();
  for (const { name, checksum } of listed) {
    const path = plainPath(name);
    const file = names.byPath(path) ?? (ambiguous.has(baseOf(path)) ? undefined : names.byBase(baseOf(path)));
    if (file === undefined || !selection.has(file.index)) continue;
    named.add(file.index);
    addChecksum(sums, file, checksum);
  }
  return named.size;
}

/** Adds one checksum of `file`. Throws InputError `bad-argument` when it contradicts one that is there. */
export function addChecksum(sums: ChecksumsByFile, file: TorrentFile, checksum: Checksum): void {
  const known = sums.get(file.index) ?? [];
  const same = known.find(({ algorithm }) => algorithm === checksum.algorithm);
  if (same === undefined) sums.set(file.index, [...known, checksum]);
  else if (same.hex !== checksum.hex) {
    throw new InputError(
      'bad-argument',
      `two ${checksum.algorithm} checksums of ${printable(file.path.join('/'), 200)} contradict each other: ${same.hex} and ${checksum.hex}`,
    );
  }
}

class Names {
  readonly #byPath = new Map<string, TorrentFile>();
  readonly #byFullPath = new Map<string, TorrentFile>();
  /** Undefined: several files have it. */
  readonly #byBase = new Map<string, TorrentFile | undefined>();

  constructor({ files, isMultiFile }: Pick<Metainfo, 'files' | 'isMultiFile'>) {
    for (const file of files) {
      if (file.pad) continue;
      this.#byFullPath.set(file.path.join('/'), file);
      this.#byPath.set(file.path.slice(isMultiFile ? 1 : 0).join('/'), file);
      const base = file.path.at(-1) as string;
      this.#byBase.set(base, this.#byBase.has(base) ? undefined : file);
    }
  }

  byPath(path: string): TorrentFile | undefined {
    return this.#byPath.get(path) ?? this.#byFullPath.get(path);
  }

  byBase(base: string): TorrentFile | undefined {
    return this.#byBase.get(base);
  }
}

/** `sha256sum ./*` and `find` put a dot in front. */
function plainPath(name: string): string {
  return name.replace(/^(?:\.\/+)+/, '');
}

function baseOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
