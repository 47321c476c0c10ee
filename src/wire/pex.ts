// The messages of peer exchange (BEP 11): a bencoded dictionary of compact addresses, `added` and `added6` with a byte of flags for each in
// `added.f` and `added6.f`, `dropped` and `dropped6`. How often they may come and who believes them is not decided here. Pure.

import { type BencodeDict, type BencodeValue, isBytes, isDict } from '../bencode/bencode-value.ts';
import { decode } from '../bencode/decode.ts';
import { encode } from '../bencode/encode.ts';
import { pexLimits } from '../config.ts';
import { ProtocolError } from '../errors.ts';
import { concatBytes } from '../support/bytes.ts';
import { type Endpoint, decodeCompactIpv4, decodeCompactIpv6, encodeCompact } from '../support/endpoint.ts';

/** The extended message id (BEP 10) by which we take peer exchange. */
export const ourPexId = 1;

/** The bits of a flag byte that we know. */
export const pexFlags = { prefersEncryption: 0x01, seed: 0x02, reachable: 0x10 } as const;

/** An address as a peer names it to others. */
export interface PexPeer {
  readonly endpoint: Endpoint;
  /** `pexFlags`, and bits of others. */
  readonly flags: number;
}

/** What changed since the last message. */
export interface PexChanges {
  readonly added: readonly PexPeer[];
  readonly dropped: readonly Endpoint[];
}

/**
 * The addresses that the message in `payload` adds, at most `pexLimits.addedPerMessage`, of both families if it names both. What it drops is not
 * read: whether a peer can be reached we find out ourselves. Missing flags are 0, a part of an address at the end is left out. Throws
 * ProtocolError when it is no dictionary within the limits.
 */
export function decodePex(payload: Uint8Array): PexPeer[] {
  const message = decodeDict(payload);
  const four = addedIn(message, 'added', 6, decodeCompactIpv4);
  const six = addedIn(message, 'added6', 18, decodeCompactIpv6);
  const most = pexLimits.addedPerMessage;
  const keptSix = six.slice(0, Math.max(most / 2, most - four.length));
  return [...four.slice(0, most - keptSix.length), ...keptSix];
}

/** The payload of a message that tells `changes`. */
export function encodePex({ added, dropped }: PexChanges): Uint8Array {
  const message = new Map<string, BencodeValue>();
  for (const [suffix, isIpv6] of [
    ['', false],
    ['6', true],
  ] as const) {
    const isOfFamily = ({ host }: Endpoint): boolean => host.includes(':') === isIpv6;
    const more = added.filter(({ endpoint }) => isOfFamily(endpoint));
    const fewer = dropped.filter(isOfFamily);
    message.set(`added${suffix}`, concatBytes(more.map(({ endpoint }) => encodeCompact(endpoint))));
    message.set(
      `added${suffix}.f`,
      Uint8Array.from(more, ({ flags }) => flags),
    );
    message.set(`dropped${suffix}`, concatBytes(fewer.map(encodeCompact)));
  }
  return encode(message);
}

function decodeDict(payload: Uint8Array): BencodeDict {
  if (payload.length > pexLimits.messageBytes)
    throw new ProtocolError(`the peer sent ${payload.length} bytes of peer exchange, expected at most ${pexLimits.messageBytes}`);
  try {
    const message = decode(payload, { bytes: pexLimits.messageBytes, depth: 4, tokens: 100 });
    if (isDict(message)) return message;
  } catch (cause) {
    throw new ProtocolError('the peer sent a peer exchange that is not bencode', { cause });
  }
  throw new ProtocolError('the peer sent a peer exchange that is not a dictionary');
}

/** Read one by one, since an address that is left out takes its flags with it. */
function addedIn(message: BencodeDict, key: string, entryBytes: number, decodeCompact: (bytes: Uint8Array) => Endpoint[]): PexPeer[] {
  const bytes = message.get(key);
  const flags = message.get(`${key}.f`);
  if (!isBytes(bytes)) return [];
  const peers: PexPeer[] = [];
  for (let at = 0; at + entryBytes <= bytes.length && peers.length < pexLimits.addedPerMessage; at += entryBytes) {
    const [endpoint] = decodeCompact(bytes.subarray(at, at + entryBytes));
    if (endpoint !== undefined) peers.push({ endpoint, flags: isBytes(flags) ? (flags[at / entryBytes] ?? 0) : 0 });
  }
  return peers;
}
