import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InputError } from '../../src/errors.ts';
import { type ChecksumsByFile, matchChecksums } from '../../src/metainfo/match-checksums.ts';
import type { TorrentFile } from '../../src/metainfo/metainfo.ts';

interface Shape {
  readonly files: readonly TorrentFile[];
  readonly isMultiFile: boolean;
}

function torrentOf(paths: readonly string[], isMultiFile = true): Shape {
  const files = paths.map((path, index) => {
    return { index, path: path.split('/'), length: 1, torrentOffset: index, pad: path.startsWith('.pad'), executable: false };
  });
  return { files, isMultiFile };
}

/** Paths of the files that a list of `names` names; the sum of the n-th name is the digit n, so that it is known which one came. */
function matched(torrent: Shape, names: readonly string[], selection = torrent.files.map((file) => file.index)): string[] {
  const listed = names.map((name, i) => ({ name, checksum: { algorithm: 'md5' as const, hex: String(i).repeat(32) } }));
  const sums: ChecksumsByFile = new Map();
  const count = matchChecksums(torrent, new Set(selection), listed, sums);
  assert.equal(count, sums.size);
  return [...sums].map(([index, found]) => `${torrent.files[index]?.path.join('/')}=${found.map(({ hex }) => hex[0]).join('')}`).sort();
}

const tree = torrentOf(['t/README', 't/x86/disk.iso', 't/arm/disk.iso', 't/arm/notes.txt', '.pad/1']);

test('matches the path below the name of the torrent, with or without a dot in front, and the path with the name', () => {
  assert.deepEqual(matched(tree, ['README', './x86/disk.iso', 't/arm/disk.iso']), ['t/README=0', 't/arm/disk.iso=2', 't/x86/disk.iso=1']);
});

test('matches a base name when only one file has it', () => {
  assert.deepEqual(matched(tree, ['somewhere/else/notes.txt', 'disk.iso']), ['t/arm/notes.txt=0']);
  assert.deepEqual(matched(torrentOf(['disk.iso'], false), ['releases/12/disk.iso']), ['disk.iso=0']);
});

test('matches no base name that the list has twice: it would be a guess which is meant', () => {
  assert.deepEqual(matched(torrentOf(['disk.iso'], false), ['x86/disk.iso', 'arm/disk.iso']), []);
  assert.deepEqual(matched(torrentOf(['disk.iso'], false), ['x86/disk.iso', 'arm/disk.iso', 'disk.iso']), ['disk.iso=2']);
});

test('a path below the name goes before a path with it', () => {
  assert.deepEqual(matched(torrentOf(['t/a', 't/t/a']), ['t/a']), ['t/t/a=0']);
});

test('leaves out what is not selected, and pad files', () => {
  assert.deepEqual(matched(tree, ['README', 'arm/disk.iso', '.pad/1', '1'], [0]), ['t/README=0']);
});

test('checksums of one file by several algorithms are kept, the same one twice is one, contradictions are refused', () => {
  const torrent = torrentOf(['a'], false);
  const md5 = (digit: string) => ({ name: 'a', checksum: { algorithm: 'md5' as const, hex: digit.repeat(32) } });
  const sha1 = { name: './a', checksum: { algorithm: 'sha1' as const, hex: '1'.repeat(40) } };
  const sums: ChecksumsByFile = new Map();
  assert.equal(matchChecksums(torrent, new Set([0]), [md5('0'), sha1, md5('0')], sums), 1);
  assert.deepEqual(sums.get(0), [md5('0').checksum, sha1.checksum]);
  assert.throws(() => matchChecksums(torrent, new Set([0]), [md5('2')], sums), InputError);
});
