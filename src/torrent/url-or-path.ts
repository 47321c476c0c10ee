// Files that a user names by path or by URL: how the two are told apart, and what they are called in messages.

import { InputError } from '../errors.ts';
import { printable, redactUrl } from '../support/printable.ts';

/** Any protocol. */
const url = /^[a-z][a-z0-9+.-]*:\/\//i;

/** Whether `source` is fetched over HTTP. Throws InputError for a URL of another kind, which is called `name`. */
export function isUrl(source: string, name: string): boolean {
  if (/^https?:\/\//i.test(source)) return true;
  if (/^magnet:/i.test(source)) throw new InputError('bad-argument', 'magnet links are not supported yet');
  if (!url.test(source)) return false;
  throw new InputError('bad-argument', `${name}: only http and https URLs are fetched, and files are named by their paths`);
}

/** A torrent as a person may see it: a path, a URL without what may be a secret, of a magnet link (BEP 9) the infohashes alone. */
export function sourceName(source: string): string {
  if (/^magnet:/i.test(source)) {
    const infohashes = source.split(/[?&]/).filter((part) => /^xt=/i.test(part));
    return printable(`magnet:?${infohashes.join('&')}`, 256);
  }
  return url.test(source) ? redactUrl(source) : source;
}

/** The same of a list, whose usual names, such as `SHA256SUMS`, look like secrets and are none. */
export function nameOfList(list: string): string {
  if (!url.test(list)) return printable(list, 200);
  const [, rest = list, file = ''] = /^(.*\/)((?:md5|sha\d{1,3})sums)(?:[?#].*)?$/is.exec(list) ?? [];
  return redactUrl(rest) + file;
}
