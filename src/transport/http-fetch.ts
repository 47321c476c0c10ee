// A GET that follows redirects hop by hop, each under the connect rule, in bounded time: for announces, and for small files of the web.

import { NetworkError, ProtocolError, TtorrentError } from '../errors.ts';
import { systemClock } from '../support/clock.ts';
import { withDeadline } from '../support/deadline.ts';
import { formatDuration } from '../support/format-duration.ts';
import { redactUrl } from '../support/printable.ts';
import type { Hop } from './connect-rule.ts';
import { httpGet, type HttpAnswer, type HttpLimits } from './http-get.ts';
import type { Network } from './network.ts';
import { networkCause } from './network-cause.ts';

/** The limits of the whole: what one GET may take, the time of all together, and how many redirects are followed. */
export type FetchLimits = HttpLimits & Readonly<Record<'totalTimeoutMs' | 'redirects', number>>;

const redirectStatuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * The first answer to `url` that is no redirect, whatever its status. `typed`: the user gave the URL, which may then name this machine.
 * Throws NetworkError and ProtocolError with words of ours alone, the signal's reason when aborted.
 */
export function httpFetch(url: URL, typed: boolean, network: Network, limits: FetchLimits, signal: AbortSignal): Promise<HttpAnswer> {
  const late = (): Error => new NetworkError(`no complete answer within ${formatDuration(limits.totalTimeoutMs)}`);
  return withDeadline(signal, systemClock, limits.totalTimeoutMs, late, async (deadline) => {
    const visited = new Set<string>();
    let hop: Hop = { url, typed, redirectedFrom: undefined };
    for (;;) {
      checkScheme(hop.url);
      visited.add(hop.url.href);
      const answer = await get(hop, network, limits, deadline);
      const location = answer.headers.get('location');
      if (!redirectStatuses.has(answer.status) || location === undefined) return answer;

      const next = redirectTarget(hop.url, location);
      if (visited.has(next.href)) throw new ProtocolError('it redirects in a circle');
      if (visited.size > limits.redirects) throw new ProtocolError(`it redirects more than ${limits.redirects} times`);
      hop = { url: next, typed, redirectedFrom: answer.reach };
    }
  });
}

async function get(hop: Hop, network: Network, limits: HttpLimits, signal: AbortSignal): Promise<HttpAnswer> {
  try {
    return await httpGet(hop, network, limits, signal);
  } catch (error) {
    signal.throwIfAborted();
    const cause = error instanceof TtorrentError ? error : networkCause(error);
    if (hop.redirectedFrom === undefined) throw cause;
    throw new NetworkError(`redirected to ${redactUrl(hop.url.href)}: ${cause.message}`, { cause });
  }
}

function checkScheme(url: URL): void {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new ProtocolError(`expected an http or https URL, got "${url.protocol.slice(0, 20)}"`);
  }
}

/** Where `location` points. Throws ProtocolError when that is nowhere, or would take the request out of TLS. */
function redirectTarget(from: URL, location: string): URL {
  if (!URL.canParse(location, from.href)) throw new ProtocolError('it redirects to something that is not a URL');
  const target = new URL(location, from.href);
  target.hash = '';
  checkScheme(target);
  if (from.protocol === 'https:' && target.protocol === 'http:') throw new ProtocolError('it redirects from https to http');
  return target;
}
