// The content of made torrents on disk: written for clients that seed from files, and compared after a download.

import { closeSync, fstatSync, ftruncateSync, mkdirSync, openSync, readdirSync, readSync, statSync, writeSync } from 'node:fs';
import path from 'node:path';
import type { MadeFile, MadeTorrent } from './make-torrent.ts';

const stepBytes = 4 * 1024 * 1024;
const zeros = Buffer.alloc(stepBytes);

/** Writes the torrent's files below `directory`; pad files only when asked for. Steps that hold only zeros become holes. */
export function writeContent(torrent: MadeTorrent, directory: string, { padFiles = false } = {}): void {
  for (const file of torrent.files) {
    if (file.pad && !padFiles) continue;
    const target = path.join(directory, ...file.path);
    mkdirSync(path.dirname(target), { recursive: true });
    const descriptor = openSync(target, 'w');
    ftruncateSync(descriptor, file.length);
    forEachStep(torrent, file, (expected, offset) => {
      if (!isZeros(expected)) writeSync(descriptor, expected, 0, expected.length, offset);
    });
    closeSync(descriptor);
  }
}

/** What is wrong with the torrent's files below `directory`, one line per file; pad files must not be there. Empty when all is well. */
export function contentFaults(torrent: MadeTorrent, directory: string): string[] {
  return torrent.files.flatMap((file) => {
    const fault = file.pad ? padFault(path.join(directory, ...file.path)) : fileFault(torrent, file, path.join(directory, ...file.path));
    return fault === undefined ? [] : [`${file.path.join('/')}: ${fault}`];
  });
}

/**
 * How the file or folder `found` differs from `expected`, one line per file: missing, other bytes, or not wanted there. Folders of pad
 * files (`.pad`) are left out of what is expected.
 */
export function treeFaults(expected: string, found: string): string[] {
  const expectedFiles = filesBelow(expected).filter((file) => !file.split(path.sep).includes('.pad'));
  const foundFiles = new Set(filesBelow(found));
  const faults = expectedFiles.flatMap((file) => {
    if (!foundFiles.delete(file)) return [`${file}: missing`];
    const fault = differenceOf(path.join(expected, file), path.join(found, file));
    return fault === undefined ? [] : [`${file}: ${fault}`];
  });
  return [...faults, ...[...foundFiles].map((file) => `${file}: not expected`)];
}

/** Relative paths; a file has one below it, of no name. */
function filesBelow(directory: string): string[] {
  const stat = statSync(directory, { throwIfNoEntry: false });
  if (stat?.isDirectory() !== true) return stat === undefined ? [] : [''];
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.relative(directory, path.join(entry.parentPath, entry.name)));
}

function differenceOf(expected: string, found: string): string | undefined {
  const descriptors = [openSync(expected, 'r'), openSync(found, 'r')] as const;
  try {
    const [expectedSize, foundSize] = [fstatSync(descriptors[0]).size, fstatSync(descriptors[1]).size];
    if (expectedSize !== foundSize) return `expected ${expectedSize} bytes, found ${foundSize}`;
    const [a, b] = [Buffer.allocUnsafe(Math.min(stepBytes, foundSize)), Buffer.allocUnsafe(Math.min(stepBytes, foundSize))];
    for (let offset = 0; offset < foundSize; offset += stepBytes) {
      const length = readSync(descriptors[0], a, 0, a.length, offset);
      if (readSync(descriptors[1], b, 0, b.length, offset) !== length) return `cannot be read at ${offset}`;
      if (!a.subarray(0, length).equals(b.subarray(0, length))) return `wrong bytes between ${offset} and ${offset + length}`;
    }
    return undefined;
  } finally {
    for (const descriptor of descriptors) closeSync(descriptor);
  }
}

function padFault(target: string): string | undefined {
  const descriptor = open(target);
  if (descriptor === undefined) return undefined;
  closeSync(descriptor);
  return 'a pad file was written';
}

function fileFault(torrent: MadeTorrent, file: MadeFile, target: string): string | undefined {
  const descriptor = open(target);
  if (descriptor === undefined) return 'missing';
  const { size } = fstatSync(descriptor);
  let fault = size === file.length ? undefined : `expected ${file.length} bytes, found ${size}`;
  const found = Buffer.alloc(stepBytes);
  forEachStep(torrent, file, (expected, offset) => {
    if (fault !== undefined) return;
    const length = readSync(descriptor, found, 0, expected.length, offset);
    if (!found.subarray(0, length).equals(expected)) fault = `wrong bytes between ${offset} and ${offset + expected.length}`;
  });
  closeSync(descriptor);
  return fault;
}

function open(target: string): number | undefined {
  try {
    return openSync(target, 'r');
  } catch {
    return undefined;
  }
}

function forEachStep(torrent: MadeTorrent, file: MadeFile, action: (expected: Buffer, offset: number) => void): void {
  for (let offset = 0; offset < file.length; offset += stepBytes) {
    action(torrent.read(file.offset + offset, Math.min(stepBytes, file.length - offset)), offset);
  }
}

function isZeros(bytes: Buffer): boolean {
  return bytes.equals(zeros.subarray(0, bytes.length));
}
