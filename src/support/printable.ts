// Makes what a torrent, a tracker or a peer says fit for a person's terminal: no byte of theirs can move the cursor, change colours,
// reorder or hide text, or start a new line; and secrets in URLs stay out of logs. Everything shown to a person passes here.

import { toText } from './text.ts';
import { controls, invisibles } from './unprintable.ts';

const unprintable = new RegExp(`[${controls}${invisibles}]`, 'u');

/**
 * `text` (bytes are read as UTF-8) in one printable line of at most `maxChars` UTF-16 units. Unprintable characters are shown as `\x1b` or
 * `\u{202e}`, not removed, so that a person sees that something was there; a cut is shown as `…`. Backslashes of the text stay as they
 * are: the result is for eyes, not for a parser.
 */
export function printable(text: string | Uint8Array, maxChars = 1024): string {
  // Each character gives at least one, so what lies beyond the cap cannot show; a UTF-8 character has 4 bytes at most.
  const head = typeof text === 'string' ? text.slice(0, maxChars + 1) : toText(text.subarray(0, 4 * (maxChars + 1)));
  if (head.length <= maxChars && !unprintable.test(head)) return head;
  let line = '';
  for (const character of head) {
    const shown = unprintable.test(character) ? escape(character) : character;
    if (line.length + shown.length > maxChars) return cut(line, maxChars);
    line += shown;
  }
  return line;
}

/**
 * `url` without what may be a secret, in one printable line: user and password, the value of every query parameter, the fragment, and path
 * parts that look like a passkey become `***`. Too much is hidden rather than too little: the result only has to tell trackers apart.
 */
export function redactUrl(url: string): string {
  const match = /^([a-z][a-z0-9+.-]*:\/\/)([^/?#]*)([^?#]*)(\?[^#]*)?/i.exec(url.trim());
  if (match === null) return '(not a URL)';
  const [, scheme = '', authority = '', path = '', query = ''] = match;
  const userEnd = authority.lastIndexOf('@');
  const host = userEnd === -1 ? authority : `***@${authority.slice(userEnd + 1)}`;
  return printable(scheme + host + path.split('/').map(redactSegment).join('/') + redactQuery(query), 256);
}

function escape(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code <= 0xff ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
}

function cut(line: string, maxChars: number): string {
  if (maxChars < 1) return '';
  const kept = line.slice(0, maxChars - 1);
  // Not in the middle of a surrogate pair.
  return `${/[\uD800-\uDBFF]$/.test(kept) ? kept.slice(0, -1) : kept}…`;
}

/** Passkeys are 10 to 64 hex digits or base64 characters. A file name has a dot; then only a long run of letters and digits is hidden. */
function redactSegment(segment: string): string {
  if (!segment.includes('.')) return isSecretLike(segment, 10) ? '***' : segment;
  return segment.replace(/[\w%~=+-]+/g, (run) => (isSecretLike(run, 24) ? '***' : run));
}

function isSecretLike(text: string, minLength: number): boolean {
  return text.length >= minLength && /^[\w%~=+:-]*$/.test(text) && (/\d/.test(text) || text.length >= 24);
}

function redactQuery(query: string): string {
  if (query.length < 2) return query;
  const parameters = query.slice(1).split('&');
  return `?${parameters.map((parameter) => parameter.replace(/^([^=]*=)?.*$/s, '$1***')).join('&')}`;
}
