// Small files that a user names by path or URL: how the two are told apart, what a list is called in messages, and how a file is fetched.

import { InputError, NetworkError, ProtocolError } from '../errors.ts';
import { printable } from '../support/printable.ts';
import { type FetchLimits, httpFetch } from './http-fetch.ts';
import type { Network } from './network.ts';

/** Whether `list` is fetched over HTTP. Throws InputError for a URL of another kind. */
export function isUrl(list: string): boolean {
  if (/^(?!https?:)[a-z][a-z0-9+.-]*:\/\//i.test(list)) {
    throw new InputError('bad-argument', `${nameOfList(list)}: only http and https URLs are fetched, and files are named by their paths`);
  }
  return /^https?:\/\//i.test(list);
}

/** A path, or a URL without what may be a secret in it. */
export function nameOfList(list: string): string {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(list) || !URL.canParse(list)) return printable(list, 200);
  const { protocol, host, pathname } = new URL(list);
  return printable(`${protocol}//${host}${pathname}`, 200);
}

/**
 * The body of `source`, an http or https URL that messages call `name`. Throws InputError `bad-argument` when it is no URL, `torrent-not-found`
 * when the server has none, `torrent-fetch-failed` when it cannot be had; the signal's reason.
 */
export async function fetchFile(
  source: string,
  name: string,
  network: Network,
  limits: FetchLimits,
  signal: AbortSignal,
): Promise<Uint8Array> {
  if (!URL.canParse(source)) throw new InputError('bad-argument', `${name}: not a URL`);
  const url = new URL(source);
  url.hash = '';
  try {
    const { status, body } = await httpFetch(url, true, network, limits, signal);
    if (status === 200) return body;
    const code = status === 404 || status === 410 ? 'torrent-not-found' : 'torrent-fetch-failed';
    throw new InputError(code, `fetching ${name}: the server answers with HTTP ${status}`);
  } catch (error) {
    if (!(error instanceof NetworkError || error instanceof ProtocolError)) throw error;
    throw new InputError('torrent-fetch-failed', `fetching ${name}: ${printable(error.message)}`, { cause: error });
  }
}
