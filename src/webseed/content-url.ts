// Where the bytes of a torrent are on a web server: URLs of files (BEP 19, "url-list") and of pieces (BEP 17, "httpseeds"), and the
// request for a part of them. Pure.

import { unescape } from 'node:querystring';
import { userAgent } from '../config.ts';
import type { Metainfo, TorrentFile } from '../metainfo/metainfo.ts';
import { fromText } from '../support/bytes.ts';
import { escapeElement } from '../support/escape-element.ts';
import { basicAuthorization, type HttpConnection } from '../transport/http-connection.ts';
import type { WantedRange } from './answer-verdict.ts';

/** What is asked of a web server: a part of a file, or, without a range, just these bytes. */
export interface ContentRequest extends WantedRange {
  readonly url: URL;
  readonly fileIndex: number;
  readonly range: { readonly begin: number; readonly end: number } | undefined;
}

/**
 * The URL of `file` below `base` (BEP 19): a file is at the URL itself, or below it when that ends in a slash; several files are below it,
 * in a directory with the torrent's name. A query of `base` stays.
 */
export function fileUrl(base: string, metainfo: Pick<Metainfo, 'isMultiFile'>, file: TorrentFile): URL {
  const url = new URL(base);
  url.hash = '';
  const isDirectory = url.pathname.endsWith('/');
  if (!metainfo.isMultiFile && !isDirectory) return url;
  const path = file.webPath ?? file.path.map((element) => escapeElement(fromText(element)));
  url.pathname = `${url.pathname}${isDirectory ? '' : '/'}${path.join('/')}`;
  return url;
}

/** The URL that gives `length` bytes of a piece from `offset` on (BEP 17, "Protocol"); a whole piece needs no range. */
export function pieceUrl(base: string, infohash: Uint8Array, piece: number, offset: number, length: number, pieceLength: number): URL {
  const url = new URL(base);
  url.hash = '';
  const isWhole = offset === 0 && length === pieceLength;
  const ours = `info_hash=${escapeElement(infohash)}&piece=${piece}${isWhole ? '' : `&ranges=${offset}-${offset + length - 1}`}`;
  url.search = url.search === '' ? ours : `${url.search}&${ours}`;
  return url;
}

/** The bytes of a GET for `url`, of the half-open `range` where there is one, on a connection that wants requests written in the `way`. */
export function requestFor(url: URL, range: ContentRequest['range'], way: Pick<HttpConnection, 'target' | 'headers'>): string {
  const fields = [
    `GET ${way.target(url)} HTTP/1.1`,
    `Host: ${url.host}`,
    `User-Agent: ${userAgent}`,
    'Accept: */*',
    // A range of packed content would be of no use.
    'Accept-Encoding: identity',
    'Connection: keep-alive',
    ...Object.entries(way.headers).map(([name, value]) => `${name}: ${value}`),
  ];
  if (range !== undefined) fields.push(`Range: bytes=${range.begin}-${range.end - 1}`);
  if (url.username !== '' || url.password !== '') {
    fields.push(`Authorization: ${basicAuthorization(unescape(url.username), unescape(url.password))}`);
  }
  return `${fields.join('\r\n')}\r\n\r\n`;
}

/** Where a redirect leads; the words of a refusal when it may not be followed. User and password stay with the server they were given for. */
export function redirectTarget(from: URL, location: string): URL | string {
  if (!URL.canParse(location, from.href)) return 'it redirects to something that is not a URL';
  const target = new URL(location, from.href);
  target.hash = '';
  if (target.protocol !== 'http:' && target.protocol !== 'https:') return 'it redirects to something that is not HTTP';
  if (from.protocol === 'https:' && target.protocol === 'http:') return 'it redirects from https to http';
  if (target.origin !== from.origin) target.username = target.password = '';
  return target;
}
