// The URL of one announce over HTTP: the tracker's own URL with the announce in its query, escaped byte for byte (BEP 3, 7, 23). Pure.

import { ProtocolError } from '../errors.ts';
import { fromText } from '../support/bytes.ts';
import { escapeElement } from '../support/escape-element.ts';
import type { AnnounceRequest } from './tracker-client.ts';

/**
 * What a tracker's URL must not say itself: it is ours to say. A URL that does is not a tracker's, but one made up to have us send its
 * words to a server.
 */
const reserved = ['info_hash', 'peer_id', 'port', 'uploaded', 'downloaded', 'left', 'event'];

/** `trackerUrl` asking what `request` asks. Its own query is kept. Throws ProtocolError when that query already announces something. */
export function announceUrl(trackerUrl: URL, request: AnnounceRequest): URL {
  checkQuery(trackerUrl);
  const present = new Set(trackerUrl.searchParams.keys());
  const url = new URL(trackerUrl);
  url.hash = '';
  const fields = announceFields(request).filter(([name]) => !present.has(name));
  const query = fields.map(([name, value]) => `${name}=${value}`).join('&');
  url.search = url.search === '' ? query : `${url.search}&${query}`;
  return url;
}

/** Throws ProtocolError when the query of a tracker's URL already announces something. */
export function checkQuery(trackerUrl: URL): void {
  const claimed = reserved.find((name) => trackerUrl.searchParams.has(name));
  if (claimed !== undefined) throw new ProtocolError(`the tracker's URL already holds "${claimed}=": not a tracker's URL`);
}

/** Names and escaped values. A name that the tracker's URL has too (a passkey called `key`) is the tracker's. */
function announceFields(request: AnnounceRequest): [name: string, value: string][] {
  const fields: [string, string][] = [
    ['info_hash', escapeElement(request.infohash)],
    ['peer_id', escapeElement(request.peerId)],
    ['port', String(request.port)],
    ['uploaded', String(request.uploaded)],
    ['downloaded', String(request.downloaded)],
    ['left', String(request.left)],
    ['compact', '1'],
    ['numwant', String(request.numwant)],
    ['key', escapeElement(fromText(request.key))],
  ];
  if (request.event !== undefined) fields.push(['event', request.event]);
  if (request.trackerId !== undefined) fields.push(['trackerid', escapeElement(request.trackerId)]);
  return fields;
}
