import assert from 'node:assert/strict';
import { endianness } from 'node:os';
import { test } from 'node:test';
import { defaultGatewayIn } from '../../../src/transport/port-mapping/default-gateway.ts';

/** 192.168.77.1 and 10.0.0.138 as this machine's kernel prints them. */
const [first, second] = endianness() === 'LE' ? ['014DA8C0', '8A00000A'] : ['C0A84D01', '0A00008A'];
const head = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n';
const route = (destination: string, gateway: string, flags: string, metric: number, mask: string): string =>
  `eth0\t${destination}\t${gateway}\t${flags}\t0\t0\t${metric}\t${mask}\t0\t0\t0\n`;

test('finds the gateway of the default route', () => {
  const lan = route('004DA8C0', '00000000', '0001', 0, '00FFFFFF');
  assert.equal(defaultGatewayIn(head + lan + route('00000000', first ?? '', '0003', 0, '00000000')), '192.168.77.1');
});

test('takes the route of the lowest metric', () => {
  const routes = route('00000000', first ?? '', '0003', 600, '00000000') + route('00000000', second ?? '', '0003', 100, '00000000');
  assert.equal(defaultGatewayIn(head + routes), '10.0.0.138');
});

test('finds none where there is none', () => {
  const none = [
    '',
    head,
    head + route('00000000', '00000000', '0001', 0, '00000000'),
    head + route('00000000', first ?? '', '0002', 0, '00000000'),
    head + route('0000000A', first ?? '', '0003', 0, '000000FF'),
    'eth0\t00000000\tzz\t0003\t0\t0\t0\t00000000\n',
  ];
  for (const routes of none) assert.equal(defaultGatewayIn(routes), undefined);
});
