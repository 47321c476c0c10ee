// What went wrong below HTTP, in words for people: the codes of Node's sockets, its TLS and its resolver. Pure.

import { NetworkError, ProtocolError } from '../errors.ts';

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EPIPE: 'connection reset',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
  EADDRNOTAVAIL: 'network unreachable',
  ETIMEDOUT: 'no connection in time',
  ENOTFOUND: 'host name not found',
  ENODATA: 'host name not found',
  EAI_AGAIN: 'host name lookup failed',
  ESERVFAIL: 'host name lookup failed',
  ETIMEOUT: 'no answer to the host name lookup',
  CERT_HAS_EXPIRED: 'its TLS certificate has expired',
  CERT_NOT_YET_VALID: 'its TLS certificate is not valid yet (is the clock of this machine right?)',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its TLS certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'its TLS certificate is signed by an unknown authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its TLS certificate is signed by an unknown authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its TLS certificate is signed by an unknown authority',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its TLS certificate is for another host',
};

/** The error of our own that says what `error` of the network stack means. Nothing of what the remote sent is repeated. */
export function networkCause(error: unknown): NetworkError | ProtocolError {
  const code = codeOf(error);
  if (error instanceof NetworkError || error instanceof ProtocolError) return error;
  // Node tells of an answer that breaks off, or never begins, with the code of a reset.
  if (error instanceof Error && (error.message === 'aborted' || error.message === 'socket hang up')) {
    return new NetworkError('connection closed before the answer was complete', { cause: error });
  }
  if (code.startsWith('HPE_')) {
    return new ProtocolError(`the answer is not HTTP as it should be (${code})`, { cause: error });
  }
  if (code.startsWith('ERR_SSL_')) return new NetworkError(`TLS failed (${code})`, { cause: error });
  return new NetworkError(words[code] ?? `network error (${code})`, { cause: error });
}

/** The code of an error, or its name if it has none; of several attempts at one host, that of the last. */
function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors.at(-1));
  if (!(error instanceof Error)) return 'unknown';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
