// Where a user's programs keep what they know between runs (XDG Base Directory Specification; elsewhere the system's own place). Pure.

import path from 'node:path';

/** The directory for ttorrent; undefined when the user has no home, which `homeOf` may say by throwing. Absolute. */
export function stateDirectory(
  platform: NodeJS.Platform,
  variables: Readonly<Record<string, string | undefined>>,
  homeOf: () => string,
): string | undefined {
  const { XDG_STATE_HOME = '', LOCALAPPDATA = '' } = variables;
  // The specification: relative paths in these variables are to be ignored.
  if (path.isAbsolute(XDG_STATE_HOME)) return path.join(XDG_STATE_HOME, 'ttorrent');
  if (platform === 'win32' && path.isAbsolute(LOCALAPPDATA)) return path.join(LOCALAPPDATA, 'ttorrent');
  try {
    const home = homeOf();
    if (!path.isAbsolute(home)) return undefined;
    return path.join(home, ...(platform === 'darwin' ? ['Library', 'Application Support'] : ['.local', 'state']), 'ttorrent');
  } catch {
    return undefined;
  }
}
