// Makes torrents of any shape for tests, with their content: pseudo-random bytes that can be read at any offset without being stored, so
// that a torrent of terabytes costs nothing. Has its own bencode encoder and hashing: nothing here comes from src/.

import { createCipheriv, createHash } from 'node:crypto';

/** A file of a torrent to make. */
export interface FileShape {
  /** Path elements below the torrent's name. */
  readonly path: readonly string[];
  readonly length: number;
  /** BEP 47 attributes, `p` for a pad file. */
  readonly attr?: string;
}

/** What torrent to make. */
export interface TorrentShape {
  readonly name: string;
  readonly pieceLength: number;
  /** A single-file torrent of so many bytes; leave out when `files` is given. */
  readonly length?: number;
  readonly files?: readonly FileShape[];
  /** Puts a BEP 47 pad file before every file that would begin within a piece. */
  readonly padFiles?: boolean;
  /** Content differs between seeds. Default: the name. */
  readonly seed?: string;
  /** When given, content is zeros outside of these ranges: for files that are sparse on disk. */
  readonly islands?: readonly Range[];
  /** `announce-list`; its first URL becomes `announce`. */
  readonly trackers?: readonly (readonly string[])[];
  /** Keys added to the info dictionary and to the torrent; they win over what is made here. */
  readonly info?: Readonly<Record<string, Bencodable>>;
  readonly root?: Readonly<Record<string, Bencodable>>;
}

interface Range {
  readonly offset: number;
  readonly length: number;
}

/** A file of a torrent that was made. */
export interface MadeFile {
  /** Path elements below the output directory; the first is the torrent's name in a multi-file torrent. */
  readonly path: readonly string[];
  readonly length: number;
  /** Where it begins in the torrent's bytes. */
  readonly offset: number;
  readonly pad: boolean;
}

/** A torrent with access to its content. */
export interface MadeTorrent {
  readonly name: string;
  /** The .torrent file. */
  readonly bytes: Buffer;
  /** 20 bytes. */
  readonly infohash: Buffer;
  readonly pieceLength: number;
  readonly pieceCount: number;
  readonly totalLength: number;
  readonly files: readonly MadeFile[];
  /** The `length` bytes of content from `offset` on, pad files read as zeros. A new buffer at each call. */
  read(offset: number, length: number): Buffer;
}

/** Makes the torrent that `shape` describes. Hashing costs about 1 s per GiB, nothing for pieces that hold only zeros. */
export function makeTorrent(shape: TorrentShape): MadeTorrent {
  const files = layOut(shape);
  const totalLength = files.reduce((sum, file) => sum + file.length, 0);
  const read = contentReader(shape, files);
  const pieceCount = Math.ceil(totalLength / shape.pieceLength);
  const hashes: Buffer[] = [];
  for (let offset = 0; offset < totalLength; offset += shape.pieceLength) {
    hashes.push(hashPiece(shape, offset, Math.min(shape.pieceLength, totalLength - offset), read));
  }
  const info = {
    ...(shape.files === undefined ? { length: totalLength } : { files: files.map(fileEntry) }),
    name: shape.name,
    'piece length': shape.pieceLength,
    pieces: Buffer.concat(hashes),
    ...shape.info,
  };
  const trackers = shape.trackers ?? [];
  const announce = trackers[0]?.[0];
  const bytes = bencode({
    ...(announce === undefined ? {} : { announce, 'announce-list': trackers }),
    info,
    ...shape.root,
  });
  const infohash = createHash('sha1').update(bencode(info)).digest();
  return { name: shape.name, bytes, infohash, pieceLength: shape.pieceLength, pieceCount, totalLength, files, read };
}

/** What can be bencoded; strings are written as UTF-8. */
export type Bencodable = number | bigint | string | Uint8Array | readonly Bencodable[] | { readonly [key: string]: Bencodable };

