// Where an Internet gateway takes requests to map ports: the services of its device description (UPnP Device Architecture 1.1, section 2.3;
// WANIPConnection:1 and :2, WANPPPConnection:1). Pure.

import { elementsNamed, childText, parseXml } from './xml.ts';

/** A service of a router that maps ports. */
export interface UpnpConnection {
  /** `urn:schemas-upnp-org:service:WANIPConnection:2` and the like. */
  readonly serviceType: string;
  /** Always http, on the address that the description came from. */
  readonly controlUrl: URL;
}

/** Version 2 can choose a port by itself (AddAnyPortMapping). */
export const connectionOfVersion2 = 'urn:schemas-upnp-org:service:WANIPConnection:2';

const serviceTypes: ReadonlySet<string> = new Set([
  connectionOfVersion2,
  'urn:schemas-upnp-org:service:WANIPConnection:1',
  'urn:schemas-upnp-org:service:WANPPPConnection:1',
]);

/** A router has one or two lines. */
const connectionsMax = 4;
const urlCharsMax = 512;

/**
 * The connections in `description`, which came from `location`. A service that names another host is left out, so that nobody can send
 * us to one. Throws ProtocolError for what is no XML of the kind.
 */
export function connectionsIn(description: string, location: URL): UpnpConnection[] {
  const root = parseXml(description);
  const base = urlOnHost(childText(root, 'URLBase') ?? '', location) ?? location;
  return elementsNamed(root, 'service')
    .flatMap((service) => {
      const serviceType = childText(service, 'serviceType') ?? '';
      const controlUrl = urlOnHost(childText(service, 'controlURL') ?? '', base);
      return serviceTypes.has(serviceType) && controlUrl !== undefined ? [{ serviceType, controlUrl }] : [];
    })
    .slice(0, connectionsMax);
}

/** `text` as a URL relative to `base`; undefined when it is none, or leads elsewhere than to the host of `base` over http. */
function urlOnHost(text: string, base: URL): URL | undefined {
  if (text === '' || text.length > urlCharsMax || !URL.canParse(text, base.href)) return undefined;
  const url = new URL(text, base.href);
  const isThere = url.protocol === 'http:' && url.hostname === base.hostname && url.username === '' && url.password === '';
  return isThere ? url : undefined;
}
