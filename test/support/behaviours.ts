// The ways in which a scripted seeder misbehaves. Each function gives a Behaviour for the options of one seeder.

import type { Behaviour } from './seeder.ts';
import type { SeederConnection } from './seeder-connection.ts';
import { encodeFrame, encodeNumbers, encodePieceHead, messageIds } from './wire.ts';

/** Every `period`-th block has wrong bytes: 1 = always. */
export function corruptEvery(period: number): Behaviour {
  return {
    tamper(block, _request, nth) {
      if (nth % period !== period - 1) return false;
      block.writeUInt8(block.readUInt8(0) ^ 0xff, 0);
      return true;
    },
  };
}

/** One block is always wrong, in its last byte only. `blockOffset` is within the piece. */
export function corruptBlock(pieceIndex: number, blockOffset: number): Behaviour {
  return {
    tamper(block, request) {
      if (request.pieceIndex !== pieceIndex || request.offset !== blockOffset) return false;
      block.writeUInt8(block.readUInt8(block.length - 1) ^ 0x01, block.length - 1);
      return true;
    },
  };
}

/** Accepts connections and never says a byte. */
export function silent(): Behaviour {
  return { accepted: () => true };
}

/** Has everything and never unchokes. */
export function neverUnchoke(): Behaviour {
  return { interested: () => {} };
}

/** Unchokes and chokes by turns; what is asked in between is dropped, or rejected under BEP 6. */
export function chokeFlapping(periodMs: number): Behaviour {
  return {
    interested(connection) {
      connection.unchoke();
      connection.every(periodMs, () => (connection.chokesLeecher ? connection.unchoke() : connection.choke()));
    },
  };
}

/** Accepts every request, and answers only the first `blocks` of a connection. */
export function stallAfter(blocks: number): Behaviour {
  return afterBlocks(blocks, () => {});
}

/** Answers the first `blocks` requests of a connection, then chokes for good. */
export function chokeAfter(blocks: number): Behaviour {
  return afterBlocks(blocks, (connection) => connection.choke());
}

/** Answers one block at a time, so many bytes a second. */
export function drip(bytesPerSecond: number): Behaviour {
  return {
    requested(connection, { pieceIndex, offset, length }) {
      if (connection.blocksSent > 0) return;
      connection.blocksSent++;
      const { torrent, counts } = connection.seeder;
      const block = torrent.read(pieceIndex * torrent.pieceLength + offset, length);
      connection.send(encodePieceHead(pieceIndex, offset, length));
      let sent = 0;
      connection.every(1000 / bytesPerSecond, () => {
        connection.send(block.subarray(sent, ++sent));
        counts.payloadSent++;
      });
    },
  };
}

/** Cuts each connection after so long. */
export function dropEvery(periodMs: number): Behaviour {
  return {
    accepted(connection) {
      connection.every(periodMs, () => connection.destroy());
      return false;
    },
  };
}

/** Cuts each connection when it has sent so many blocks and is asked for more. */
export function dropAfter(blocks: number): Behaviour {
  return afterBlocks(blocks, (connection) => connection.destroy());
}

/** Answers a connection with 70 000 bytes of no protocol. */
export function garbage(): Behaviour {
  return {
    accepted(connection) {
      connection.send(Buffer.from(Array.from({ length: 70_000 }, (_, i) => (i * 31 + 7) & 0xff)));
      return true;
    },
  };
}

/** After the handshake, announces a message of `length` bytes and goes on sending zeros. */
export function oversizedPrefix(length = 0x7fffffff): Behaviour {
  return {
    handshaken(connection) {
      const prefix = Buffer.alloc(5);
      prefix.writeUInt32BE(length);
      prefix.writeUInt8(messageIds.piece, 4);
      connection.send(prefix);
      connection.every(1, () => connection.send(Buffer.alloc(64 * 1024)));
    },
  };
}

/** Sends `blocks` blocks of wrong bytes that nobody asked for, then behaves. */
export function unsolicited(blocks: number): Behaviour {
  return {
    handshaken(connection) {
      connection.greet();
      const { pieceCount, pieceLength, totalLength } = connection.seeder.torrent;
      const length = Math.min(16_384, pieceLength, totalLength);
      for (let i = 0; i < blocks; i++) {
        // Never the last piece, unless it is the only one: the others are of full length.
        connection.send(encodePieceHead(i % Math.max(1, pieceCount - 1), 0, length));
        connection.send(Buffer.alloc(length, 0xee));
      }
    },
  };
}

/** Sends every block twice. */
export function duplicateBlocks(): Behaviour {
  return {
    requested(connection, request) {
      connection.serve(request);
      connection.serve(request);
    },
  };
}

/** Says that it has the piece after the last one. */
export function badHave(): Behaviour {
  return {
    handshaken(connection) {
      connection.greet();
      connection.send(encodeNumbers(messageIds.have, connection.seeder.torrent.pieceCount));
    },
  };
}

/** Says that it has nothing, then unchokes and never gets a request from a sane leecher. */
export function hasNothing(): Behaviour {
  return {
    handshaken(connection) {
      const { pieceCount } = connection.seeder.torrent;
      if (connection.fast) connection.send(encodeFrame(messageIds.haveNone));
      else connection.send(encodeFrame(messageIds.bitfield, Buffer.alloc(Math.ceil(pieceCount / 8))));
      connection.unchoke();
    },
  };
}

/** Rejects whatever it is asked (BEP 6); says nothing to a leecher without the fast extension. */
export function rejectAll(): Behaviour {
  return {
    requested(connection, request) {
      if (connection.fast) connection.reject(request);
    },
  };
}

function afterBlocks(blocks: number, action: (connection: SeederConnection) => void): Behaviour {
  const asked = new WeakMap<SeederConnection, number>();
  return {
    requested(connection, request) {
      const count = (asked.get(connection) ?? 0) + 1;
      asked.set(connection, count);
      if (count <= blocks) connection.serve(request);
      else action(connection);
    },
  };
}
