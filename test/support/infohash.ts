// The infohash of a .torrent file that some other program made, found without the parser under test.

import { createHash } from 'node:crypto';

/** 40 lower-case hex digits: SHA-1 over the raw value of `info` in a well-formed torrent. */
export function infohashOf(torrent: Buffer): string {
  let at = 1; // after the `d` of the dictionary
  while (torrent[at] !== 0x65) {
    const keyEnd = endOfValue(torrent, at);
    const valueEnd = endOfValue(torrent, keyEnd);
    if (torrent.toString('latin1', at, keyEnd) === '4:info')
      return createHash('sha1').update(torrent.subarray(keyEnd, valueEnd)).digest('hex');
    at = valueEnd;
  }
  throw new Error('a torrent without `info`');
}

/** Where the bencoded value that begins at `start` ends. */
function endOfValue(bytes: Buffer, start: number): number {
  const first = String.fromCharCode(bytes[start] ?? 0);
  if (first === 'i') return bytes.indexOf('e', start) + 1;
  if (first === 'l' || first === 'd') {
    let at = start + 1;
    while (bytes[at] !== 0x65) at = endOfValue(bytes, at);
    return at + 1;
  }
  const colon = bytes.indexOf(':', start);
  return colon + 1 + Number(bytes.toString('latin1', start, colon));
}
