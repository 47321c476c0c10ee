// HTML from templates in which everything is text unless it is HTML already: a name from a torrent cannot become markup.

import { printable } from '../../index.ts';

/** A piece of HTML. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What a template takes: text and numbers are escaped, HTML stands as it is, lists are joined, and undefined or false is nothing. */
export type HtmlValue = string | number | Html | readonly HtmlValue[] | undefined | false;

/** The template as HTML. */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  return new Html(strings.map((string, index) => string + render(values[index])).join(''));
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function render(value: HtmlValue): string {
  if (value === undefined || value === false) return '';
  if (value instanceof Html) return value.text;
  if (typeof value === 'object') return value.map((item) => render(item)).join('');
  // No invisible or reordering character either: a page is read by people.
  return printable(String(value), 8192).replace(/[&<>"']/g, (character) => entities[character] ?? '');
}
