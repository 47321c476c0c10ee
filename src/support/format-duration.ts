// Durations as people read them, and as options take them. Pure, and the same in every locale.

/**
 * `0.04s`, `0.3s`, `9s`, `59s`, `1m05s`, `30m`, `2h03m`, `3d04h`: the two largest units, rounded down; tenths below ten seconds, since most
 * downloads on a fast link end there.
 */
export function formatDuration(ms: number): string {
  if (ms < 10_000) return `${ms < 100 ? Math.floor(Math.max(0, ms) / 10) / 100 : Math.floor(ms / 100) / 10}s`;
  const seconds = Math.floor(ms / 1000);
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return twoUnits(Math.floor(seconds / 60), 'm', seconds % 60, 's');
  if (seconds < 86_400) return twoUnits(Math.floor(seconds / 3600), 'h', Math.floor(seconds / 60) % 60, 'm');
  return twoUnits(Math.floor(seconds / 86_400), 'd', Math.floor(seconds / 3600) % 24, 'h');
}

function twoUnits(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return `${large}${largeUnit}${small === 0 ? '' : `${String(small).padStart(2, '0')}${smallUnit}`}`;
}
