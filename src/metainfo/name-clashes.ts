// Gives each file of a torrent a path of its own, on any file system: names that are equal, or would be where case or Unicode forms do not
// count, or that stand in the way of a directory or of the `.part` file of another, get a number: `x.txt`, `x.1.txt`.

import { metainfoLimits } from '../config.ts';
import { InputError } from '../errors.ts';
import { nameKey, numberName } from './path-rules.ts';

/** What is added to a file's name while it is downloaded. */
export const partSuffix = '.part';

/**
 * `paths` with those renamed that clash with an earlier one or with a directory; the result depends on the torrent alone. Throws InputError
 * when there are more clashes than anything but malice would make.
 */
export function resolveClashes(paths: readonly (readonly string[])[]): readonly (readonly string[])[] {
  const names = new TakenNames();
  // Directories first, all of them: a file gives way to a directory, wherever in the torrent that comes.
  const directories = paths.map((path) => names.enterDirectoryOf(path));
  return paths.map((path, i) => {
    const wanted = path.at(-1) as string;
    const name = names.takeName(directories[i] as number, wanted);
    return name === wanted ? path : [...path.slice(0, -1), name];
  });
}

/** The names in use; a directory is known by a number, so that a deep path is not spelled out again and again. */
class TakenNames {
  /** The number of each directory, by its key. The output directory is 0. */
  readonly #directories = new Map<string, number>();
  readonly #files = new Set<string>();
  /** The keys that would be in use if `.part` were added: spares building that key for each of many names. */
  readonly #namesOfParts = new Set<string>();
  /** The next number to try for a name, by key: so that a thousand equal names are not a million tries. */
  readonly #nextNumbers = new Map<string, number>();
  #clashes = 0;

  /** All elements of `path` but the last are directories. */
  enterDirectoryOf(path: readonly string[]): number {
    let directory = 0;
    for (let level = 0; level < path.length - 1; level++) {
      const key = keyOf(directory, path[level] as string);
      const known = this.#directories.get(key);
      directory = known ?? this.#directories.size + 1;
      if (known !== undefined) continue;
      this.#directories.set(key, directory);
      this.#notePart(key);
    }
    return directory;
  }

  /** `wanted`, or with a number in it when that is taken. */
  takeName(directory: number, wanted: string): string {
    const wantedKey = keyOf(directory, wanted);
    let name = wanted;
    let key = wantedKey;
    while (this.#isTaken(key)) {
      if (++this.#clashes > metainfoLimits.duplicateNames) {
        throw new InputError(
          'bad-torrent',
          `"files" of info: expected at most ${metainfoLimits.duplicateNames} clashing names, found more`,
        );
      }
      const number = this.#nextNumbers.get(wantedKey) ?? 1;
      this.#nextNumbers.set(wantedKey, number + 1);
      name = numberName(wanted, number);
      key = keyOf(directory, name);
    }
    this.#files.add(key);
    this.#notePart(key);
    return name;
  }

  #isTaken(key: string): boolean {
    if (this.#files.has(key) || this.#directories.has(key) || this.#namesOfParts.has(key)) return true;
    return key.endsWith(partSuffix) && this.#files.has(key.slice(0, -partSuffix.length));
  }

  #notePart(key: string): void {
    if (key.endsWith(partSuffix)) this.#namesOfParts.add(key.slice(0, -partSuffix.length));
  }
}

function keyOf(directory: number, name: string): string {
  return `${directory}/${nameKey(name)}`;
}
