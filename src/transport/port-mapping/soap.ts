// Actions of UPnP services as SOAP messages (UPnP Device Architecture 1.1, section 3). Pure.

import { ProtocolError } from '../../errors.ts';
import { printable } from '../../support/printable.ts';
import { childText, elementsNamed, parseXml } from './xml.ts';

/** What came of an action. */
export type SoapOutcome =
  | { readonly kind: 'done'; readonly values: ReadonlyMap<string, string> }
  /** `code`: a number of UPnP's, such as 718. `description`: the router's words, printable and short; may be empty. */
  | { readonly kind: 'fault'; readonly code: number; readonly description: string };

/** The header fields and the body that ask for `action`. The arguments are ours: digits, addresses and plain words. */
export function soapRequest(
  serviceType: string,
  action: string,
  args: Readonly<Record<string, string | number>>,
): { readonly headers: Readonly<Record<string, string>>; readonly body: string } {
  const fields = Object.entries(args).map(([name, value]) => `<${name}>${value}</${name}>`);
  const body =
    '<?xml version="1.0"?>\r\n' +
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/">' +
    `<s:Body><u:${action} xmlns:u="${serviceType}">${fields.join('')}</u:${action}></s:Body></s:Envelope>\r\n`;
  return { headers: { 'content-type': 'text/xml; charset="utf-8"', soapaction: `"${serviceType}#${action}"` }, body };
}

/** What `text` says to `action`. Throws ProtocolError when it says neither that it was done nor why not. */
export function readSoapAnswer(text: string, action: string): SoapOutcome {
  const envelope = parseXml(text);
  const [done] = elementsNamed(envelope, `${action}Response`);
  if (done !== undefined) return { kind: 'done', values: new Map(done.children.map((child) => [child.name, child.text])) };
  const [fault] = elementsNamed(envelope, 'UPnPError');
  const code = fault === undefined ? '' : (childText(fault, 'errorCode') ?? '');
  if (fault === undefined || !/^\d{1,5}$/.test(code)) throw new ProtocolError(`it gave no answer to ${action}`);
  return { kind: 'fault', code: Number(code), description: printable(childText(fault, 'errorDescription') ?? '', 80) };
}
