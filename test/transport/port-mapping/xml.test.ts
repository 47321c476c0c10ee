import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ProtocolError } from '../../../src/errors.ts';
import { childText, elementsNamed, parseXml, type XmlElement } from '../../../src/transport/port-mapping/xml.ts';
import { mutate, seededRandom } from '../../support/mutation.ts';

const element = (name: string, text = '', children: XmlElement[] = []): XmlElement => ({ name, children, text });

const readable: [text: string, root: XmlElement][] = [
  ['<a/>', element('a')],
  ['<a></a>', element('a')],
  ['\uFEFF \n<?xml version="1.0"?>\r\n<a>b</a>\n', element('a', 'b')],
  ['<s:Body xmlns:s="http://x/" s:b=\'"\'><u:c >d</u:c ></s:Body>', element('Body', '', [element('c', 'd')])],
  ['<a> b <!-- <c> --> d <e/></a>', element('a', 'b  d', [element('e')])],
  ['<!-- x --><a/><!-- y -->', element('a')],
  ['<a>&lt;&amp;&gt;&quot;&apos;&#65;&#x42;</a>', element('a', '<&>"\'AB')],
  ['<a>AT&T & Co; &</a>', element('a', 'AT&T & Co; &')],
  ['<a>&amp;lt;</a>', element('a', '&lt;')],
];

test('reads elements and their text', () => {
  for (const [text, root] of readable) assert.deepEqual(parseXml(text), root, text);
});

const refused: Record<string, string> = {
  nothing: '',
  'plain text': 'hello',
  'two roots': '<a/><b/>',
  'text beside the root': '<a/>b',
  'an open root': '<a><b></b>',
  'an open tag': '<a',
  'an end without a beginning': '</a>',
  'ends that cross': '<a><b></a></b>',
  'another prefix at the end': '<s:a></a>',
  'an open comment': '<a><!-- ',
  'an open declaration': '<?xml ',
  'a document type': '<!DOCTYPE a><a/>',
  "entities of one's own": '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
  'an unknown entity': '<a>&b;</a>',
  'an entity with a telling name': '<a>&__proto__;</a>',
  'character 0': '<a>&#0;</a>',
  'a character beyond Unicode': '<a>&#x110000;</a>',
  CDATA: '<a><![CDATA[b]]></a>',
  'a processing instruction': '<a><?b?></a>',
  'an attribute without quotes': '<a b=c/>',
  'an attribute with markup': '<a b="<"/>',
  'attributes without a space': '<a b="c"d="e"/>',
  'a name of digits': '<1/>',
  'a long name': `<${'a'.repeat(101)}/>`,
  'deep nesting': '<a>'.repeat(21) + '</a>'.repeat(21),
  'many elements': `<a>${'<b/>'.repeat(4_000)}</a>`,
  'a long text': `<a>${' '.repeat(128 * 1024)}</a>`,
};

test('refuses the rest of the language, and what is too large', () => {
  for (const [what, text] of Object.entries(refused)) assert.throws(() => parseXml(text), ProtocolError, what);
  assert.equal(elementsNamed(parseXml('<a>'.repeat(20) + '</a>'.repeat(20)), 'a').length, 19);
});

test('text that needs no markup comes back as it was', () => {
  const word = fc.string({ unit: fc.constantFrom('a', ' ', 'é', '€', '𝄞', '&', '<', '>', '"', "'") }).map((text) => text.trim());
  const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  fc.assert(fc.property(word, (text) => assert.equal(childText(parseXml(`<a><b>${escaped(text)}</b></a>`), 'b'), text)));
});

test('whatever is sent is read or refused', () => {
  fc.assert(fc.property(fc.string({ maxLength: 200, unit: fc.constantFrom(...'<>/!-?&;#x"\'= ab:'.split('')) }), readsOrRefuses));
  const random = seededRandom(3);
  const seed = Buffer.from(readable.map(([text]) => text.replace(/^[^<]*<\?.*?>/s, '')).join(''), 'utf8');
  const telling = Buffer.from('<>/!-?&;#x"\'= ab:[]');
  for (let run = 0; run < 5_000; run++) readsOrRefuses(`<r>${Buffer.from(mutate(seed, random, telling)).toString('utf8')}</r>`);
});

test('a tag that never ends costs no more than its length', () => {
  for (const filler of [' ', 'a', ' a="b"', ' a = "b" ', 'a:', '="', "'"]) {
    const text = `<a ${filler.repeat(100_000 / filler.length)}`;
    assert.throws(() => parseXml(text), ProtocolError);
  }
});

function readsOrRefuses(text: string): void {
  try {
    parseXml(text);
  } catch (error) {
    assert.ok(error instanceof ProtocolError, `${text}: ${String(error)}`);
  }
}
