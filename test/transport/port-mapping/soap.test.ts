import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProtocolError } from '../../../src/errors.ts';
import { readSoapAnswer, soapRequest } from '../../../src/transport/port-mapping/soap.ts';
import { mutate, seededRandom } from '../../support/mutation.ts';
import { soapFault, soapResponse } from '../../support/scripted-router.ts';

const service = 'urn:schemas-upnp-org:service:WANIPConnection:1';

test('asks for an action', () => {
  assert.deepEqual(soapRequest(service, 'DeletePortMapping', { NewRemoteHost: '', NewExternalPort: 6881, NewProtocol: 'TCP' }), {
    headers: { 'content-type': 'text/xml; charset="utf-8"', soapaction: `"${service}#DeletePortMapping"` },
    body:
      '<?xml version="1.0"?>\r\n<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" ' +
      's:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body><u:DeletePortMapping ' +
      'xmlns:u="urn:schemas-upnp-org:service:WANIPConnection:1"><NewRemoteHost></NewRemoteHost>' +
      '<NewExternalPort>6881</NewExternalPort><NewProtocol>TCP</NewProtocol></u:DeletePortMapping></s:Body></s:Envelope>\r\n',
  });
});

test('reads what came of it', () => {
  assert.deepEqual(readSoapAnswer(soapResponse('GetExternalIPAddress', { NewExternalIPAddress: '1.2.3.4' }), 'GetExternalIPAddress'), {
    kind: 'done',
    values: new Map([['NewExternalIPAddress', '1.2.3.4']]),
  });
  assert.deepEqual(readSoapAnswer(soapResponse('DeletePortMapping', {}), 'DeletePortMapping'), { kind: 'done', values: new Map() });
});

test('reads why it was not done, in printable words', () => {
  assert.deepEqual(readSoapAnswer(soapFault(718, 'ConflictInMappingEntry'), 'AddPortMapping'), {
    kind: 'fault',
    code: 718,
    description: 'ConflictInMappingEntry',
  });
  const outcome = readSoapAnswer(soapFault(501, `&#27;[2J${'x'.repeat(500)}`), 'AddPortMapping');
  assert.ok(outcome.kind === 'fault' && outcome.description.startsWith('\\x1b[2Jx') && outcome.description.length === 80);
});

test('refuses what is no answer to the action', () => {
  const none = ['', '<html/>', soapResponse('GetExternalIPAddress', {}), soapFault('many', ''), soapFault(-1, ''), soapFault(1e9, '')];
  for (const text of none) assert.throws(() => readSoapAnswer(text, 'AddPortMapping'), ProtocolError, text);
});

test('whatever is sent is read or refused', () => {
  const random = seededRandom(5);
  for (const seed of [soapFault(718, 'ConflictInMappingEntry'), soapResponse('AddPortMapping', { NewReservedPort: 6881 })]) {
    for (let run = 0; run < 2_000; run++) {
      const text = Buffer.from(mutate(Buffer.from(seed), random, Buffer.from('<>/:&;0129 '))).toString('utf8');
      try {
        readSoapAnswer(text, 'AddPortMapping');
      } catch (error) {
        assert.ok(error instanceof ProtocolError, `${text}: ${String(error)}`);
      }
    }
  }
});
