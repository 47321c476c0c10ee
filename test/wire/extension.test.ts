import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ProtocolError } from '../../src/errors.ts';
import { decodeExtensionHandshake, encodeExtensionHandshake } from '../../src/wire/extension.ts';

const decode = (text: string) => decodeExtensionHandshake(Buffer.from(text, 'latin1'));
const nothing = {
  client: undefined,
  requestQueue: undefined,
  uploadOnly: false,
  listenPort: undefined,
  yourIp: undefined,
  prefersEncryption: false,
  pexId: undefined,
};

describe('extension handshake', () => {
  it('is written in canonical order', () => {
    const common = { client: 'ttorrent/9', requestQueue: 500, uploadOnly: false };
    const bytes = encodeExtensionHandshake({ ...common, listenPort: 6881, takesPex: false, yourIp: undefined });
    assert.equal(Buffer.from(bytes).toString('latin1'), 'd1:mde1:pi6881e4:reqqi500e11:upload_onlyi0e1:v10:ttorrent/9e');
    const more = encodeExtensionHandshake({ ...common, listenPort: undefined, takesPex: true, yourIp: '1.2.3.4' });
    const expected = 'd1:md6:ut_pexi1ee4:reqqi500e11:upload_onlyi0e1:v10:ttorrent/96:yourip4:\x01\x02\x03\x04e';
    assert.equal(Buffer.from(more).toString('latin1'), expected);
  });

  it('reads who speaks and what it takes', () => {
    assert.deepEqual(decode('d1:md6:ut_pexi1ee1:pi6882e4:reqqi250e11:upload_onlyi1e1:v5:Otheree'.replace('Otheree', 'Othere')), {
      client: 'Other',
      requestQueue: 250,
      uploadOnly: true,
      listenPort: 6882,
      yourIp: undefined,
      prefersEncryption: false,
      pexId: 1,
    });
    const told = decode('d1:ei1e1:md6:ut_pexi0ee6:yourip16:\0\0\0\0\0\0\0\0\0\0\xff\xff\x05\x06\x07\x08e');
    assert.deepEqual(told, { ...nothing, yourIp: '5.6.7.8', prefersEncryption: true, pexId: 0 });
  });

  it('leaves out what is out of range or of the wrong type', () => {
    for (const text of [
      'de',
      'd4:reqqi-1ee',
      'd4:reqqi0ee',
      'd1:vi1ee',
      'd11:upload_onlyi0ee',
      'd1:md6:ut_pexi256eee',
      'd1:mlee',
      'd1:pi65536ee',
      'd6:yourip5:abcdee',
    ]) {
      assert.deepEqual(decode(text), nothing, text);
    }
  });

  it('makes the client name printable and short', () => {
    const { client } = decode(`d1:v200:\x1b[31m${'x'.repeat(195)}e`);
    assert.ok(client !== undefined && client.length <= 70 && !client.includes('\x1b'), client);
  });

  it('refuses what is no dictionary, too deep or too long', () => {
    for (const text of ['', 'le', 'i1e', 'd', 'd1:m', 'l'.repeat(50), `d1:v70000:${'x'.repeat(70_000)}e`]) {
      assert.throws(() => decode(text), ProtocolError, text.slice(0, 20));
    }
  });
});
