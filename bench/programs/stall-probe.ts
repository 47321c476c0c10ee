// Loaded into ttorrent with `node --import`: writes the longest times, in ms, that the event loop stood still to the file that STALL_FILE names.
// It counts from the first connection on: in the first quarter of a second, when code is still being loaded and compiled, and after it.

import diagnostics from 'node:diagnostics_channel';
import { writeFileSync } from 'node:fs';

const lookEveryMs = 1;
const warmUpMs = 250;
let beganMs = 0;
let lastMs: number | undefined;
const longestMs = { warmingUp: 0, later: 0 };

diagnostics.subscribe('net.client.socket', () => {
  if (lastMs !== undefined) return;
  beganMs = lastMs = performance.now();
  setInterval(look, lookEveryMs).unref();
});

process.on('exit', () => {
  const { warmingUp, later } = longestMs;
  writeFileSync(process.env['STALL_FILE'] ?? '', `${warmingUp.toFixed(1)} ${later.toFixed(1)}`);
});

function look(): void {
  const nowMs = performance.now();
  const phase = nowMs - beganMs < warmUpMs ? 'warmingUp' : 'later';
  longestMs[phase] = Math.max(longestMs[phase], nowMs - (lastMs ?? nowMs) - lookEveryMs);
  lastMs = nowMs;
}
