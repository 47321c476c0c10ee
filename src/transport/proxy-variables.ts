// HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY, in either case, as curl and Go read them. Pure.

import { addressLiteral, ipBytes, reachOf } from '../support/endpoint.ts';
import { type Proxy, parseProxy } from './proxy.ts';

/** Variables by name; those that are empty count as not set. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** Names beyond this in NO_PROXY are not looked at: each request goes through all of them. */
const exceptionsMax = 1_000;

/**
 * The proxy that a request for a URL goes through. The lower-case name of a variable wins; the own variable of the protocol wins over
 * ALL_PROXY; what is on this machine is asked directly, as in Go. Throws InputError for a variable that names no proxy.
 */
export function proxiesOf(variables: Variables): (url: URL) => Proxy | undefined {
  const all = proxyIn(variables, 'ALL_PROXY');
  const byProtocol = new Map([
    ['http:', proxyIn(variables, 'HTTP_PROXY') ?? all],
    ['https:', proxyIn(variables, 'HTTPS_PROXY') ?? all],
  ]);
  const exceptions = (valueOf(variables, 'NO_PROXY')?.text ?? '')
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((name) => name !== '')
    .slice(0, exceptionsMax);
  return (url) => (isException(url, exceptions) ? undefined : byProtocol.get(url.protocol));
}

function valueOf(variables: Variables, name: string): { readonly name: string; readonly text: string } | undefined {
  const text = variables[name.toLowerCase()] ?? '';
  if (text !== '') return { name: name.toLowerCase(), text };
  // In a CGI script a client may set it, by its header "Proxy" (httpoxy, CVE-2016-5385).
  if (name === 'HTTP_PROXY' && (variables['REQUEST_METHOD'] ?? '') !== '') return undefined;
  const upper = variables[name] ?? '';
  return upper === '' ? undefined : { name, text: upper };
}

function proxyIn(variables: Variables, name: string): Proxy | undefined {
  const value = valueOf(variables, name);
  if (value === undefined) return undefined;
  const text = value.text.includes('://') ? value.text : `http://${value.text}`;
  return parseProxy(text, `the variable ${value.name}`, ['http', 'https', 'socks5']);
}

function isException({ hostname, port, protocol }: URL, exceptions: readonly string[]): boolean {
  const host = hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
  const address = addressLiteral(host);
  if (host === 'localhost' || (address !== undefined && reachOf(address) === 'loopback')) return true;
  const actualPort = port === '' ? (protocol === 'https:' ? '443' : '80') : port;
  return exceptions.some((exception) => excepts(exception, host, address, actualPort));
}

/** `*`, `example.org` with all below it, an address or a block of them, each with a port or without. */
function excepts(exception: string, host: string, address: string | undefined, port: string): boolean {
  if (exception === '*') return true;
  const withPort = /^(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(exception);
  if (withPort !== null && withPort[3] !== port) return false;
  const name = withPort?.[1] ?? withPort?.[2] ?? exception.replace(/^\[(.*)\]$/, '$1');
  if (address !== undefined) return isWithin(address, name);
  const suffix = name.replace(/^\*?\./, '').replace(/\.$/, '');
  return suffix !== '' && (host === suffix || host.endsWith(`.${suffix}`));
}

/** Whether `address` is `block`, or in it: `10.0.0.0/8`. */
function isWithin(address: string, block: string): boolean {
  const [base = '', length] = block.split('/', 2);
  const literal = addressLiteral(base);
  if (literal === undefined) return false;
  const [ours, theirs] = [ipBytes(address), ipBytes(literal)];
  const bits = length === undefined ? theirs.length * 8 : /^\d{1,3}$/.test(length) ? Number(length) : Number.NaN;
  if (ours.length !== theirs.length || !(bits <= theirs.length * 8)) return false;
  return ours.every((byte, index) => {
    const free = Math.min(8, Math.max(0, (index + 1) * 8 - bits));
    return byte >> free === (theirs[index] ?? 0) >> free;
  });
}
