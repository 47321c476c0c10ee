// Servers on loopback that answer as a test says: HTTP, HTTPS, or raw bytes. Ports from the kernel; all closed with the test.

import http from 'node:http';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

/** A server that runs until its test ends. */
export interface LoopbackServer {
  /** `http://127.0.0.1:PORT` or with `https`, without a path. */
  readonly origin: string;
  readonly port: number;
  /** The request lines' targets so far, in order (HTTP), or one entry per connection (raw). */
  readonly targets: readonly string[];
}

type Handler = (request: http.IncomingMessage, response: http.ServerResponse) => void;

export async function serveHttp(t: TestContext, handler: Handler): Promise<LoopbackServer> {
  const targets: string[] = [];
  const server = http.createServer((request, response) => {
    targets.push(request.url ?? '');
    handler(request, response);
  });
  t.after(() => server.closeAllConnections());
  return { origin: `http://127.0.0.1:${await listen(t, server)}`, port: portOf(server), targets };
}

export async function serveHttps(t: TestContext, certificate: { key: Buffer; cert: Buffer }, handler: Handler): Promise<LoopbackServer> {
  const targets: string[] = [];
  const server = https.createServer(certificate, (request, response) => {
    targets.push(request.url ?? '');
    handler(request, response);
  });
  t.after(() => server.closeAllConnections());
  return { origin: `https://127.0.0.1:${await listen(t, server)}`, port: portOf(server), targets };
}

/** A server that does with each connection what `onConnection` says. */
export async function serveRaw(t: TestContext, onConnection: (socket: net.Socket) => void): Promise<LoopbackServer> {
  const targets: string[] = [];
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    targets.push('');
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    onConnection(socket);
  });
  t.after(() => sockets.forEach((socket) => void socket.destroy()));
  return { origin: `http://127.0.0.1:${await listen(t, server)}`, port: portOf(server), targets };
}

/** A port of loopback on which nobody listens. */
export async function closedPort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const port = portOf(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function listen(t: TestContext, server: net.Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => new Promise((resolve) => server.close(resolve)));
  return portOf(server);
}

function portOf(server: net.Server): number {
  return (server.address() as AddressInfo).port;
}
