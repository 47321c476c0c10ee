import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeLookalike } from '../../src/metainfo/lookalike.ts';

const table: readonly (readonly [head: string, name: string | undefined])[] = [
  ['<!doctype html>', 'an HTML page'],
  ['\r\n <html lang="en">', 'an HTML page'],
  ['<?xml version="1.0"?>', 'an XML file'],
  ['\x1f\x8b\x08', 'a gzip archive'],
  ['PK\x03\x04', 'a zip archive'],
  ['PK\x05\x06', 'a zip archive'],
  ['#extm3u', 'an m3u playlist'],
  ['magnet:?xt=', 'a magnet link'],
  ['https://x.example/a.torrent', 'a text file with a link'],
  ['{"a":1}', 'a JSON file'],
  ['%PDF-1.7', 'a PDF document'],
  ['d4:infod', undefined],
  ['', undefined],
  ['PKZIP', undefined],
];
for (const [head, name] of table) {
  test(`${JSON.stringify(head)} looks like ${name ?? 'nothing known'}`, () =>
    assert.equal(describeLookalike(Buffer.from(head, 'latin1')), name));
}
