// A link with a delay and a rate before a peer: what it sends reaches us no faster than the rate and half a round trip later, and what we
// send reaches it half a round trip later. One link's connections share its rate. It models queueing, not loss.

import { once } from 'node:events';
import net from 'node:net';

/** Where a link begins and ends. */
export interface LinkShape {
  readonly address: string;
  readonly to: { readonly host: string; readonly port: number };
  readonly roundTripMs: number;
  /** From the peer to us. */
  readonly bytesPerSecond: number;
}

/** Opens the link. Returns the port it listens on, one of the kernel's choice. */
export async function openLink(shape: LinkShape): Promise<number> {
  const wire = new Wire(shape.bytesPerSecond / 1000);
  const server = net.createServer((socket) => join(socket, shape, wire));
  server.listen(0, shape.address);
  await once(server, 'listening');
  return (server.address() as net.AddressInfo).port;
}

/** The sending end of a line that one packet at a time can use. */
class Wire {
  readonly #bytesPerMs: number;
  #freeAtMs = 0;

  constructor(bytesPerMs: number) {
    this.#bytesPerMs = bytesPerMs;
  }

  /** When `bytes` that come now have left. */
  carry(bytes: number, nowMs: number): number {
    this.#freeAtMs = Math.max(this.#freeAtMs, nowMs) + bytes / this.#bytesPerMs;
    return this.#freeAtMs;
  }
}

function join(near: net.Socket, shape: LinkShape, wire: Wire): void {
  near.setNoDelay(true);
  near.on('error', () => {});
  near.pause();
  // The kernel accepted at once; over a real line the handshake of TCP takes a round trip.
  setTimeout(() => {
    const far = net.connect(shape.to);
    far.setNoDelay(true);
    far.on('error', () => near.destroy());
    const delayMs = shape.roundTripMs / 2;
    const most = Math.max(256 * 1024, (2 * shape.bytesPerSecond * shape.roundTripMs) / 1000);
    relay(near, far, most, (_bytes, nowMs) => nowMs + delayMs);
    relay(far, near, most, (bytes, nowMs) => wire.carry(bytes, nowMs) + delayMs);
    near.on('close', () => far.destroy());
    far.on('close', () => setTimeout(() => near.destroy(), delayMs));
  }, shape.roundTripMs);
}

/** Packets of this size take turns on the wire. */
const packetBytes = 16 * 1024;

/** Passes on what comes from `from` at the time that `arrivalMs` says. At most `most` bytes are on the way; then `from` has to wait. */
function relay(from: net.Socket, to: net.Socket, most: number, arrivalMs: (bytes: number, nowMs: number) => number): void {
  const packets: { readonly atMs: number; readonly bytes: Buffer }[] = [];
  let first = 0;
  let bytesUnderWay = 0;
  let timer: NodeJS.Timeout | undefined;

  const deliver = (): void => {
    timer = undefined;
    const nowMs = performance.now();
    let isTaking = true;
    to.cork();
    for (let next = packets[first]; isTaking && next !== undefined && next.atMs <= nowMs; next = packets[first]) {
      first++;
      bytesUnderWay -= next.bytes.length;
      isTaking = to.write(next.bytes);
    }
    to.uncork();
    if (first > 1024) {
      packets.splice(0, first);
      first = 0;
    }
    if (bytesUnderWay < most) from.resume();
    if (to.writableNeedDrain) to.once('drain', schedule);
    else schedule();
  };
  const schedule = (): void => {
    const next = packets[first];
    if (next === undefined || timer !== undefined || to.destroyed || to.writableNeedDrain) return;
    timer = setTimeout(deliver, Math.max(1, next.atMs - performance.now()));
  };

  from.on('data', (chunk: Buffer) => {
    const nowMs = performance.now();
    for (let at = 0; at < chunk.length; at += packetBytes) {
      const bytes = chunk.subarray(at, at + packetBytes);
      packets.push({ atMs: arrivalMs(bytes.length, nowMs), bytes });
    }
    bytesUnderWay += chunk.length;
    if (bytesUnderWay >= most) from.pause();
    schedule();
  });
  from.on('close', () => clearTimeout(timer));
  from.resume();
}
