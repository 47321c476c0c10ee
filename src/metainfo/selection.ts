// Which files of a torrent a user wants, from what was typed: numbers as in the file list, or globs on paths.

import picomatch from 'picomatch';
import { InputError } from '../errors.ts';
import { printable } from '../support/printable.ts';
import type { Metainfo, TorrentFile } from './metainfo.ts';

/**
 * The files that any of `selectors` names, by index in `metainfo.files`; all files when there are no selectors. Pad files are never among
 * them and have no number. A selector is
 * - numbers and ranges, counted from 1: `3`, `1-4`, `7-`, `1,3,5-9`; or
 * - a glob (`*`, `**`, `?`, `[a-z]`, `{a,b}`) or an exact path, matched against the path with and without the torrent's name in front, and,
 *   when it has no slash, against the file's own name.
 * Throws InputError: `bad-argument` for a selector that makes no sense, `nothing-selected` for one that matches no file.
 */
export function selectFiles(metainfo: Pick<Metainfo, 'files' | 'isMultiFile'>, selectors: readonly string[]): ReadonlySet<number> {
  const files = metainfo.files.filter((file) => !file.pad);
  const chosen = selectors.length === 0 ? files : selectors.flatMap((selector) => selectBy(selector.trim(), files, metainfo.isMultiFile));
  return new Set(chosen.map((file) => file.index));
}

function selectBy(selector: string, files: readonly TorrentFile[], isMultiFile: boolean): TorrentFile[] {
  if (selector === '') throw new InputError('bad-argument', 'selecting files: expected numbers or a glob, found nothing');
  if (/^[\d,\s-]+$/.test(selector)) return selector.split(',').flatMap((item) => selectRange(item.trim(), selector, files));
  const matches = matcherOf(selector, 'selecting files');
  const matching = files.filter((file) => namesOf(file, isMultiFile, selector).some(matches));
  if (matching.length === 0) throw new InputError('nothing-selected', `selecting files: "${printable(selector, 200)}" matches no file`);
  return matching;
}

/** One of `3`, `1-4`, `7-`. The end of a range may lie beyond the last file, its beginning not. */
function selectRange(item: string, selector: string, files: readonly TorrentFile[]): readonly TorrentFile[] {
  const match = /^(\d+)(-(\d*))?$/.exec(item);
  const first = Number(match?.[1]);
  const last = match?.[2] === undefined ? first : match[3] === '' ? Infinity : Number(match[3]);
  if (match === null || first < 1 || last < first) {
    throw new InputError(
      'bad-argument',
      `selecting files: expected numbers from 1 and ranges like 1,3,5-9 or 7-, found "${printable(selector, 200)}"`,
    );
  }
  if (first > files.length)
    throw new InputError('nothing-selected', `selecting files: there is no file ${first}, the torrent has ${files.length}`);
  return files.slice(first - 1, last);
}

/**
 * Whether a path, with slashes, is what `glob` means: itself, or what the pattern matches. Throws InputError `bad-argument`, which says what
 * was being done, for what is no glob.
 */
export function matcherOf(glob: string, doing: string): (name: string) => boolean {
  try {
    // Paths have slashes on every system; a `!` in front is part of a name, since "all but" would depend on which name is matched.
    const matches = picomatch(glob, { dot: true, windows: false, nonegate: true });
    return (name) => name === glob || matches(name);
  } catch (cause) {
    throw new InputError('bad-argument', `${doing}: "${printable(glob, 200)}" is not a glob`, { cause });
  }
}

function namesOf(file: TorrentFile, isMultiFile: boolean, selector: string): string[] {
  const names = [file.path.join('/')];
  if (isMultiFile) names.push(file.path.slice(1).join('/'));
  if (!selector.includes('/')) names.push(file.path.at(-1) as string);
  return names;
}
