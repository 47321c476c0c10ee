// A scrape over HTTP (BEP 48): the URL, by the announce -> scrape rule, and what the reply says. Pure.

import { type BencodeDict, type BencodeValue, isDict, isList } from '../bencode/bencode-value.ts';
import { ProtocolError } from '../errors.ts';
import { toLatin1 } from '../support/bytes.ts';
import { escapeElement } from '../support/escape-element.ts';
import { checkQuery } from './announce-url.ts';
import { count, decodeReply, refusalOf } from './announce-reply.ts';
import type { ScrapeResponse } from './tracker-client.ts';
import { TrackerRefusal } from './tracker-refusal.ts';

/**
 * Where the tracker with this announce URL is scraped: the last part of the path that begins with `announce` begins with `scrape` instead. Throws
 * ProtocolError when there is none (then it cannot be scraped), or the query already announces something.
 */
export function scrapeUrl(trackerUrl: URL, infohash: Uint8Array): URL {
  checkQuery(trackerUrl);
  const segments = trackerUrl.pathname.split('/');
  const place = segments.findLastIndex((segment) => segment.startsWith('announce'));
  if (place === -1) throw new ProtocolError('it cannot be scraped: no part of its path begins with "announce"');
  segments[place] = `scrape${segments[place]?.slice('announce'.length)}`;

  const url = new URL(trackerUrl);
  url.hash = '';
  url.pathname = segments.join('/');
  const query = `info_hash=${escapeElement(infohash)}`;
  url.search = url.search === '' ? query : `${url.search}&${query}`;
  return url;
}

/**
 * What the reply in `body` says of the torrent. Throws TrackerRefusal when it holds a failure reason or does not name the torrent, ProtocolError
 * when it is no reply to a scrape.
 */
export function parseScrapeReply(body: Uint8Array, infohash: Uint8Array): ScrapeResponse {
  const reply = decodeReply(body);
  const refused = refusalOf(reply);
  if (refused !== undefined) throw refused;
  const files = reply.get('files');
  // An empty dictionary is an empty list in some languages, and so in some trackers.
  if (!isDict(files) && !(isList(files) && files.length === 0))
    throw new ProtocolError('no answer to a scrape: "files" is not a dictionary');
  const found = isDict(files) ? (files.get(toLatin1(infohash)) ?? misnamed(files)) : undefined;
  if (!isDict(found)) throw new TrackerRefusal('it does not know the torrent');
  return { seeders: count(found.get('complete')), leechers: count(found.get('incomplete')), downloads: count(found.get('downloaded')) };
}

/** The one entry of `files` if its name is no infohash: bittorrent-tracker (11.2) spoils the bytes. */
function misnamed(files: BencodeDict): BencodeValue | undefined {
  const [[name, value] = ['', undefined], ...others] = files;
  return others.length === 0 && name.length !== infohashBytes ? value : undefined;
}

const infohashBytes = 20;
