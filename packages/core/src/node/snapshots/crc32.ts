/** `tables[0]` advances by one byte (polynomial 0xEDB88320); `tables[n]` by one byte followed by n zero bytes. */
const tables: readonly Uint32Array[] = makeTables(4);

function makeTables(count: number): Uint32Array[] {
  const first = new Uint32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    first[byte] = crc >>> 0;
  }
  const made = [first];
  for (let i = 1; i < count; i++) {
    const previous = made[i - 1] as Uint32Array;
    made.push(Uint32Array.from(previous, (crc) => (crc >>> 8) ^ (first[crc & 0xff] as number)));
  }
  return made;
}

/**
 * CRC-32 as in zlib, four bytes at a step; here because the core also runs where there is no `node:zlib`. Goes on from `previous`, the
 * checksum of what came before.
 */
export function crc32(bytes: Uint8Array, previous: number = 0): number {
  const [t0, t1, t2, t3] = tables as [Uint32Array, Uint32Array, Uint32Array, Uint32Array];
  let crc = ~previous;
  let at = 0;
  for (const end = bytes.length - 3; at < end; at += 4) {
    crc ^=
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24);
    crc =
      (t3[crc & 0xff] as number) ^
      (t2[(crc >>> 8) & 0xff] as number) ^
      (t1[(crc >>> 16) & 0xff] as number) ^
      (t0[crc >>> 24] as number);
  }
  for (; at < bytes.length; at++) crc = (crc >>> 8) ^ (t0[(crc ^ (bytes[at] as number)) & 0xff] as number);
  return (crc ^ 0xffffffff) >>> 0;
}
