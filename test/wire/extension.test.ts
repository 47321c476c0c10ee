import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ProtocolError } from '../../src/errors.ts';
import { decodeExtensionHandshake, encodeExtensionHandshake } from '../../src/wire/extension.ts';

const decode = (text: string) => decodeExtensionHandshake(Buffer.from(text, 'latin1'));
const nothing = { client: undefined, requestQueue: undefined, uploadOnly: false };

describe('extension handshake', () => {
  it('is written in canonical order', () => {
    const bytes = encodeExtensionHandshake({ client: 'ttorrent/9', requestQueue: 500, listenPort: 6881, uploadOnly: false });
    assert.equal(Buffer.from(bytes).toString('latin1'), 'd1:mde1:pi6881e4:reqqi500e11:upload_onlyi0e1:v10:ttorrent/9e');
  });

  it('reads who speaks and what it takes', () => {
    assert.deepEqual(decode('d1:md6:ut_pexi1ee1:pi6882e4:reqqi250e11:upload_onlyi1e1:v5:Otheree'.replace('Otheree', 'Othere')), {
      client: 'Other',
      requestQueue: 250,
      uploadOnly: true,
    });
  });

  it('leaves out what is out of range or of the wrong type', () => {
    for (const text of ['de', 'd4:reqqi-1ee', 'd4:reqqi0ee', 'd1:vi1ee', 'd11:upload_onlyi0ee']) {
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
