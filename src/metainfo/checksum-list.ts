// Lists of checksums as publishers write them: `sha256sum`'s and its BSD form (coreutils manual, "cksum output modes"), OpenSSL's, with
// whatever stands around them, such as the armour of a signature, which is not checked here. Pure.

import { type Checksum, checksumOf } from './checksum.ts';

/** One line of a list. */
export interface ListedChecksum {
  readonly checksum: Checksum;
  /** The file's name as the list has it, unescaped: it may be anything. */
  readonly name: string;
}

/** The checksums in `text`, in its order. Lines that are none are passed over. */
export function parseChecksumList(text: string): ListedChecksum[] {
  const listed: ListedChecksum[] = [];
  for (const line of text.replace(/^\uFEFF/, '').split('\n')) {
    const entry = parseLine(line.replace(/\r$/, ''));
    if (entry !== undefined) listed.push(entry);
  }
  return listed;
}

/** `<hex>  <name>`, with a `*` in place of the second blank for binary; BSD's `md5 -r` has one blank. */
const plain = /^(?<escape>\\?)(?<hex>[0-9a-fA-F]{32,128})(?: [ *]|[ \t])(?<name>.+)$/s;
/** `SHA256 (<name>) = <hex>`; OpenSSL leaves the blanks out. */
const tagged = /^(?<escape>\\?)(?<tag>[A-Za-z0-9-]{3,8}) ?\((?<name>.+)\) ?= (?<hex>[0-9a-fA-F]{32,128})$/s;

function parseLine(line: string): ListedChecksum | undefined {
  const groups = (plain.exec(line) ?? tagged.exec(line))?.groups;
  if (groups === undefined) return undefined;
  const checksum = checksumOf(groups['tag'], groups['hex'] ?? '');
  const name = groups['escape'] === '' ? groups['name'] : unescape(groups['name'] ?? '');
  return checksum === undefined || name === undefined ? undefined : { checksum, name };
}

/** A name of a line that begins with a backslash: `\\`, `\n` and `\r` are one character each. Undefined when anything else is escaped. */
function unescape(name: string): string | undefined {
  if (!/^(?:[^\\]|\\[\\nr])*$/s.test(name)) return undefined;
  return name.replace(/\\(.)/g, (_, character: string) => ({ n: '\n', r: '\r' })[character] ?? character);
}