/** The canonical bencoding of `value` (BEP 3): keys of dictionaries are sorted by their bytes. */
export function bencode(value: Bencodable): Buffer {
  if (typeof value === 'number' || typeof value === 'bigint') return Buffer.from(`i${value}e`);
  if (typeof value === 'string') return bencode(Buffer.from(value));
  if (value instanceof Uint8Array) return Buffer.concat([Buffer.from(`${value.length}:`), value]);
  if (Array.isArray(value)) return Buffer.concat([Buffer.from('l'), ...value.map(bencode), Buffer.from('e')]);
  const entries = Object.entries(value).map(([key, item]) => ({ key: Buffer.from(key), item }));
  entries.sort((a, b) => Buffer.compare(a.key, b.key));
  return Buffer.concat([Buffer.from('d'), ...entries.flatMap(({ key, item }) => [bencode(key), bencode(item)]), Buffer.from('e')]);
}

function layOut(shape: TorrentShape): MadeFile[] {
  if (shape.files === undefined) return [{ path: [shape.name], length: shape.length ?? 0, offset: 0, pad: false }];
  const files: MadeFile[] = [];
  let offset = 0;
  const add = (path: readonly string[], length: number, pad: boolean): void => {
    files.push({ path: [shape.name, ...path], length, offset, pad });
    offset += length;
  };
  for (const { path, length, attr = '' } of shape.files) {
    const overhang = offset % shape.pieceLength;
    if (shape.padFiles === true && overhang > 0 && length > 0) {
      const padLength = shape.pieceLength - overhang;
      add(['.pad', String(padLength)], padLength, true);
    }
    add(path, length, attr.includes('p'));
  }
  return files;
}

function fileEntry(file: MadeFile): Bencodable {
  return { ...(file.pad ? { attr: 'p' } : {}), length: file.length, path: file.path.slice(1) };
}

/** Content is the key stream of AES in counter mode: random access, and some GB per second. */
function contentReader(shape: TorrentShape, files: readonly MadeFile[]): (offset: number, length: number) => Buffer {
  const key = createHash('sha256')
    .update(shape.seed ?? shape.name)
    .digest()
    .subarray(0, 16);
  const keyStream = (offset: number, length: number): Buffer => {
    const counter = Buffer.alloc(16);
    counter.writeBigUInt64BE(BigInt(Math.floor(offset / 16)), 8);
    const skipped = offset % 16;
    return createCipheriv('aes-128-ctr', key, counter)
      .update(Buffer.alloc(skipped + length))
      .subarray(skipped);
  };
  const pads = files.filter((file) => file.pad);
  return (offset, length) => {
    const bytes = shape.islands === undefined ? keyStream(offset, length) : Buffer.alloc(length);
    for (const island of shape.islands ?? []) {
      const part = overlap(island, { offset, length });
      if (part !== undefined) keyStream(part.offset, part.length).copy(bytes, part.offset - offset);
    }
    for (const pad of pads) {
      const part = overlap(pad, { offset, length });
      if (part !== undefined) bytes.fill(0, part.offset - offset, part.offset - offset + part.length);
    }
    return bytes;
  };
}

const zeroHashes = new Map<number, Buffer>();

function hashPiece(shape: TorrentShape, offset: number, length: number, read: (offset: number, length: number) => Buffer): Buffer {
  const isZeros = shape.islands?.every((island) => overlap(island, { offset, length }) === undefined) ?? false;
  if (!isZeros) return createHash('sha1').update(read(offset, length)).digest();
  const known = zeroHashes.get(length) ?? createHash('sha1').update(Buffer.alloc(length)).digest();
  zeroHashes.set(length, known);
  return known;
}

function overlap(a: Range, b: Range): Range | undefined {
  const offset = Math.max(a.offset, b.offset);
  const length = Math.min(a.offset + a.length, b.offset + b.length) - offset;
  return length > 0 ? { offset, length } : undefined;
}
