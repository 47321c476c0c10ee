// A router on loopback that does as a script says: PCP and NAT-PMP on one UDP port, SSDP on another, UPnP over HTTP. It shares no code with
// src/, and keeps what was asked of it.

import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How a router answers. What is left out is not answered. */
export interface RouterScript {
  /** Answers to a datagram at the port of PCP and NAT-PMP. */
  readonly onDatagram?: (bytes: Buffer) => readonly Uint8Array[];
  /** The location to name in answer to a search. `ownUrl` is that of its description. */
  readonly onSearch?: (ownUrl: string) => string;
  readonly description?: string;
  /** The SOAP answer to an action; undefined: none ever. */
  readonly onAction?: (action: string, args: ReadonlyMap<string, string>) => string | undefined;
  /** Takes over a whole HTTP exchange when it returns true. */
  readonly onHttp?: (request: IncomingMessage, response: ServerResponse) => boolean;
}

export interface ScriptedRouter {
  readonly host: string;
  readonly pcpPort: number;
  readonly ssdpPort: number;
  readonly datagrams: readonly Buffer[];
  /** `ACTION EXTERNALPORT`, in the order they came. */
  readonly actions: readonly string[];
  /** The UDP socket of SSDP and whom it heard last, for answers out of turn. */
  readonly searchers: readonly RemoteInfo[];
  readonly askers: readonly RemoteInfo[];
  close(): Promise<void>;
}

export async function startRouter(script: RouterScript): Promise<ScriptedRouter> {
  const host = '127.0.0.1';
  const datagrams: Buffer[] = [];
  const actions: string[] = [];
  const searchers: RemoteInfo[] = [];
  const askers: RemoteInfo[] = [];

  const http = createServer((request, response) => {
    if (script.onHttp?.(request, response) === true) return;
    if (request.method === 'GET') return void response.end(script.description);
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      const action = /#(\w+)"$/.exec(String(request.headers['soapaction']))?.[1] ?? '';
      const args = new Map([...body.matchAll(/<(New\w+)>([^<]*)</g)].map(([, name = '', value = '']) => [name, value]));
      actions.push([action, args.get('NewExternalPort')].join(' ').trim());
      const answer = script.onAction?.(action, args);
      if (answer === undefined) return;
      response.writeHead(answer.includes('UPnPError') ? 500 : 200).end(answer);
    });
  });
  http.listen(0, host);
  await once(http, 'listening');
  const ownUrl = `http://${host}:${(http.address() as AddressInfo).port}/description.xml`;

  const pcp = await listen(host, (bytes, from) => {
    datagrams.push(bytes);
    askers.push(from);
    for (const answer of script.onDatagram?.(bytes) ?? []) pcp.send(answer, from.port, from.address);
  });
  const ssdp = await listen(host, (bytes, from) => {
    searchers.push(from);
    const target = /^ST: (.*)\r$/m.exec(bytes.toString('latin1'))?.[1] ?? '';
    if (script.onSearch !== undefined) ssdp.send(searchAnswer(target, script.onSearch(ownUrl)), from.port, from.address);
  });
  return {
    host,
    pcpPort: pcp.address().port,
    ssdpPort: ssdp.address().port,
    datagrams,
    actions,
    searchers,
    askers,
    async close() {
      pcp.close();
      ssdp.close();
      http.closeAllConnections();
      http.close();
      await once(http, 'close');
    },
  };
}

async function listen(host: string, heard: (bytes: Buffer, from: RemoteInfo) => void): Promise<Socket> {
  const socket = createSocket('udp4', heard);
  socket.bind(0, host);
  await once(socket, 'listening');
  return socket;
}

export function searchAnswer(target: string, location: string): Buffer {
  return Buffer.from(`HTTP/1.1 200 OK\r\nST: ${target}\r\nUSN: uuid:1::${target}\r\nLOCATION: ${location}\r\n\r\n`);
}

/** The description of a router whose one connection is of `serviceType`, in the shape that all of them have. */
export function routerDescription(serviceType: string, controlUrl: string, urlBase = ''): string {
  const service = `<service><serviceType>${serviceType}</serviceType><controlURL>${controlUrl}</controlURL></service>`;
  const other = '<service><serviceType>urn:schemas-upnp-org:service:X:1</serviceType><controlURL>/x</controlURL></service>';
  return (
    '<?xml version="1.0"?>\n<root xmlns="urn:schemas-upnp-org:device-1-0">' +
    (urlBase === '' ? '' : `<URLBase>${urlBase}</URLBase>`) +
    `<device><friendlyName>AT&amp;T router</friendlyName><serviceList>${other}</serviceList>` +
    `<deviceList><device><deviceList><device><serviceList>${service}</serviceList></device></deviceList></device></deviceList></device></root>`
  );
}

export function soapResponse(action: string, values: Readonly<Record<string, string | number>>): string {
  const fields = Object.entries(values).map(([name, value]) => `<${name}>${value}</${name}>`);
  return envelope(`<u:${action}Response xmlns:u="urn:x">${fields.join('')}</u:${action}Response>`);
}

export function soapFault(code: number | string, description: string): string {
  return envelope(
    '<s:Fault><faultcode>s:Client</faultcode><faultstring>UPnPError</faultstring><detail><UPnPError xmlns="urn:x">' +
      `<errorCode>${code}</errorCode><errorDescription>${description}</errorDescription></UPnPError></detail></s:Fault>`,
  );
}

function envelope(body: string): string {
  return `<?xml version="1.0"?>\r\n<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>${body}</s:Body></s:Envelope>`;
}

/** The answer of a router that grants a PCP MAP request as `externalPort` at 1.2.3.4. */
export function pcpGrant(request: Buffer, externalPort: number, lifetimeSeconds: number): Buffer {
  const answer = Buffer.from(request);
  answer[1] = 0x81;
  answer.fill(0, 2, 24);
  answer.writeUInt32BE(lifetimeSeconds, 4);
  answer.writeUInt16BE(externalPort, 42);
  Buffer.from('00000000000000000000ffff01020304', 'hex').copy(answer, 44);
  return answer;
}

/** The answer of a router that speaks NAT-PMP only, and has `address` to the outside. */
export function natPmpAnswer(request: Buffer, externalPort: number, address: string): Buffer {
  if (request[0] !== 0) return Buffer.from('0081000100000001', 'hex');
  if (request[1] === 0) return Buffer.from([0, 128, 0, 0, 0, 0, 0, 1, ...address.split('.').map(Number)]);
  const answer = Buffer.alloc(16);
  answer[1] = 130;
  request.copy(answer, 8, 4, 12);
  answer.writeUInt16BE(externalPort, 10);
  return answer;
}
