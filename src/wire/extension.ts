// The extension protocol's handshake (BEP 10): a bencoded dictionary in extended message 0 that says who speaks and what it can take.
// Everything in it is a claim by a stranger: values out of range are left out, and only a broken dictionary is an error.

import { type BencodeValue, isBytes, isDict } from '../bencode/bencode-value.ts';
import { decode } from '../bencode/decode.ts';
import { encode } from '../bencode/encode.ts';
import { messageLimits, wireLimits } from '../config.ts';
import { ProtocolError } from '../errors.ts';
import { fromText } from '../support/bytes.ts';
import { hostOfBytes, ipBytes } from '../support/endpoint.ts';
import { printable } from '../support/printable.ts';
import { ourPexId } from './pex.ts';

/** The extended message id of the handshake itself. */
export const extensionHandshakeId = 0;

/** What the other side says of itself; what it left out is undefined. */
export interface ExtensionHandshake {
  /** Client name and version, made printable. */
  readonly client: string | undefined;
  /** How many outstanding requests it takes. */
  readonly requestQueue: number | undefined;
  /** BEP 21: it downloads nothing. */
  readonly uploadOnly: boolean;
  /** Where it listens for peers, on the host that it speaks from. */
  readonly listenPort: number | undefined;
  /** Our address as it sees it: a canonical IP literal. */
  readonly yourIp: string | undefined;
  /** It would rather encrypt. */
  readonly prefersEncryption: boolean;
  /** The extended message id by which it takes peer exchange (BEP 11); 0: it takes none; undefined: as it said before. */
  readonly pexId: number | undefined;
}

/** Reads the payload after the extended id. Throws ProtocolError when it is no dictionary within the limits. */
export function decodeExtensionHandshake(payload: Uint8Array): ExtensionHandshake {
  if (payload.length > wireLimits.extensionHandshakeBytes)
    throw new ProtocolError(
      `the peer sent an extension handshake of ${payload.length} bytes, expected at most ${wireLimits.extensionHandshakeBytes}`,
    );
  let dictionary: BencodeValue;
  try {
    dictionary = decode(payload, messageLimits);
  } catch (cause) {
    throw new ProtocolError('the peer sent an extension handshake that is not bencode', { cause });
  }
  if (!isDict(dictionary)) throw new ProtocolError('the peer sent an extension handshake that is not a dictionary');
  const client = dictionary.get('v');
  const messages = dictionary.get('m');
  const yourIp = dictionary.get('yourip');
  return {
    client: client instanceof Uint8Array ? printable(client, 64) : undefined,
    requestQueue: integerIn(dictionary.get('reqq'), 1, 1_000_000),
    uploadOnly: integerIn(dictionary.get('upload_only'), 1, Number.MAX_SAFE_INTEGER) !== undefined,
    listenPort: integerIn(dictionary.get('p'), 1, 65_535),
    yourIp: isBytes(yourIp) ? hostOfBytes(yourIp) : undefined,
    prefersEncryption: integerIn(dictionary.get('e'), 1, Number.MAX_SAFE_INTEGER) !== undefined,
    pexId: isDict(messages) ? integerIn(messages.get('ut_pex'), 0, 255) : undefined,
  };
}

/** What we say of ourselves. */
export interface OurExtensions {
  readonly client: string;
  /** How many requests we keep. */
  readonly requestQueue: number;
  readonly listenPort: number | undefined;
  /** BEP 21: we download nothing. */
  readonly uploadOnly: boolean;
  /** Whether we take peer exchange (BEP 11), as `ourPexId`. */
  readonly takesPex: boolean;
  /** The peer's address as we see it: a canonical IP literal. */
  readonly yourIp: string | undefined;
}

/** Our own. */
export function encodeExtensionHandshake(ours: OurExtensions): Uint8Array {
  const dictionary = new Map<string, BencodeValue>([
    ['m', new Map(ours.takesPex ? [['ut_pex', ourPexId]] : [])],
    ['reqq', ours.requestQueue],
    ['upload_only', ours.uploadOnly ? 1 : 0],
    ['v', fromText(ours.client)],
  ]);
  if (ours.listenPort !== undefined) dictionary.set('p', ours.listenPort);
  if (ours.yourIp !== undefined) dictionary.set('yourip', ipBytes(ours.yourIp));
  return encode(dictionary);
}

function integerIn(value: BencodeValue | undefined, min: number, max: number): number | undefined {
  return typeof value === 'number' && value >= min && value <= max ? value : undefined;
}
