// What a hook is told, as variables. It needs no other module, since every command asks which names are taken. Pure.

import type { HookObject } from './hook-facts.ts';

/** Every variable that a hook is given. No option may have one of these names as its variable. */
export const hookVariableNames: readonly string[] = [
  ...['HOOK', 'INFOHASH', 'NAME', 'TORRENT', 'OUTPUT_DIR', 'PATH', 'FILES', 'TOTAL_BYTES', 'VERIFIED_BYTES', 'DOWNLOADED_BYTES'],
  ...[
    'UPLOADED_BYTES',
    'DURATION_MS',
    'EXIT_CODE',
    'EXIT_NAME',
    'REASON',
    'FILE_NUMBER',
    'FILE_NAME',
    'FILE_BYTES',
    'FILE_PART',
    'FILE_PATH',
  ],
].map((name) => `TTORRENT_${name}`);

/**
 * The variables of a hook: `base`, what it is told as `TTORRENT_OUTPUT_DIR` for `outputDir`, and the number of files as `TTORRENT_FILES`. Each
 * is set every time, to nothing when it is not known, so that none of an outer ttorrent's shows through.
 */
export function hookVariables(object: HookObject, base: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const variables: NodeJS.ProcessEnv = { ...base };
  for (const name of hookVariableNames) variables[name] = '';
  const set = (prefix: string, facts: Readonly<Record<string, unknown>>): void => {
    for (const [key, value] of Object.entries(facts)) {
      const name = `${prefix}_${key.replace(/[A-Z]/g, '_$&').toUpperCase()}`;
      if (Array.isArray(value)) variables[name] = String(value.length);
      else if (typeof value === 'object' && value !== null) set(name, value as Record<string, unknown>);
      else if (typeof value === 'string') variables[name] = value.replaceAll('\0', '');
      else if (typeof value === 'number') variables[name] = String(value);
    }
  };
  set('TTORRENT', object);
  return variables;
}
