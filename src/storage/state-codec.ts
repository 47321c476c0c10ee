// The state of a download as bytes: which pieces of which files were verified, and what those files looked like then. Pure.
//
//   <magic: "ttorrent"><version: u32><infohash: 20><record count: u32><boot: 16> record... <SHA-1 of all before: 20>
//   record: <file index: u32><kind: u8><size: u48><mtime in ns: u64><ctime in ns: u64><inode: u64> and, when its kind is 0, <bits>
//   boot: the run of the system that it holds in, zeros when what it tells of was made to last (durability.ts)
//   kind: 0 incomplete; 1 complete; 2 complete and about to be renamed, which will change its ctime
//
// Bits stand per file, not once for the torrent: a piece that covers several files may be on disk in one of them only, when another was not
// selected at the time. They are the bytes of the torrent's bitfield (BEP 3 order) that hold the file's pieces, other bits zero.

import { createHash } from 'node:crypto';
import type { Geometry } from '../metainfo/geometry.ts';
import type { Metainfo, TorrentFile } from '../metainfo/metainfo.ts';
import type { Bitfield } from '../support/bitfield.ts';
import { equalBytes } from '../support/bytes.ts';
import type { FileVersion } from './file-stat.ts';

/** What was known of one file. */
export interface FileRecord {
  readonly fileIndex: number;
  /** Bytes. */
  readonly size: number;
  readonly mtimeNs: bigint;
  /** Tells of an edit even when the mtime was put back after it. */
  readonly ctimeNs: bigint;
  readonly ino: bigint;
  /** Its verified pieces as laid out above; undefined when every byte of the file is verified. */
  readonly bits: Uint8Array | undefined;
  /** Complete, and saved just before it was renamed: under its final name its ctime is another. */
  readonly isToBeRenamed: boolean;
}

/** The record of `file`, which looked like `version` when it was flushed; `bits` as in a record. */
export function recordOf(file: TorrentFile, version: FileVersion, bits: Uint8Array | undefined, isToBeRenamed: boolean): FileRecord {
  const { size, mtimeNs, ctimeNs, ino } = version;
  return { fileIndex: file.index, size, mtimeNs, ctimeNs, ino: BigInt.asUintN(64, ino), bits, isToBeRenamed };
}

/** Records by file index. */
export type FileRecords = ReadonlyMap<number, FileRecord>;

/** A state that can be used, or why not. */
export type DecodedState =
  | { readonly kind: 'state'; readonly records: FileRecords; readonly boot: Uint8Array }
  | { readonly kind: 'unusable'; readonly reason: string };

/** Whether `record` says that the bytes which `file` has of piece `pieceIndex`, one of its pieces, are on disk and verified. */
export function vouchesFor(record: FileRecord, file: TorrentFile, geometry: Geometry, pieceIndex: number): boolean {
  if (record.bits === undefined) return true;
  const firstByte = geometry.piecesOf(file).begin >>> 3;
  return ((record.bits[(pieceIndex >>> 3) - firstByte] ?? 0) & (0x80 >>> (pieceIndex & 7))) !== 0;
}

/** The part of `verified` that holds the pieces of `file`, as a record's bits. */
export function bitsOf(verified: Bitfield, file: TorrentFile, geometry: Geometry): Uint8Array {
  const { begin, end } = geometry.piecesOf(file);
  const bits = verified.bytes.slice(begin >>> 3, bitsEnd(end));
  bits[0] = (bits[0] ?? 0) & (0xff >>> (begin & 7));
  const spareBits = bits.length > 0 ? (8 - (end & 7)) & 7 : 0;
  if (bits.length > 0) bits[bits.length - 1] = (bits[bits.length - 1] ?? 0) & (0xff << spareBits);
  return bits;
}

const magic = Buffer.from('ttorrent');
const formatVersion = 3;
const bootBytes = 16;
const headerBytes = 36 + bootBytes;
const recordBytes = 35;
const checksumBytes = 20;
/** Room for some hundred records at a time. */
const chunkBytes = 16_384;

/** Records as bytes. Those that do not change are encoded once: a state of 100 000 files is written each second. */
export class EncodedRecords {
  count = 0;
  readonly #full: Uint8Array[] = [];
  #chunk = new Uint8Array(0);
  #used = 0;

  constructor(records: Iterable<FileRecord> = []) {
    for (const record of records) this.add(record);
  }

