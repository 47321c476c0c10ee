// Small files that a user names by URL: what it means that a server does not give one.

import { InputError, NetworkError, ProtocolError } from '../errors.ts';
import { printable } from '../support/printable.ts';
import { type FetchLimits, httpFetch } from './http-fetch.ts';
import type { Network } from './network.ts';

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
