// Versions of many files as plain numbers, five each: as objects they would take longer to hand to another thread than to make.

import type { FileVersion } from './file-stat.ts';

const fields = 5;

/** Room for the versions of `count` files: none is known. */
export function noVersions(count: number): BigInt64Array {
  return new BigInt64Array(count * fields);
}

/** Notes the version of file `number`. */
export function setVersion(versions: BigInt64Array, number: number, { dev, ino, size, mtimeNs, ctimeNs }: FileVersion): void {
  versions.set([dev, ino, BigInt(size), mtimeNs, ctimeNs], number * fields);
}

/** The version of file `number`; undefined when it is not known. */
export function versionAt(versions: BigInt64Array, number: number): FileVersion | undefined {
  const at = number * fields;
  const ino = versions[at + 1] as bigint;
  if (ino === 0n) return undefined;
  return {
    size: Number(versions[at + 2]),
    mtimeNs: versions[at + 3] as bigint,
    ctimeNs: versions[at + 4] as bigint,
    dev: versions[at] as bigint,
    ino,
  };
}
