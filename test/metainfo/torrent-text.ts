// Builds torrents for tests from plain values, valid unless a test says otherwise. Uses the tests' own bencode encoder.

import { type Bencodable, bencode } from '../support/make-torrent.ts';

type Fields = Readonly<Record<string, Bencodable | undefined>>;

/** A single-file torrent of 20 bytes in one piece; `info` and `root` are fields to add, to change, or (undefined) to leave out. */
export function singleFile(info: Fields = {}, root: Fields = {}): Buffer {
  return torrent({ length: 20, name: 'file.bin', 'piece length': 16_384, pieces: Buffer.alloc(20, 1), ...info }, root);
}

/** A multi-file torrent with pieces of 16 KiB to match the lengths of `files`. */
export function multiFile(files: readonly Fields[], info: Fields = {}, root: Fields = {}): Buffer {
  const total = files.reduce((sum, file) => sum + (typeof file['length'] === 'number' ? file['length'] : 0), 0);
  const pieces = info['pieces'] ?? Buffer.alloc(20 * Math.ceil(total / 16_384), 1);
  return torrent({ files: files.map(present), name: 'dir', 'piece length': 16_384, ...info, pieces }, root);
}

function torrent(info: Fields, root: Fields): Buffer {
  return bencode(present({ info: present(info), ...root }));
}

/** The multi-file torrent of one-byte files with these paths. */
export function filesAt(...paths: readonly (readonly (string | Uint8Array)[])[]): Buffer {
  return multiFile(paths.map((path) => ({ length: 1, path })));
}

function present(fields: Fields): Readonly<Record<string, Bencodable>> {
  return Object.fromEntries(Object.entries(fields).filter((entry): entry is [string, Bencodable] => entry[1] !== undefined));
}
