// Types of the npm package `bencode` 4.0.1 (it has none), as far as decode.ts and encode.ts use it. Nobody else imports it.

declare module 'bencode' {
  type Decoded = number | Uint8Array | Decoded[] | { [key: string]: Decoded };

  const bencode: {
    decode(data: Uint8Array): Decoded;
    encode(value: number | Uint8Array): Uint8Array;
  };
  export default bencode;
}
