// Bytes as a part of a URL. Pure.

import { toLatin1 } from './bytes.ts';

/** Each byte as `%XX` but for the letters, digits and marks that RFC 3986, section 2.3, leaves unescaped: fit for one element of a path. */
export function escapeElement(bytes: Uint8Array): string {
  return toLatin1(bytes).replace(/[^A-Za-z0-9\-._~]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
}
