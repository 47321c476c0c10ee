// Searching for Internet gateways: the messages of SSDP (UPnP Device Architecture 1.1, section 1.3). Pure.

import { formatEndpoint, reachOf, type Endpoint } from '../../support/endpoint.ts';
import { fromText } from '../../support/bytes.ts';
import { toText } from '../../support/text.ts';
import { addressOf } from '../connect-rule.ts';

/** Devices of version 2 answer to a search for version 1; some routers answer for their services only. */
const targets = [
  'urn:schemas-upnp-org:device:InternetGatewayDevice:1',
  'urn:schemas-upnp-org:service:WANIPConnection:1',
  'urn:schemas-upnp-org:service:WANPPPConnection:1',
];

/** How long a device may wait before it answers, at random, in seconds. */
const longestWaitSeconds = 1;
const urlCharsMax = 512;

/** The searches to send to `to`, the multicast address of SSDP. */
export function ssdpSearches(to: Endpoint): Uint8Array[] {
  return targets.map((target) =>
    fromText(
      `M-SEARCH * HTTP/1.1\r\nHOST: ${formatEndpoint(to)}\r\nMAN: "ssdp:discover"\r\nMX: ${longestWaitSeconds}\r\nST: ${target}\r\n\r\n`,
    ),
  );
}

/**
 * Where the answer `bytes` says that the device's description is; undefined when it is no answer to us. Only http on the very address that
 * answered counts, and only when that is not a global one: anybody on the network may answer, and is to lead us to nobody but himself.
 */
export function descriptionUrlIn(bytes: Uint8Array, sender: string): URL | undefined {
  const [status = '', ...lines] = toText(bytes).split(/\r?\n/);
  if (!/^HTTP\/1\.[01] 200\b/.test(status) || !targets.some((target) => lines.some((line) => valueOf(line, 'st') === target)))
    return undefined;
  const location = lines.map((line) => valueOf(line, 'location')).find((value) => value !== undefined) ?? '';
  if (location.length > urlCharsMax || !URL.canParse(location)) return undefined;
  const url = new URL(location);
  const reach = reachOf(sender);
  const isItself = url.protocol === 'http:' && addressOf(url) === sender && url.username === '' && url.password === '';
  return isItself && reach !== 'global' && reach !== 'unusable' ? url : undefined;
}

function valueOf(line: string, field: string): string | undefined {
  return line.slice(0, field.length + 1).toLowerCase() === `${field}:` ? line.slice(field.length + 1).trim() : undefined;
}
