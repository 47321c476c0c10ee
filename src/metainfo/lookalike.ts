// What a file that is no torrent probably is: a browser often saves something else under the name of a torrent. Only for messages.

import { toLatin1 } from '../support/bytes.ts';

const lookalikes: readonly (readonly [pattern: RegExp | string, name: string])[] = [
  [/^(\xef\xbb\xbf)?\s*<(!doctype html|html|head|body|script)/i, 'an HTML page'],
  [/^(\xef\xbb\xbf)?\s*<\?xml/i, 'an XML file'],
  ['\x1f\x8b', 'a gzip archive'],
  ['PK\x03\x04', 'a zip archive'],
  ['PK\x05\x06', 'a zip archive'],
  [/^(\xef\xbb\xbf)?\s*#EXTM3U/i, 'an m3u playlist'],
  [/^\s*magnet:\?/i, 'a magnet link'],
  [/^\s*https?:\/\//i, 'a text file with a link'],
  [/^\s*[{[]/, 'a JSON file'],
  [/^%PDF-/, 'a PDF document'],
];

/** What `bytes` look like, as a noun phrase; undefined when nothing comes to mind. */
export function describeLookalike(bytes: Uint8Array): string | undefined {
  const head = toLatin1(bytes.subarray(0, 512));
  return lookalikes.find(([pattern]) => (typeof pattern === 'string' ? head.startsWith(pattern) : pattern.test(head)))?.[1];
}
