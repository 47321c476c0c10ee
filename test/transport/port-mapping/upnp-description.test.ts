import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProtocolError } from '../../../src/errors.ts';
import { connectionsIn } from '../../../src/transport/port-mapping/upnp-description.ts';
import { mutate, seededRandom } from '../../support/mutation.ts';
import { routerDescription } from '../../support/scripted-router.ts';

const location = new URL('http://192.168.1.1:5000/rootDesc.xml');
const ip1 = 'urn:schemas-upnp-org:service:WANIPConnection:1';

/** The control URLs in a description with one service, whose control URL is `controlUrl`. */
function found(controlUrl: string, serviceType = ip1, urlBase = ''): string[] {
  return connectionsIn(routerDescription(serviceType, controlUrl, urlBase), location).map((connection) => connection.controlUrl.href);
}

test('finds the connections of a router', () => {
  const types = [ip1, 'urn:schemas-upnp-org:service:WANIPConnection:2', 'urn:schemas-upnp-org:service:WANPPPConnection:1'];
  for (const type of types) assert.deepEqual(found('/ctl/IPConn', type), ['http://192.168.1.1:5000/ctl/IPConn']);
  assert.deepEqual(found('/ctl/IPConn', 'urn:schemas-upnp-org:service:Layer3Forwarding:1'), []);
  assert.deepEqual(found('/ctl/IPConn', `${ip1}#&quot;&gt;&lt;x`), []);
});

test('resolves a control URL by the base, or by where the description was', () => {
  assert.deepEqual(found('ctl?a=1&amp;b=2'), ['http://192.168.1.1:5000/ctl?a=1&b=2']);
  assert.deepEqual(found('ctl', ip1, 'http://192.168.1.1:49000/x/'), ['http://192.168.1.1:49000/x/ctl']);
  assert.deepEqual(found('http://192.168.1.1:49000/ctl'), ['http://192.168.1.1:49000/ctl']);
});

test('is led to no other host, and out of no http', () => {
  const elsewhere = ['http://192.168.1.2/', '//10.0.0.1/ctl', 'https://192.168.1.1/', 'file:///etc/passwd', 'http://a:b@192.168.1.1/', ''];
  for (const url of elsewhere) assert.deepEqual(found(url), [], url);
  assert.deepEqual(found(`/${'x'.repeat(600)}`), []);
  assert.deepEqual(found('ctl', ip1, 'http://169.254.169.254/latest/'), ['http://192.168.1.1:5000/ctl']);
});

test('keeps four connections of many', () => {
  const service = `<service><serviceType>${ip1}</serviceType><controlURL>/c</controlURL></service>`;
  assert.equal(connectionsIn(`<root>${service.repeat(50)}</root>`, location).length, 4);
});

test('whatever is sent, only http to the same host comes out', () => {
  const random = seededRandom(4);
  const seed = Buffer.from(routerDescription(ip1, 'http://192.168.1.1:5000/ctl', 'http://192.168.1.1/'), 'utf8');
  const telling = Buffer.from('<>/:.@#?&; 0129h');
  for (let run = 0; run < 3_000; run++) {
    try {
      const connections = connectionsIn(Buffer.from(mutate(seed, random, telling)).toString('utf8'), location);
      for (const { controlUrl } of connections) assert.equal(`${controlUrl.protocol}//${controlUrl.hostname}`, 'http://192.168.1.1');
    } catch (error) {
      assert.ok(error instanceof ProtocolError, String(error));
    }
  }
});
