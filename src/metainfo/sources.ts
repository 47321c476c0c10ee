// Where a torrent says that peers and bytes are found: `announce`, `announce-list` (BEP 12), `url-list` (BEP 19), `httpseeds` (BEP 17), `nodes` (BEP 5). Nothing
// here can make a torrent useless, since the user may name sources too: what makes no sense is left out with a warning.

import { type BencodeValue, isBytes, isList } from '../bencode/bencode-value.ts';
import type { DictReader } from '../bencode/dict-reader.ts';
import { metainfoLimits } from '../config.ts';
import { printable, redactUrl } from '../support/printable.ts';
import { toText } from '../support/text.ts';
import type { Warnings } from './warnings.ts';

const trackerSchemes = ['http:', 'https:', 'udp:'];
const webSeedSchemes = ['http:', 'https:'];

/** Tiers of announce URLs, none empty, no URL twice. `announce` counts only where `announce-list` names nothing usable (BEP 12). */
export function readTrackers(torrent: DictReader, warnings: Warnings): string[][] {
  const urls = new UrlList('tracker', trackerSchemes, metainfoLimits.trackers, warnings);
  const announceList = torrent.dict.get('announce-list');
  const tiers = isList(announceList) ? announceList : [];
  if (announceList !== undefined && !isList(announceList))
    warnings.add('odd fields', () => '"announce-list" of the torrent is not a list: left out');
  const read = [...tiers.map((tier) => urls.readAll(tier)), ...(urls.count === 0 ? [urls.readAll(torrent.dict.get('announce'))] : [])];
  urls.warnOfExcess();
  return read.filter((tier) => tier.length > 0);
}

/** Base URLs of web seeds: `url-list` is a list, or one string. */
export function readWebSeeds(torrent: DictReader, warnings: Warnings): string[] {
  const urls = new UrlList('web seed', webSeedSchemes, metainfoLimits.webSeeds, warnings);
  const read = urls.readAll(torrent.dict.get('url-list'));
  urls.warnOfExcess();
  return read;
}

/** URLs of programs that give pieces: `httpseeds` is a list (BEP 17). */
export function readHttpSeeds(torrent: DictReader, warnings: Warnings): string[] {
  const urls = new UrlList('HTTP seed', webSeedSchemes, metainfoLimits.webSeeds, warnings);
  const read = urls.readAll(torrent.dict.get('httpseeds'));
  urls.warnOfExcess();
  return read;
}

/** DHT nodes: a list of `[host, port]`. */
export function readNodes(torrent: DictReader, warnings: Warnings): { readonly host: string; readonly port: number }[] {
  const value = torrent.dict.get('nodes');
  if (value === undefined) return [];
  const nodes = isList(value) ? value.slice(0, metainfoLimits.nodes).flatMap((node) => readNode(node) ?? []) : [];
  const expectedCount = isList(value) ? value.length : 1;
  if (nodes.length < expectedCount) warnings.add('odd fields', () => `"nodes" of the torrent: ${nodes.length} of ${expectedCount} kept`);
  return nodes;
}

/** What keeps a tracker with this URL from being read from a torrent; undefined when nothing does. */
export function trackerProblem(url: string): string | undefined {
  return problemOf(url, trackerSchemes);
}

/** What keeps a web seed with this URL from being read from a torrent; undefined when nothing does. */
export function webSeedProblem(url: string): string | undefined {
  return problemOf(url, webSeedSchemes);
}

function readNode(node: BencodeValue): { readonly host: string; readonly port: number } | undefined {
  if (!isList(node)) return undefined;
  const [rawHost, port] = node;
  if (!isBytes(rawHost) || typeof port !== 'number' || port < 1 || port > 65_535) return undefined;
  const host = toText(rawHost);
  return /^[0-9a-z._:-]{1,255}$/i.test(host) ? { host, port } : undefined;
}

/** Gathers the usable URLs of one purpose, up to a limit. */
class UrlList {
  readonly #purpose: string;
  readonly #schemes: readonly string[];
  readonly #limit: number;
  readonly #warnings: Warnings;
  readonly #kept = new Set<string>();
  readonly #leftOut = new Set<string>();
  #excess = 0;

  constructor(purpose: string, schemes: readonly string[], limit: number, warnings: Warnings) {
    this.#purpose = purpose;
    this.#schemes = schemes;
    this.#limit = limit;
    this.#warnings = warnings;
  }

  get count(): number {
    return this.#kept.size;
  }

  /** The usable URLs of a string or a list of strings that were not seen before. */
  readAll(value: BencodeValue | undefined): string[] {
    if (value === undefined) return [];
    return (isList(value) ? value : [value]).flatMap((item) => this.#read(item) ?? []);
  }

  warnOfExcess(): void {
    if (this.#excess > 0) this.#warn(`${this.#excess} more ${this.#purpose} URLs than the ${this.#limit} allowed: left out`);
  }

  #read(value: BencodeValue): string | undefined {
    if (this.#kept.size >= this.#limit) {
      this.#excess++;
      return undefined;
    }
    if (!isBytes(value)) return this.#warn(`a ${this.#purpose} that is not a string: left out`);
    const url = toText(value).trim();
    // Common: an empty `url-list`, the same tracker in two tiers, or in `announce` and `announce-list`.
    if (url === '' || this.#kept.has(url) || this.#leftOut.has(url)) return undefined;
    const problem = problemOf(url, this.#schemes);
    (problem === undefined ? this.#kept : this.#leftOut).add(url);
    return problem === undefined ? url : this.#warn(`${this.#purpose} ${redactUrl(url)} ${problem}: left out`);
  }

  #warn(message: string): undefined {
    this.#warnings.add(`${this.#purpose} URLs left out`, () => message);
  }
}

function problemOf(url: string, schemes: readonly string[]): string | undefined {
  if (url.length > metainfoLimits.urlChars) return `is longer than ${metainfoLimits.urlChars} characters`;
  if (/\p{Cc}/u.test(url)) return 'holds a control character';
  if (!URL.canParse(url)) return 'is not a URL';
  const { protocol, hostname } = new URL(url);
  if (!schemes.includes(protocol)) return `has a scheme we do not use, ${printable(protocol.slice(0, -1), 20)}`;
  if (hostname === '') return 'names no host';
  // A host in other scripts than Latin can look like another one. Who wants it can name it on the command line.
  if (/(^|\.)xn--|%/i.test(hostname)) return 'has an internationalised host name';
  return undefined;
}
