/** Width and height of a picture from the first bytes of its file, before anything is sent. The server decides. */

export interface PictureSize {
  width: number;
  height: number;
}

/** So much is read: notes of cameras before the size may be long. */
export const HEADER_BYTES = 512 * 1024;

/** The size; "unknown" when the file is of another kind; null when it is a picture whose size is not in these bytes. */
export function sizeOf(bytes: Uint8Array): PictureSize | "unknown" | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const has = (at: number, text: string) =>
    at + text.length <= bytes.length &&
    [...text].every((letter, i) => bytes[at + i] === letter.charCodeAt(0));
  if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) return jpeg(view);
  if (has(0, "\x89PNG\r\n\x1a\n")) {
    if (!has(12, "IHDR") || view.byteLength < 24) return null;
    return { width: view.getUint32(16), height: view.getUint32(20) };
  }
  if (has(0, "RIFF") && has(8, "WEBP")) return webp(view, has);
  return "unknown";
}

/** The first frame header (SOF) among the segments. */
function jpeg(view: DataView): PictureSize | null {
  let at = 2;
  while (at + 9 <= view.byteLength) {
    if (view.getUint8(at) !== 0xff) return null;
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) {
      at += 1; // padding
      continue;
    }
    const frame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (frame) return { width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
    if (marker === 0xda || marker === 0xd9) return null;
    at += 2 + (marker >= 0xd0 && marker <= 0xd8 ? 0 : view.getUint16(at + 2));
  }
  return null;
}

function webp(view: DataView, has: (at: number, text: string) => boolean): PictureSize | null {
  if (view.byteLength < 30) return null;
  if (has(12, "VP8X")) {
    const three = (at: number) => view.getUint16(at, true) + (view.getUint8(at + 2) << 16);
    return { width: 1 + three(24), height: 1 + three(27) };
  }
  if (has(12, "VP8L")) {
    const bits = view.getUint32(21, true);
    return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff) };
  }
  if (has(12, "VP8 "))
    return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
  return null;
}
