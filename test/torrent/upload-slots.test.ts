import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UploadSlots } from '../../src/torrent/upload-slots.ts';

/** Ten minutes of rechokes. `takes`: what so many unchoked peers take together, in bytes per second. */
function settle(slots: UploadSlots, takes: (peers: number) => number, limit?: number, isWanted = true): number {
  for (let round = 0; round < 60; round++)
    slots.adjust({ rate: Math.min(takes(slots.regular + slots.turns), limit ?? Number.POSITIVE_INFINITY), limit, isWanted });
  return slots.regular;
}

test('there are eight places and one for turns at the start, and no more where the uplink is full with them', () => {
  const slots = new UploadSlots();
  assert.deepEqual([slots.regular, slots.turns], [8, 1]);
  settle(slots, () => 1_000_000);
  assert.ok(slots.regular <= 10, `${slots.regular}`);
  assert.equal(
    settle(new UploadSlots(), () => 2_000_000, 2_000_000),
    8,
  );
});

test('places grow while peers together do not use the uplink, and not beyond 64', () => {
  const filled = settle(new UploadSlots(), (peers) => Math.min(peers * 100_000, 3_000_000));
  assert.ok(filled >= 24 && filled <= 44, `${filled} for a link that 30 peers fill`);
  const limited = settle(new UploadSlots(), (peers) => peers * 100_000, 3_000_000);
  assert.ok(limited >= 22 && limited <= 44, `${limited} for a limit that 30 peers use up`);
  const endless = new UploadSlots();
  assert.equal(
    settle(endless, (peers) => peers * 100_000),
    64,
  );
  assert.equal(endless.turns, 8);
});

test('a growth that a noisy rate brought by chance does not stay where places are worth little', () => {
  const slots = new UploadSlots();
  for (let round = 0; round < 60; round++)
    slots.adjust({ rate: round < 30 ? 10_000 * 1.1 ** round : 150_000, limit: undefined, isWanted: true });
  const grown = slots.regular;
  for (let hour = 0; hour < 2; hour++) for (let part = 0; part < 6; part++) settle(slots, () => 150_000);
  assert.ok(slots.regular < grown && slots.regular <= 10, `${slots.regular} of ${grown}`);
});

test('places become fewer again when nobody waits for them', () => {
  const slots = new UploadSlots();
  settle(slots, (peers) => peers * 100_000);
  assert.equal(
    settle(slots, (peers) => peers * 100_000, undefined, false),
    8,
  );
});

test('under a small limit each place is worth a block a second, and there are two at least', () => {
  assert.equal(
    settle(new UploadSlots(), () => 100_000, 100_000),
    5,
  );
  assert.equal(
    settle(new UploadSlots(), () => 0, 100_000),
    5,
  );
  assert.equal(
    settle(new UploadSlots(), () => 1_000_000, 1000),
    2,
  );
});

test('a number that was asked for stays', () => {
  assert.equal(
    settle(new UploadSlots(20), (peers) => peers * 100_000),
    20,
  );
});
