// A hybrid torrent says everything twice, for v1 and for v2 (BEP 52, "upgrade path"). We read the v1 side; here it is held against the v2
// side, since a torrent whose sides differ would give different people different files. `piece layers` is not read: nothing of v2 is
// used for verification.

import type { DictReader } from '../bencode/dict-reader.ts';
import { InputError } from '../errors.ts';
import { toLatin1 } from '../support/bytes.ts';
import { printable } from '../support/printable.ts';
import type { FileEntry } from './file-list.ts';

const smallestPieceLength = 16_384;
const sha256Length = 32;

/** A file of either side, for comparison. */
interface SideFile {
  /** Latin-1 of the raw elements, joined by `/`. */
  readonly path: string;
  readonly length: number;
}

/** Throws InputError or BencodeError when `info`, which has both sides, is not consistent. `entries` are those of its v1 side. */
export function checkHybrid(info: DictReader, entries: readonly FileEntry[], pieceLength: number): void {
  if (pieceLength < smallestPieceLength || !Number.isInteger(Math.log2(pieceLength))) {
    throw refused(
      `"piece length" of info: expected a power of 2 of at least ${smallestPieceLength} in a hybrid torrent, found ${pieceLength}`,
    );
  }
  checkAlignment(entries, pieceLength);
  const v1Files = entries.filter((entry) => !entry.pad).map(({ rawPath, length }) => ({ path: rawPath, length }));
  const v2Files = [...filesOfTree(info.dictionary('file tree', '"file tree" of info'), [])];
  if (v1Files.length !== v2Files.length) {
    throw refused(`"file tree" of info: expected the ${v1Files.length} files of "files", found ${v2Files.length}`);
  }
  v1Files.forEach((v1, i) => {
    const v2 = v2Files[i] as SideFile;
    if (v1.path === v2.path && v1.length === v2.length) return;
    throw refused(`"file tree" of info: expected file ${i + 1} as in "files", ${describe(v1)}, found ${describe(v2)}`);
  });
}

/** v2 hashes files, not the torrent: each file must begin with a piece. */
function checkAlignment(entries: readonly FileEntry[], pieceLength: number): void {
  let torrentOffset = 0;
  entries.forEach(({ length, pad }, i) => {
    if (!pad && length > 0 && torrentOffset % pieceLength !== 0) {
      throw refused(`file ${i + 1}: expected to begin with a piece in a hybrid torrent, found byte ${torrentOffset}`);
    }
    torrentOffset += length;
  });
}

/** The files below `tree`, in its order. Recursion is as deep as the decoder allowed. */
function* filesOfTree(tree: DictReader, path: readonly string[]): Generator<SideFile> {
  for (const element of tree.dict.keys()) {
    const where = `"${printable([...path, element].join('/'), 200)}" of "file tree"`;
    if (element !== '') yield* filesOfTree(tree.dictionary(element, where), [...path, element]);
    else yield readFile(tree.dictionary('', tree.where), tree.dict.size, path);
  }
}

function readFile(file: DictReader, siblingCount: number, path: readonly string[]): SideFile {
  if (path.length === 0 || siblingCount !== 1) throw refused(`${file.where}: expected a file or a directory, found both`);
  const isLink = toLatin1(file.optionalBytes('attr') ?? new Uint8Array()).includes('l');
  const length = isLink ? (file.optionalInteger('length', { min: 0, max: 0 }) ?? 0) : file.integer('length', { min: 0 });
  if (length > 0) checkRoot(file);
  return { path: path.join('/'), length };
}

function checkRoot(file: DictReader): void {
  const root = file.bytes('pieces root');
  if (root.length !== sha256Length) throw refused(`"pieces root" of ${file.where}: expected ${sha256Length} bytes, found ${root.length}`);
  if (root.every((byte) => byte === 0)) throw refused(`"pieces root" of ${file.where}: expected a hash, found zeros`);
}

function describe({ path, length }: SideFile): string {
  return `"${printable(path, 80)}" of ${length} bytes`;
}

function refused(message: string): InputError {
  return new InputError('bad-torrent', message);
}
