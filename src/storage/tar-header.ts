// The blocks of a tar archive around a file's bytes: POSIX.1-2001 "pax Interchange Format", a ustar header with an extended header before it
// where a name or a size does not fit (or a name is not ASCII). The same file gives the same bytes always: no owner, no time but the given. Pure.
//
//   ustar: name[100] mode[8] uid[8] gid[8] size[12] mtime[12] chksum[8] typeflag[1] linkname[100] "ustar\0" "00"
//          uname[32] gname[32] devmajor[8] devminor[8] prefix[155] zeros[12]           numbers: octal digits and a NUL

/** One file of an archive. */
export interface TarEntry {
  /** Path elements. */
  readonly path: readonly string[];
  /** Bytes. */
  readonly size: number;
  /** Seconds since 1970. */
  readonly mtime: number;
  readonly executable: boolean;
}

const blockBytes = 512;
/** The most that eleven octal digits say. */
const octalMax = 8 ** 11 - 1;
const nameBytes = 100;
const prefixBytes = 155;

/** What stands before the bytes of the file: 512 bytes, or more of them when an extended header is needed. */
export function tarHeader(entry: TarEntry): Uint8Array {
  const path = entry.path.join('/');
  const split = splitPath(path);
  const records: string[] = [];
  if (split === undefined) records.push(paxRecord('path', path));
  if (entry.size > octalMax) records.push(paxRecord('size', String(entry.size)));
  const file = { ...(split ?? standIn(path)), type: '0', size: Math.min(entry.size, octalMax), mtime: mtimeOf(entry), mode: modeOf(entry) };
  if (records.length === 0) return ustar(file);
  const body = Buffer.from(records.join(''), 'utf8');
  const extended = ustar({ ...standIn(`PaxHeaders/${path}`), type: 'x', size: body.length, mtime: file.mtime, mode: 0o644 });
  return Buffer.concat([extended, body, tarPadding(body.length), ustar(file)]);
}

/** Zeros that fill the last block of `size` bytes. */
export function tarPadding(size: number): Uint8Array {
  return Buffer.alloc((blockBytes - (size % blockBytes)) % blockBytes);
}

/** The end of the archive. */
export function tarEnd(): Uint8Array {
  return Buffer.alloc(2 * blockBytes);
}

interface UstarFields {
  readonly prefix: string;
  readonly name: string;
  readonly type: string;
  readonly size: number;
  readonly mtime: number;
  readonly mode: number;
}

function ustar({ prefix, name, type, size, mtime, mode }: UstarFields): Buffer {
  const header = Buffer.alloc(blockBytes);
  const octal = (value: number, at: number, length: number): void => {
    header.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, 'latin1');
  };
  header.write(name, 0, nameBytes, 'latin1');
  octal(mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(mtime, 136, 12);
  header.write(`        ${type}`, 148, 'latin1'); // the sum is made with spaces in its own place
  header.write('ustar\x0000', 257, 'latin1');
  octal(0, 329, 8);
  octal(0, 337, 8);
  header.write(prefix, 345, prefixBytes, 'latin1');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
}

/** The path as ustar has it, split at a slash when it is long; undefined when it does not fit or is not ASCII. */
function splitPath(path: string): { prefix: string; name: string } | undefined {
  if (!/^[\x20-\x7e]*$/.test(path)) return undefined;
  if (path.length <= nameBytes) return { prefix: '', name: path };
  const slash = path.indexOf('/', path.length - nameBytes - 1);
  if (slash < 1 || slash > prefixBytes) return undefined;
  return { prefix: path.slice(0, slash), name: path.slice(slash + 1) };
}

/** What programs that know no extended headers shall see. */
function standIn(path: string): { prefix: string; name: string } {
  return { prefix: '', name: path.replace(/[^\x20-\x7e]+/g, '_').slice(0, nameBytes) };
}

/** `LENGTH KEY=VALUE\n`, where LENGTH counts all of it in bytes, its own digits too. */
function paxRecord(key: string, value: string): string {
  const rest = Buffer.byteLength(` ${key}=${value}\n`, 'utf8');
  let length = rest + String(rest).length;
  length = rest + String(length).length;
  return `${length} ${key}=${value}\n`;
}

/** A date that the header has no room for is none. */
function mtimeOf({ mtime }: TarEntry): number {
  return Number.isInteger(mtime) && mtime >= 0 && mtime <= octalMax ? mtime : 0;
}

function modeOf({ executable }: TarEntry): number {
  return executable ? 0o755 : 0o644;
}
