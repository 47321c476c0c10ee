// Questions over UDP: asked, asked again, and answered by whoever may; in bounded time and with a bounded number of answers.

import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { Clock, Timer } from '../../support/clock.ts';
import type { Endpoint } from '../../support/endpoint.ts';
import { networkCause } from '../network-cause.ts';

/** A question to one address, or to a multicast group. */
export interface Question<T> {
  readonly to: Endpoint;
  /** Whether only `to` may answer: the kernel then drops all other datagrams, and tells when nobody listens there. */
  readonly onlyFromThere: boolean;
  /** What to send, each time; `localAddress` is the address it leaves from when only `to` may answer. */
  readonly messages: (localAddress: string) => readonly Uint8Array[];
  /** When to send, counted from now. */
  readonly sendAtMs: readonly number[];
  /** When to stop waiting. */
  readonly giveUpMs: number;
  /** What a datagram says; undefined when it is no answer. Does not throw. */
  readonly read: (bytes: Uint8Array, sender: string) => T | undefined;
  /** Whether there is no need to wait for more. */
  readonly isEnough: (answers: readonly T[]) => boolean;
}

/** RFC 6886, section 3.1: a quarter of a second, then twice as long each time; not for a minute, since a router next door answers or does not. */
export const askRouterAtMs = { sendAtMs: [0, 250, 750], giveUpMs: 1_750 } as const;

/** Datagrams looked at, whoever sent them. */
const datagramsMax = 64;

/** The answers that came in time, none if need be. Throws NetworkError when the system refuses, the signal's reason when aborted. */
export async function askByDatagram<T>(question: Question<T>, clock: Clock, signal: AbortSignal): Promise<T[]> {
  const socket = createSocket('udp4');
  try {
    await open(socket, question, signal);
    return await gather(socket, question, clock, signal);
  } catch (error) {
    signal.throwIfAborted();
    throw networkCause(error);
  } finally {
    socket.on('error', () => {}).close();
  }
}

/** The address of this machine that `host` is reached from. Nothing is sent. */
export async function localAddressTowards(host: string, signal: AbortSignal): Promise<string> {
  const socket = createSocket('udp4');
  try {
    await open(socket, { to: { host, port: 9 }, onlyFromThere: true }, signal);
    return socket.address().address;
  } catch (error) {
    signal.throwIfAborted();
    throw networkCause(error);
  } finally {
    socket.close();
  }
}

async function open(
  socket: Socket,
  { to, onlyFromThere }: Pick<Question<never>, 'to' | 'onlyFromThere'>,
  signal: AbortSignal,
): Promise<void> {
  if (onlyFromThere) socket.connect(to.port, to.host);
  else socket.bind(0);
  await once(socket, onlyFromThere ? 'connect' : 'listening', { signal });
}

function gather<T>(socket: Socket, question: Question<T>, clock: Clock, signal: AbortSignal): Promise<T[]> {
  const { to, onlyFromThere, messages, read, isEnough } = question;
  const answers: T[] = [];
  const timers: Timer[] = [];
  let datagrams = 0;
  const send = (): void => {
    for (const message of messages(socket.address().address)) {
      if (onlyFromThere) socket.send(message);
      else socket.send(message, to.port, to.host);
    }
  };
  let onAbort = (): void => {};
  return new Promise<T[]>((resolve, reject) => {
    onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    socket.on('error', reject);
    socket.on('message', (bytes: Uint8Array, sender) => {
      const answer = read(bytes, sender.address);
      if (answer !== undefined) answers.push(answer);
      if (isEnough(answers) || ++datagrams >= datagramsMax) resolve(answers);
    });
    for (const atMs of question.sendAtMs) timers.push(clock.setTimer(atMs, send));
    timers.push(clock.setTimer(question.giveUpMs, () => resolve(answers)));
  }).finally(() => {
    for (const timer of timers) timer.cancel();
    signal.removeEventListener('abort', onAbort);
  });
}
