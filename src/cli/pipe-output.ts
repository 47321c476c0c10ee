// A pipe or socket that lines are written to: an edge to Node's streams, which wait for its reader without holding up anything else. Written
// to like a file it would hold up the whole process, its deadline and its signals too, or, when it is non-blocking, fail for being full.

import { Socket } from 'node:net';

import { writerOf } from './env.ts';
import type { Output } from './reader-limit.ts';

/** Takes over `fd`, which is then non-blocking for all who share it; what the system can take at once it has when `write` returns. */
export function pipeOutput(fd: number, name: string): Output & { close(): void } {
  const socket = new Socket({ fd, readable: false, writable: true });
  return { write: writerOf(socket, name), close: () => void socket.end() };
}
