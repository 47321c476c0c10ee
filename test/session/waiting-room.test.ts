// Who may wait at a port that several torrents share.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WaitingRoom } from '../../src/session/waiting-room.ts';

/** Lets `count` guests of `host` in, if they may come; gives those that did. */
function enter(room: WaitingRoom, host: string, count: number, torrents: number): object[] {
  return Array.from({ length: count }, () => ({})).filter((guest) => {
    if (!room.hasPlaceFor(host, torrents)) return false;
    room.enter(guest, host, () => room.leave(guest));
    return true;
  });
}

test('of one host four wait for each torrent, and others find a place', () => {
  const room = new WaitingRoom();
  const guests = enter(room, '203.0.113.7', 200, 3);
  assert.equal(guests.length, 12);
  assert.equal(enter(room, '2001:db8::7', 200, 1).length, 4);
  assert.equal(room.leave(guests[0] as object), true);
  assert.equal(room.leave(guests[0] as object), false);
  assert.equal(enter(room, '203.0.113.7', 200, 3).length, 1);
});

test('no more than 120 wait in all, on loopback too; when it closes they go', () => {
  const room = new WaitingRoom();
  assert.equal(enter(room, '127.0.0.1', 200, 1).length, 120);
  assert.equal(room.hasPlaceFor('203.0.113.7', 1), false);
  room.close();
  assert.equal(enter(room, '203.0.113.7', 200, 1).length, 4);
});
