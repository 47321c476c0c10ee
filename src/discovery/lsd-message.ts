// An announce of local discovery (BEP 14): the head of an HTTP request in a datagram.
//
//   BT-SEARCH * HTTP/1.1\r\nHost: <group>\r\nPort: <port>\r\nInfohash: <40 hex digits>\r\ncookie: <opaque>\r\n\r\n\r\n
//
// Anybody on the network can send one. Pure.

import { lsdLimits } from '../config.ts';
import { fromText, toLatin1 } from '../support/bytes.ts';

/** What a client announces. */
export interface LsdAnnounce {
  /** Where it listens for peers. */
  readonly port: number;
  /** Lower-case hex, 40 digits each. */
  readonly infohashes: readonly string[];
  /** By which a client knows its own announces. */
  readonly cookie: string | undefined;
}

const firstLine = 'BT-SEARCH * HTTP/1.1';

/** The datagram that announces to `group`, the `HOST:PORT` of the multicast group. */
export function encodeLsdAnnounce(group: string, { port, infohashes, cookie }: LsdAnnounce): Uint8Array {
  const hashes = infohashes.map((infohash) => `Infohash: ${infohash}`);
  const ending = cookie === undefined ? [] : [`cookie: ${cookie}`];
  return fromText([firstLine, `Host: ${group}`, `Port: ${port}`, ...hashes, ...ending, '', '', ''].join('\r\n'));
}

/** The announce in a datagram; undefined when it is none within the limits. What cannot be understood beside it is left out. */
export function decodeLsdAnnounce(bytes: Uint8Array): LsdAnnounce | undefined {
  if (bytes.length > lsdLimits.messageBytes) return undefined;
  const [head, ...lines] = toLatin1(bytes).split(/\r?\n/);
  if (head !== firstLine) return undefined;
  let port: number | undefined;
  let cookie: string | undefined;
  const infohashes: string[] = [];
  for (const line of lines) {
    const [, name = '', value = ''] = /^([^:]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? [];
    switch (name.toLowerCase()) {
      case 'port':
        port ??= /^\d{1,5}$/.test(value) ? Number(value) : 0;
        break;
      case 'infohash':
        if (/^[0-9a-f]{40}$/i.test(value)) infohashes.push(value.toLowerCase());
        break;
      case 'cookie':
        cookie ??= value.slice(0, lsdLimits.cookieChars);
        break;
    }
  }
  if (port === undefined || port < 1 || port > 65_535 || infohashes.length === 0) return undefined;
  return { port, infohashes, cookie };
}
