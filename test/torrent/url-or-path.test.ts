// How files that are named by path or URL are told apart and called, and how errors come that are known before anything is read.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadBlocklist } from '../../src/torrent/load-blocklist.ts';
import { isUrl, nameOfList, sourceName } from '../../src/torrent/url-or-path.ts';

test('http and https URLs are fetched, others refused, and all else is a path', () => {
  assert.deepEqual(
    ['HTTP://x.example/a', 'https://x.example/', 'a.torrent', 'c:/a', './-', 'a:b'].map((source) => isUrl(source, 'it')),
    [true, true, false, false, false, false],
  );
  assert.throws(() => isUrl('ftp://x.example/a', 'it'), { code: 'bad-argument', message: /^it: only http and https/ });
});

test('no name holds what may be a secret in a URL, and one of a list says which list it is', () => {
  const secret = 'https://me:s3cret@x.example/lists/SHA256SUMS?pin=s3cret';
  assert.equal(nameOfList(secret), 'https://***@x.example/lists/SHA256SUMS');
  assert.equal(nameOfList('/lists/SHA256SUMS'), '/lists/SHA256SUMS');
  for (const name of [sourceName(secret), nameOfList('https://me:s3cret@x y/')]) assert.doesNotMatch(name, /s3cret/);
});

test('a network that makes no sense rejects, and is not thrown', async () => {
  const loading = loadBlocklist([], { network: { bind: 'no such interface' } });
  await assert.rejects(loading, { code: 'bad-argument' });
});
