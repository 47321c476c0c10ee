// JSON as lines: whatever a torrent or a remote said, one value is one line and no byte of it moves a terminal's cursor.

import { redactUrl } from '../index.ts';

/** `value` as JSON on one line, with its line end. Every control, bidi and other invisible character stands as `\uXXXX`. */
export function jsonLine(value: unknown): string {
  return `${escapeInvisible(JSON.stringify(value))}\n`;
}

/** `text` with what may be a secret in its URLs hidden: see `redactUrl`. */
export function withoutSecrets(text: string): string {
  return text.replace(/\b[a-z][a-z0-9+.-]*:\/\/[^\s'"<>]+/gi, (url) => redactUrl(url));
}

/** JSON.stringify escapes the characters below 0x20 only. */
function escapeInvisible(json: string): string {
  const escape = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  // Characters beyond 16 bits are two code units, each escaped by itself (RFC 8259, section 7).
  return json.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => character.split('').map(escape).join(''));
}
