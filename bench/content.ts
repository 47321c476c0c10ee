// The content of a torrent to benchmark with: bytes in one file, in the order of the torrent, from which seeders serve and against which
// every result is compared. Nothing here comes from src/.

import { createCipheriv, createHash } from 'node:crypto';
import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import path from 'node:path';
import { type Bencodable, bencode } from '../test/support/make-torrent.ts';

/** What to make. */
export interface ContentShape {
  readonly name: string;
  readonly pieceLength: number;
  /** A multi-file torrent; leave out for a single file of `length` bytes. */
  readonly files?: readonly { readonly name: string; readonly length: number; readonly isHole?: boolean }[];
  readonly length?: number;
}

/** What was made. */
export interface Content {
  readonly name: string;
  readonly pieceLength: number;
  readonly totalLength: number;
  /** The torrent's bytes, sparse where it has holes. */
  readonly dataFile: string;
  /** 40 hex digits. */
  readonly infohash: string;
  /** 20 bytes per piece. */
  readonly pieceHashes: Buffer;
  readonly info: Bencodable;
  readonly files: readonly ContentFile[];
}

export interface ContentFile {
  /** Below the output directory. */
  readonly path: string;
  /** Where it begins in the torrent. */
  readonly offset: number;
  readonly length: number;
  readonly isHole: boolean;
}

const chunkBytes = 4 * 1024 * 1024;

/** Makes content in `directory`: pseudo-random, the same every time, but for holes, which are zeros that take no space. */
export function makeContent(shape: ContentShape, directory: string): Content {
  const { name, pieceLength } = shape;
  const files = layOut(shape);
  const totalLength = files.reduce((sum, file) => sum + file.length, 0);
  const dataFile = path.join(directory, 'content');
  const fd = openSync(dataFile, 'w+');
  ftruncateSync(fd, totalLength);
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, 'ttorrent'), Buffer.alloc(16));
  const zeros = Buffer.alloc(chunkBytes);
  for (const { offset, length, isHole } of files) {
    if (isHole) continue;
    for (let at = 0; at < length; at += chunkBytes) {
      const bytes = cipher.update(zeros.subarray(0, Math.min(chunkBytes, length - at)));
      writeSync(fd, bytes, 0, bytes.length, offset + at);
    }
  }
  const pieceHashes = hashPieces(fd, totalLength, pieceLength, files);
  closeSync(fd);
  const info = {
    name,
    'piece length': pieceLength,
    pieces: pieceHashes,
    ...(shape.files === undefined
      ? { length: totalLength }
      : { files: shape.files.map((file) => ({ length: file.length, path: file.name.split('/') })) }),
  };
  const infohash = createHash('sha1').update(bencode(info)).digest('hex');
  return { name, pieceLength, totalLength, dataFile, infohash, pieceHashes, info, files };
}

/** The .torrent file. */
export function torrentOf(content: Content, announceUrl: string): Buffer {
  return bencode({ announce: announceUrl, info: content.info });
}

/** Compares `files` below `outputDir` with the content, byte for byte. Returns what differs, undefined when nothing does. */
export function differenceTo(content: Content, outputDir: string, files: readonly ContentFile[] = content.files): string | undefined {
  const expected = openSync(content.dataFile, 'r');
  const buffers = { expected: Buffer.allocUnsafe(chunkBytes), found: Buffer.allocUnsafe(chunkBytes) };
  try {
    for (const file of files) {
      const fault = fileDifference(expected, file, path.join(outputDir, file.path), buffers);
      if (fault !== undefined) return `${file.path} ${fault}`;
    }
    return undefined;
  } finally {
    closeSync(expected);
  }
}

function layOut({ name, length = 0, files }: ContentShape): ContentFile[] {
  if (files === undefined) return [{ path: name, offset: 0, length, isHole: false }];
  let offset = 0;
  return files.map((file) => {
    const laid = { path: path.join(name, file.name), offset, length: file.length, isHole: file.isHole === true };
    offset += file.length;
    return laid;
  });
}

/** A piece that lies in a hole is not read: there may be a TiB of them. */
function hashPieces(fd: number, totalLength: number, pieceLength: number, files: readonly ContentFile[]): Buffer {
  const holes = files.filter((file) => file.isHole);
  const buffer = Buffer.allocUnsafe(pieceLength);
  const ofZeros = createHash('sha1').update(Buffer.alloc(pieceLength)).digest();
  const hashes = Buffer.allocUnsafe(Math.ceil(totalLength / pieceLength) * 20);
  for (let offset = 0, at = 0; offset < totalLength; offset += pieceLength, at += 20) {
    const isHole = holes.some((hole) => hole.offset <= offset && offset + pieceLength <= hole.offset + hole.length);
    const digest = isHole
      ? ofZeros
      : createHash('sha1')
          .update(buffer.subarray(0, readSync(fd, buffer, 0, pieceLength, offset)))
          .digest();
    digest.copy(hashes, at);
  }
  return hashes;
}

function fileDifference(
  expected: number,
  file: ContentFile,
  found: string,
  buffers: { readonly expected: Buffer; readonly found: Buffer },
): string | undefined {
  let fd: number;
  try {
    fd = openSync(found, 'r');
  } catch {
    return 'is not there';
  }
  try {
    const { size } = fstatSync(fd);
    if (size !== file.length) return `has ${size} bytes, expected ${file.length}`;
    for (let at = 0; at < file.length; ) {
      const length = Math.min(chunkBytes, file.length - at);
      const got = readSync(fd, buffers.found, 0, length, at);
      const want = readSync(expected, buffers.expected, 0, got, file.offset + at);
      if (got === 0 || want !== got) return `ends at byte ${at}`;
      if (buffers.found.compare(buffers.expected, 0, got, 0, got) !== 0) return `differs within the ${got} bytes from ${at}`;
      at += got;
    }
    return undefined;
  } finally {
    closeSync(fd);
  }
}
