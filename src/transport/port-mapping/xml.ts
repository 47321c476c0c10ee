// Reads the little XML that routers speak (UPnP device descriptions, SOAP) and refuses the rest of the language: no document types, no
// entities of one's own, no CDATA, no processing instructions. Linear in the text, bounded in depth and in elements. Pure.

import { ProtocolError } from '../../errors.ts';

/** An element. Attributes are not kept; a prefix (`s:Body`) is not part of the name. */
export interface XmlElement {
  readonly name: string;
  readonly children: readonly XmlElement[];
  /** What stands directly in it, trimmed. */
  readonly text: string;
}

/** An element whose end has not come yet. */
interface OpenElement {
  readonly tag: string;
  readonly children: XmlElement[];
  text: string;
}

/** Descriptions of real routers are 3 to 30 KB, ten levels deep. */
const textCharsMax = 128 * 1024;
const depthMax = 20;
const elementsMax = 4_000;

const name = '[A-Za-z_][\\w.-]{0,99}(?::[A-Za-z_][\\w.-]{0,99})?';
const startTag = new RegExp(`<(${name})(?:\\s+${name}\\s*=\\s*(?:"[^"<]*"|'[^'<]*'))*\\s*(/?)>`, 'y');
const endTag = new RegExp(`</(${name})\\s*>`, 'y');
const reference = /&(?:#(\d{1,7})|#x([\da-fA-F]{1,6})|([\w.-]{1,32}));/g;
const entities: Readonly<Record<string, string>> = Object.assign(Object.create(null), { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" });

/** The root element of `text`. Throws ProtocolError for everything else. */
export function parseXml(text: string): XmlElement {
  if (text.length > textCharsMax) throw malformed('it is too long');
  const document: OpenElement = { tag: '', children: [], text: '' };
  const open: OpenElement[] = [document];
  let elements = 0;
  let at = afterDeclaration(text);
  while (at < text.length) {
    const inner = open.at(-1) ?? document;
    const markup = text.indexOf('<', at);
    const textEnd = markup === -1 ? text.length : markup;
    inner.text += withoutReferences(text.slice(at, textEnd));
    if (markup === -1) break;

    if (text.startsWith('<!--', markup)) {
      at = endOf(text, '-->', markup + 4);
    } else if (text.startsWith('</', markup)) {
      const [whole, tag] = match(endTag, text, markup);
      if (inner === document || tag !== inner.tag) throw malformed('an element ends that was not begun');
      open.pop();
      open.at(-1)?.children.push(closed(inner));
      at = markup + whole.length;
    } else {
      const [whole, tag = '', isEmpty] = match(startTag, text, markup);
      if (++elements > elementsMax) throw malformed('it has too many elements');
      const element: OpenElement = { tag, children: [], text: '' };
      if (isEmpty === '/') inner.children.push(closed(element));
      else open.push(element);
      if (open.length > depthMax + 1) throw malformed('it is nested too deeply');
      at = markup + whole.length;
    }
  }
  const [root, second] = document.children;
  if (open.length > 1) throw malformed('it breaks off');
  if (root === undefined || second !== undefined || document.text.trim() !== '') throw malformed('it has no single root');
  return root;
}

/** Every element called `wanted` in `element`, at any depth, in the order of the document. */
export function elementsNamed(element: XmlElement, wanted: string): XmlElement[] {
  return element.children.flatMap((child) => [...(child.name === wanted ? [child] : []), ...elementsNamed(child, wanted)]);
}

/** The text of the first child called `wanted`; undefined when there is none. */
export function childText(element: XmlElement, wanted: string): string | undefined {
  return element.children.find((child) => child.name === wanted)?.text;
}

/** Where the document begins: behind a byte order mark, blanks, and `<?xml ...?>`. */
function afterDeclaration(text: string): number {
  const [blanks = ''] = /^\uFEFF?\s*/.exec(text) ?? [];
  return text.startsWith('<?xml', blanks.length) ? endOf(text, '?>', blanks.length) : blanks.length;
}

function endOf(text: string, mark: string, from: number): number {
  const at = text.indexOf(mark, from);
  if (at === -1) throw malformed('it breaks off');
  return at + mark.length;
}

function match(pattern: RegExp, text: string, at: number): RegExpExecArray {
  pattern.lastIndex = at;
  const found = pattern.exec(text);
  if (found === null) throw malformed('it has markup that is not understood');
  return found;
}

function closed({ tag, children, text }: OpenElement): XmlElement {
  return { name: tag.slice(tag.indexOf(':') + 1), children, text: text.trim() };
}

/** A bare `&` stays: routers write their makers' names so. */
function withoutReferences(text: string): string {
  return text.replace(reference, (_whole, decimal?: string, hex?: string, entity = '') => {
    const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
    const character = Number.isNaN(code) ? entities[entity] : code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : undefined;
    if (character === undefined) throw malformed('it has an entity that is not known');
    return character;
  });
}

function malformed(why: string): ProtocolError {
  return new ProtocolError(`its XML is not usable: ${why}`);
}
