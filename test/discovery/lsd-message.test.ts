import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeLsdAnnounce, encodeLsdAnnounce } from '../../src/discovery/lsd-message.ts';
import { mutate, seededRandom } from '../support/mutation.ts';

const infohash = '0123456789abcdef0123456789abcdef01234567';
const other = 'f'.repeat(40);
const read = (...lines: string[]) => decodeLsdAnnounce(Buffer.from(['BT-SEARCH * HTTP/1.1', ...lines, '', ''].join('\r\n')));

describe('announce of local discovery', () => {
  it('is written as BEP 14 has it', () => {
    const bytes = encodeLsdAnnounce('239.192.152.143:6771', { port: 6881, infohashes: [infohash], cookie: 'c0' });
    const expected = `BT-SEARCH * HTTP/1.1\r\nHost: 239.192.152.143:6771\r\nPort: 6881\r\nInfohash: ${infohash}\r\ncookie: c0\r\n\r\n\r\n`;
    assert.equal(Buffer.from(bytes).toString(), expected);
    assert.deepEqual(decodeLsdAnnounce(bytes), { port: 6881, infohashes: [infohash], cookie: 'c0' });
  });

  it('is read in whatever order and case, with several torrents and without a cookie', () => {
    const announce = read(
      'PORT:7',
      `infohash: ${infohash.toUpperCase()}`,
      'X-Other: 1',
      `Infohash:\t${other} `,
      'Host: [ff15::efc0:988f]:6771',
    );
    assert.deepEqual(announce, { port: 7, infohashes: [infohash, other], cookie: undefined });
  });

  it('is none without a port, a torrent or its first line, or when it is too long', () => {
    const good = ['Port: 7', `Infohash: ${infohash}`];
    assert.notEqual(read(...good), undefined);
    assert.equal(read('Port: 7'), undefined);
    assert.equal(read(`Infohash: ${infohash}`), undefined);
    for (const port of ['0', '65536', '-1', '1e3', '', '6881x', '0x10'])
      assert.equal(read(`Port: ${port}`, `Infohash: ${infohash}`), undefined, port);
    for (const hash of ['', 'z'.repeat(40), other.slice(1), `${other}0`])
      assert.equal(read('Port: 7', `Infohash: ${hash}`), undefined, hash);
    assert.equal(read('Port: 0', ...good), undefined, 'the first port counts');
    assert.equal(read(...good, `X: ${'x'.repeat(2048)}`), undefined);
    assert.equal(decodeLsdAnnounce(Buffer.from(`GET / HTTP/1.1\r\nPort: 7\r\nInfohash: ${infohash}\r\n\r\n`)), undefined);
    assert.equal(decodeLsdAnnounce(new Uint8Array(0)), undefined);
  });

  it('reads whatever bytes as an announce or as none', () => {
    const random = seededRandom(14);
    const good = encodeLsdAnnounce('239.192.152.143:6771', { port: 6881, infohashes: [infohash, other], cookie: 'c0' });
    let understood = 0;
    for (let round = 0; round < 20_000; round++) {
      const announce = decodeLsdAnnounce(mutate(good, random, Buffer.from(':\r\n 0123456789abcdefPINC')));
      if (announce === undefined) continue;
      understood++;
      assert.ok(announce.port >= 1 && announce.port <= 65_535);
      assert.ok(announce.infohashes.length > 0 && announce.infohashes.every((hash) => /^[0-9a-f]{40}$/.test(hash)));
    }
    assert.ok(understood > 1000, String(understood));
  });

  it('costs no more than its length', () => {
    // A name or value that a pattern could read in many ways.
    for (const line of [' '.repeat(2000), `a:${' \t'.repeat(990)}x`, ':'.repeat(2000), 'cookie:'.repeat(280)])
      assert.equal(read(line), undefined);
  });
});