  /** All bytes, in order. */
  get parts(): Uint8Array[] {
    return [...this.#full, this.#chunk.subarray(0, this.#used)];
  }

  add(record: FileRecord): void {
    const length = recordBytes + (record.bits?.length ?? 0);
    if (this.#used + length > this.#chunk.length) {
      this.#full.push(this.#chunk.subarray(0, this.#used));
      this.#chunk = new Uint8Array(Math.max(length, chunkBytes));
      this.#used = 0;
    }
    const fields = new DataView(this.#chunk.buffer, this.#used);
    fields.setUint32(0, record.fileIndex);
    fields.setUint8(4, kindOf(record));
    fields.setUint16(5, Math.floor(record.size / 2 ** 32));
    fields.setUint32(7, record.size % 2 ** 32);
    fields.setBigInt64(11, record.mtimeNs);
    fields.setBigInt64(19, record.ctimeNs);
    fields.setBigUint64(27, record.ino);
    if (record.bits !== undefined) this.#chunk.set(record.bits, this.#used + recordBytes);
    this.#used += length;
    this.count++;
  }
}

/** The state of the torrent `infohash` as bytes; `boot` of 16 bytes. */
export function encodeState(infohash: Uint8Array, boot: Uint8Array, ...records: readonly EncodedRecords[]): Uint8Array {
  const header = Buffer.alloc(headerBytes);
  magic.copy(header);
  header.writeUInt32BE(formatVersion, 8);
  header.set(infohash, 12);
  header.writeUInt32BE(
    records.reduce((sum, { count }) => sum + count, 0),
    32,
  );
  header.set(boot, 36);
  const body = [header, ...records.flatMap(({ parts }) => parts)];
  const sha1 = createHash('sha1');
  for (const part of body) sha1.update(part);
  return Buffer.concat([...body, sha1.digest()]);
}

/** The state in `bytes`, which may be anything. */
export function decodeState(bytes: Uint8Array, metainfo: Metainfo, geometry: Geometry): DecodedState {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.length < headerBytes + checksumBytes || !view.subarray(0, 8).equals(magic)) return unusable('it is damaged');
  const version = view.readUInt32BE(8);
  if (version > formatVersion) return unusable(`it was written by a newer ttorrent (format ${version}, expected ${formatVersion})`);
  if (version < formatVersion) return unusable(`it was written by an older ttorrent (format ${version}, expected ${formatVersion})`);
  const body = view.subarray(0, -checksumBytes);
  if (!equalBytes(createHash('sha1').update(body).digest(), view.subarray(-checksumBytes))) return unusable('it is damaged');
  if (!equalBytes(body.subarray(12, 32), metainfo.infohash)) return unusable('it belongs to another torrent');
  return decodeRecords(body, metainfo, geometry) ?? unusable('it does not fit the torrent');
}

/** The most bytes that the state of a torrent takes. */
export function longestState(metainfo: Metainfo): number {
  return headerBytes + checksumBytes + metainfo.files.length * (recordBytes + 2) + Math.ceil(metainfo.pieceCount / 8);
}

const recordKind = { incomplete: 0, complete: 1, toBeRenamed: 2 } as const;

function kindOf(record: FileRecord): number {
  if (record.bits !== undefined) return recordKind.incomplete;
  return record.isToBeRenamed ? recordKind.toBeRenamed : recordKind.complete;
}

function unusable(reason: string): DecodedState {
  return { kind: 'unusable', reason };
}

function decodeRecords(body: Buffer, metainfo: Metainfo, geometry: Geometry): DecodedState | undefined {
  const records = new Map<number, FileRecord>();
  // Buffer's own way to a bigint takes several times as long.
  const fields = new DataView(body.buffer, body.byteOffset, body.byteLength);
  let at = headerBytes;
  for (let left = body.readUInt32BE(32); left > 0; left--) {
    if (at + recordBytes > body.length) return undefined;
    const fileIndex = body.readUInt32BE(at);
    const file = metainfo.files[fileIndex];
    if (file === undefined || file.pad || records.has(fileIndex)) return undefined;
    const kind = body.readUInt8(at + 4);
    if (kind > recordKind.toBeRenamed) return undefined;
    const isComplete = kind !== recordKind.incomplete;
    const size = fields.getUint16(at + 5) * 2 ** 32 + fields.getUint32(at + 7);
    const mtimeNs = fields.getBigInt64(at + 11);
    const ctimeNs = fields.getBigInt64(at + 19);
    const ino = fields.getBigUint64(at + 27);
    at += recordBytes;
    const { begin, end } = geometry.piecesOf(file);
    const bitsLength = isComplete || end === begin ? 0 : bitsEnd(end) - (begin >>> 3);
    if (at + bitsLength > body.length) return undefined;
    const bits = isComplete ? undefined : Uint8Array.from(body.subarray(at, at + bitsLength));
    at += bitsLength;
    records.set(fileIndex, { fileIndex, size, mtimeNs, ctimeNs, ino, bits, isToBeRenamed: kind === recordKind.toBeRenamed });
  }
  return at === body.length ? { kind: 'state', records, boot: body.subarray(36, headerBytes) } : undefined;
}

/** The end of the bytes of a bitfield that hold the bits before `end`. */
function bitsEnd(end: number): number {
  return (end + 7) >>> 3;
}
