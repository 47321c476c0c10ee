import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseTorrent } from '../../src/metainfo/parse-torrent.ts';
import type { Bencodable } from '../support/make-torrent.ts';
import { singleFile } from './torrent-text.ts';

function read(root: Readonly<Record<string, Bencodable>>) {
  return parseTorrent(singleFile({}, root));
}

test('announce is a tier of its own', () => {
  assert.deepEqual(read({ announce: 'http://a.example/announce' }).trackers, [['http://a.example/announce']]);
});

test('announce-list is used instead of announce, with its tiers', () => {
  const { trackers } = read({
    announce: 'http://a.example/',
    'announce-list': [['http://b.example/', 'udp://c.example:80'], ['https://d.example/x']],
  });
  assert.deepEqual(trackers, [['http://b.example/', 'udp://c.example:80'], ['https://d.example/x']]);
});

for (const list of [[], [[]], [['']], [['ftp://x.example/']], 'x', 5]) {
  test(`announce is used when announce-list is ${JSON.stringify(list)}`, () => {
    assert.deepEqual(read({ announce: 'http://a.example/', 'announce-list': list }).trackers, [['http://a.example/']]);
  });
}

test('a list of URLs where a list of tiers should be is a tier for each', () => {
  assert.deepEqual(read({ 'announce-list': ['http://a.example/', 'http://b.example/'] }).trackers, [
    ['http://a.example/'],
    ['http://b.example/'],
  ]);
});

test('a URL counts once, wherever it is repeated', () => {
  assert.deepEqual(
    read({ 'announce-list': [['http://a.example/', 'http://a.example/'], [' http://a.example/ '], ['http://b.example/']] }).trackers,
    [['http://a.example/'], ['http://b.example/']],
  );
});

test('url-list may be a string, a list, or empty', () => {
  assert.deepEqual(read({ 'url-list': 'http://a.example/dir/' }).webSeeds, ['http://a.example/dir/']);
  assert.deepEqual(read({ 'url-list': ['http://a.example/', 'https://b.example/'] }).webSeeds, ['http://a.example/', 'https://b.example/']);
  const empty = read({ 'url-list': '' });
  assert.deepEqual([empty.webSeeds, empty.warnings], [[], []]);
});

const leftOut: readonly (readonly [url: Bencodable, warning: RegExp])[] = [
  ['file:///etc/passwd', /scheme we do not use, file:/],
  ['ftp://x.example/', /scheme we do not use, ftp:/],
  ['gopher://x.example/', /scheme we do not use/],
  ['javascript:alert(1)', /scheme we do not use/],
  ['data:text/html,x', /scheme we do not use/],
  ['unix:/run/x', /scheme we do not use/],
  ['wss://x.example/', /scheme we do not use, wss:/],
  ['http://x.example/\r\nX-Evil: 1', /control character/],
  ['http://x.example/\x1b[2J', /control character/],
  ['http://', /not a URL/],
  ['no url', /not a URL/],
  ['http://x y/', /not a URL/],
  ['http://bücher.example/', /internationalised/],
  ['http://www.xn--bcher-kva.example/', /internationalised/],
  [`http://x.example/${'x'.repeat(2048)}`, /longer than 2048/],
  [5, /not a string/],
  [['http://nested.example/'], /not a string/],
];
for (const [url, warning] of leftOut) {
  test(`leaves out ${JSON.stringify(url).slice(0, 60)} with a warning`, () => {
    const { trackers, webSeeds, warnings } = read({ 'announce-list': [[url]], 'url-list': [url] });
    assert.deepEqual([trackers, webSeeds], [[], []]);
    assert.equal(warnings.length, 2);
    for (const line of warnings) {
      assert.match(line, warning);
      assert.match(line, /left out$/);
      assert.doesNotMatch(line, /\p{Cc}/u);
    }
  });
}

test('a URL that is left out is told once, wherever it is repeated', () => {
  const url = 'wss://x.example/announce';
  const { trackers, warnings } = read({ announce: url, 'announce-list': [[url], [` ${url}`]] });
  assert.deepEqual(trackers, []);
  assert.deepEqual(warnings, ['tracker wss://x.example/announce has a scheme we do not use, wss: left out']);
});

test('udp is for trackers only', () => {
  const { trackers, webSeeds } = read({ announce: 'udp://t.example:80/announce', 'url-list': ['udp://t.example:80/'] });
  assert.deepEqual([trackers, webSeeds], [[['udp://t.example:80/announce']], []]);
});

test('a warning about a URL does not tell its secrets', () => {
  const line = read({ announce: 'ftp://user:pass@x.example/0123456789abcdef0123456789abcdef/announce?passkey=s3cret' }).warnings.join();
  assert.match(line, /x\.example/);
  assert.doesNotMatch(line, /pass@|user|0123456789abcdef|s3cret/);
});

test('keeps 64 trackers and 32 web seeds of ten thousand, and says so once', () => {
  const urls = Array.from({ length: 10_000 }, (_, i) => `http://t${i}.example/`);
  const { trackers, webSeeds, warnings } = read({ 'announce-list': urls.map((url) => [url]), 'url-list': urls });
  assert.deepEqual(trackers.flat(), urls.slice(0, 64));
  assert.deepEqual(webSeeds, urls.slice(0, 32));
  assert.deepEqual(warnings, [
    '9936 more tracker URLs than the 64 allowed: left out',
    '9968 more web seed URLs than the 32 allowed: left out',
  ]);
});

test('ten thousand odd URLs give a handful of warnings', () => {
  const { warnings } = read({ 'announce-list': [Array.from({ length: 10_000 }, (_, i) => `ftp://t${i}.example/`)] });
  assert.equal(warnings.length, 6);
  assert.equal(warnings[5], '9995 more tracker URLs left out');
});

test('reads nodes by name and by address, and leaves out what is none', () => {
  const { nodes, warnings } = read({
    nodes: [['router.example', 6881], ['::1', 1], ['h', 0], ['h', 65_536], ['h'], 'h', [5, 5], ['evil\x1b', 5]],
  });
  assert.deepEqual(nodes, [
    { host: 'router.example', port: 6881 },
    { host: '::1', port: 1 },
  ]);
  assert.deepEqual(warnings, ['"nodes" of the torrent: 2 of 8 kept']);
});

test('keeps 64 nodes of ten thousand', () => {
  assert.equal(read({ nodes: Array.from({ length: 10_000 }, () => ['h', 1]) }).nodes.length, 64);
  assert.deepEqual(read({ nodes: 'x' }).nodes, []);
});
