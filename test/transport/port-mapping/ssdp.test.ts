import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { descriptionUrlIn, ssdpSearches } from '../../../src/transport/port-mapping/ssdp.ts';
import { mutate, seededRandom } from '../../support/mutation.ts';

const gateway = 'urn:schemas-upnp-org:device:InternetGatewayDevice:1';

function answer(location: string, target = gateway, status = 'HTTP/1.1 200 OK'): Uint8Array {
  return Buffer.from(`${status}\r\nCACHE-CONTROL: max-age=120\r\nST: ${target}\r\nEXT:\r\nLocation: ${location}\r\n\r\n`, 'utf8');
}

test('searches in the words of SSDP', () => {
  const [first] = ssdpSearches({ host: '239.255.255.250', port: 1900 });
  assert.equal(
    Buffer.from(first ?? []).toString('latin1'),
    `M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\nMX: 1\r\nST: ${gateway}\r\n\r\n`,
  );
});

test('finds the description of who answers', () => {
  const url = 'http://192.168.1.1:5000/rootDesc.xml';
  assert.equal(descriptionUrlIn(answer(url), '192.168.1.1')?.href, url);
  assert.equal(descriptionUrlIn(answer(url, 'urn:schemas-upnp-org:service:WANPPPConnection:1'), '192.168.1.1')?.href, url);
  for (const sender of ['169.254.7.7', '100.64.0.1', '10.0.0.138', '127.0.0.1']) {
    assert.equal(descriptionUrlIn(answer(`http://${sender}/`), sender)?.href, `http://${sender}/`);
  }
});

test('is led to nobody else, and to nobody in the world', () => {
  const refused: [location: string, sender: string][] = [
    ['http://192.168.1.2/', '192.168.1.1'],
    ['http://169.254.169.254/', '192.168.1.1'],
    ['http://127.0.0.1/', '192.168.1.1'],
    ['http://localhost/', '127.0.0.1'],
    ['http://router.lan/', '192.168.1.1'],
    ['https://192.168.1.1/', '192.168.1.1'],
    ['file:///etc/passwd', '192.168.1.1'],
    ['http://user:word@192.168.1.1/', '192.168.1.1'],
    ['http://192.168.1.1@192.168.1.2/', '192.168.1.1'],
    ['http://8.8.8.8/', '8.8.8.8'],
    ['/rootDesc.xml', '192.168.1.1'],
    [`http://192.168.1.1/${'x'.repeat(600)}`, '192.168.1.1'],
    ['', '192.168.1.1'],
  ];
  for (const [location, sender] of refused) assert.equal(descriptionUrlIn(answer(location), sender), undefined, location);
});

test('does not take for an answer what is none', () => {
  const url = 'http://192.168.1.1/';
  const none = [
    answer(url, 'urn:schemas-upnp-org:device:MediaServer:1'),
    answer(url, gateway, 'HTTP/1.1 404 Not Found'),
    answer(url, gateway, 'NOTIFY * HTTP/1.1'),
    Buffer.from(`HTTP/1.1 200 OK\r\nST: ${gateway}\r\n\r\n`),
    new Uint8Array(),
  ];
  for (const bytes of none) assert.equal(descriptionUrlIn(bytes, '192.168.1.1'), undefined);
});

test('whatever is sent, only http to the sender comes out', () => {
  const check = (bytes: Uint8Array): void => {
    const url = descriptionUrlIn(bytes, '192.168.1.1');
    if (url !== undefined) assert.equal(`${url.protocol}//${url.hostname}`, 'http://192.168.1.1');
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 2_000 }), check));
  const random = seededRandom(6);
  for (let run = 0; run < 5_000; run++) check(mutate(answer('http://192.168.1.1/x'), random, Buffer.from('\r\n:/.@0129htps ')));
});
