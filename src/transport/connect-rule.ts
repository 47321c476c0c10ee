// Which addresses a request over HTTP may be sent to, so that a torrent or a public tracker cannot make us talk to services of this
// machine or of its network (server-side request forgery). Judged by the address connected to, never by a name. Pure.

import { addressLiteral, reachOf, type Reach } from '../support/endpoint.ts';

/** One request: the first, or where a redirect points. */
export interface Hop {
  readonly url: URL;
  /** Whether the user gave the URL that this chain of requests began with. */
  readonly typed: boolean;
  /** How far the address reached that sent the redirect; undefined for the first request. */
  readonly redirectedFrom: Reach | undefined;
  /** It asks for content, not for an announce: no path makes up for an address of this machine, nor a query for one of its network. */
  readonly isForContent?: boolean;
}

/** Whether `hop` may connect to `address`, an IP literal in any spelling. */
export function mayConnect(hop: Hop, address: string): boolean {
  const reach = reachOfAddress(address);
  const { redirectedFrom } = hop;
  switch (reach) {
    case 'global':
      return true;
    case 'private':
      if (hop.isForContent === true && !hop.typed && hop.url.search !== '') return false;
      return redirectedFrom !== 'global';
    case 'loopback':
    case 'link-local':
      if (redirectedFrom !== undefined && redirectedFrom !== reach) return false;
      return hop.typed || (hop.isForContent !== true && isWrittenAsAddress(hop.url) && asksToAnnounce(hop.url));
    case 'unusable':
      return false;
  }
}

/** How far an IP literal in any spelling reaches; what is none reaches nowhere. */
export function reachOfAddress(text: string): Reach {
  const address = addressLiteral(text);
  return address === undefined ? 'unusable' : reachOf(address);
}

/** The IP literal that is the host of `url`, canonical and without brackets; undefined when the host is a name. */
export function addressOf(url: URL): string | undefined {
  return addressLiteral(url.hostname.replace(/^\[(.*)\]$/, '$1'));
}

/** Whether anyone who reads the URL sees that it points at this machine or its link: a name that resolves there hides it. */
function isWrittenAsAddress(url: URL): boolean {
  return url.hostname === 'localhost' || addressOf(url) !== undefined;
}

/** Whether the path is that of an announce or a scrape, which no other service answers to: libtorrent's rule. */
function asksToAnnounce(url: URL): boolean {
  return /^\/(?:announce|scrape)(?:$|[/.])/.test(url.pathname);
}
