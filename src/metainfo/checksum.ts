// The sum that a publisher names for a file, as hex digits of a known algorithm. Pure.

import { InputError } from '../errors.ts';
import { printable } from '../support/printable.ts';

/** Hex digits of a digest, by algorithm: Node's names of them. */
const hexDigits = { md5: 32, sha1: 40, sha224: 56, sha256: 64, sha384: 96, sha512: 128 } as const;

/** An algorithm that sums are made with. */
export type ChecksumAlgorithm = keyof typeof hexDigits;

/** The digest of a whole file. */
export interface Checksum {
  readonly algorithm: ChecksumAlgorithm;
  /** Lower-case. */
  readonly hex: string;
}

/**
 * The checksum with the digits `hex`. `algorithm` as anybody writes it (`SHA-256`, `sha256`, OpenSSL's `SHA2-256`); undefined: told by the
 * length. Undefined when there is no such algorithm, or its digests are not of this form.
 */
export function checksumOf(algorithm: string | undefined, hex: string): Checksum | undefined {
  const name = algorithm
    ?.toLowerCase()
    .replace(/^sha2-/, 'sha')
    .replace('-', '');
  const known = algorithms.find((candidate) => (name === undefined || name === candidate) && hexDigits[candidate] === hex.length);
  return known === undefined || !/^[0-9a-f]+$/i.test(hex) ? undefined : { algorithm: known, hex: hex.toLowerCase() };
}

const algorithms = Object.keys(hexDigits) as ChecksumAlgorithm[];

/** A checksum that a user typed, and the file that it is meant for. */
export interface TypedChecksum {
  readonly checksum: Checksum;
  /** Undefined: the only file. */
  readonly path: string | undefined;
}

/** Reads `sha256:HEX` or `sha256:HEX:PATH`; `=` may stand for the first colon, as aria2 has it. Throws InputError `bad-argument`. */
export function parseTypedChecksum(text: string): TypedChecksum {
  const match = /^([^:=]+)[:=]([^:]+)(?::(.+))?$/s.exec(text);
  const checksum = match === null ? undefined : checksumOf(match[1], match[2] ?? '');
  if (checksum === undefined) {
    const expected = algorithms.map((algorithm) => `${algorithm} (${hexDigits[algorithm]} digits)`).join(', ');
    throw new InputError(
      'bad-argument',
      `checksum "${printable(text, 200)}": expected ALGORITHM:HEX or ALGORITHM:HEX:PATH, the algorithm one of ${expected}`,
    );
  }
  return { checksum, path: match?.[3] };
}
