// A proxy as a URL names it. The password is kept where no dump of an object shows it. Pure.

import { InputError } from '../errors.ts';
import { addressLiteral } from '../support/endpoint.ts';

export type ProxyProtocol = 'socks5' | 'http' | 'https';

/** User and password, decoded. */
export interface ProxyCredentials {
  readonly user: string;
  readonly password: string;
}

const protocols: Readonly<Record<string, { readonly protocol: ProxyProtocol; readonly port: number }>> = {
  // Either way names are resolved by the proxy: by socks5 alone some programs mean that they resolve them themselves, and so tell the network.
  'socks5:': { protocol: 'socks5', port: 1080 },
  'socks5h:': { protocol: 'socks5', port: 1080 },
  'http:': { protocol: 'http', port: 80 },
  'https:': { protocol: 'https', port: 443 },
};

/** Where a proxy is, and who we are to it. */
export class Proxy {
  readonly protocol: ProxyProtocol;
  /** A name, or an IP literal without brackets. */
  readonly host: string;
  readonly port: number;
  readonly #credentials: ProxyCredentials | undefined;

  constructor(protocol: ProxyProtocol, host: string, port: number, credentials: ProxyCredentials | undefined) {
    this.protocol = protocol;
    this.host = host;
    this.port = port;
    this.#credentials = credentials;
  }

  get credentials(): ProxyCredentials | undefined {
    return this.#credentials;
  }

  /** `socks5://host:1080`: for people, without the secret. */
  get name(): string {
    return `${this.protocol}://${this.host.includes(':') ? `[${this.host}]` : this.host}:${this.port}`;
  }
}

/**
 * Reads `PROTOCOL://[USER[:PASSWORD]@]HOST[:PORT]`, percent-encoded as URLs are. Throws InputError, which calls the text `what` and does not
 * repeat it: there may be a password in it.
 */
export function parseProxy(text: string, what: string, allowed: readonly ProxyProtocol[]): Proxy {
  const refuse = (problem: string): never => {
    const forms = allowed.map((protocol) => `${protocol}://`).join(', ');
    throw new InputError('bad-argument', `${what}: ${problem}; expected ${forms} with [USER:PASSWORD@]HOST:PORT`);
  };
  // The URL parser reads the rest of unknown protocols differently: lower-case host, default port.
  const [, scheme = '', rest = ''] = /^([a-z][a-z0-9+.-]*:)\/\/(.*)$/is.exec(text) ?? [];
  const known = Object.hasOwn(protocols, scheme.toLowerCase()) ? protocols[scheme.toLowerCase()] : undefined;
  if (known === undefined || !allowed.includes(known.protocol)) return refuse('not a kind of proxy that is spoken here');
  if (!URL.canParse(`http://${rest}`)) return refuse('not a URL');
  const url = new URL(`http://${rest}`);
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') return refuse('there is something behind the host');
  const host = addressLiteral(url.hostname.replace(/^\[(.*)\]$/, '$1')) ?? url.hostname;
  const [, typedPort] = /:(\d+)\/?$/.exec(rest) ?? [];
  const port = typedPort === undefined ? known.port : Number(typedPort);
  if (host === '' || port < 1) return refuse('there is no host, or its port is 0');
  const credentials = credentialsOf(url) ?? refuse('user or password are not percent-encoded as they should be');
  // RFC 1929: a byte says how long each is, and neither may be empty.
  const isTooLong = (part: string): boolean => Buffer.byteLength(part) > 255;
  if (isTooLong(credentials.user) || isTooLong(credentials.password)) return refuse('user or password are longer than 255 bytes');
  if (known.protocol === 'socks5' && (credentials.user === '') !== (credentials.password === '')) {
    return refuse('a user goes with a password');
  }
  return new Proxy(known.protocol, host, port, credentials.user === '' ? undefined : credentials);
}

/** Undefined when they cannot be decoded. */
function credentialsOf({ username, password }: URL): ProxyCredentials | undefined {
  try {
    return { user: decodeURIComponent(username), password: decodeURIComponent(password) };
  } catch {
    return undefined;
  }
}
