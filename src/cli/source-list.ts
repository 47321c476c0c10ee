// Lists of torrents for `get -i`: one source a line, `#` at its beginning makes it a comment, blank lines are skipped. Pure.

import { InputError } from '../index.ts';

/** The most sources that one run takes, and the longest that a path or URL may be, in characters. */
const limits = { sources: 10_000, sourceChars: 8192 };

/** The sources that `text` lists. Throws InputError `bad-argument` when there are too many, or one is no line of text. */
export function parseSourceList(text: string): string[] {
  // As every torrent begins; no path and no URL does.
  if (/^d\d+:/.test(text)) throw new InputError('bad-argument', 'the list is a torrent itself: expected one path or URL a line');
  const sources: string[] = [];
  for (const [index, line] of text
    .replace(/^\ufeff/, '')
    .split('\n')
    .entries()) {
    const source = line.trim();
    if (source === '' || source.startsWith('#')) continue;
    if (source.length > limits.sourceChars || source.includes('\0')) {
      throw new InputError('bad-argument', `line ${index + 1} of the list names no torrent: expected a path or a URL`);
    }
    sources.push(source);
    if (sources.length > limits.sources) throw new InputError('bad-argument', `more than ${limits.sources} torrents are listed`);
  }
  return sources;
}
