/** What can be said about a picture at once, in words, before it is sent. */
import { _ } from "../../i18n";
import { HEADER_BYTES, sizeOf } from "./header";

/** As tourserver/panoramas/inspect.py has them. */
const MIN_WIDTH = 2048;
const GOOD_WIDTH = 4096;
const MAX_WIDTH = 16384;

export interface Finding {
  text: string;
  /** The server will hardly take it: sending waits for the person's word. */
  doubtful: boolean;
}

/** Looks at the head of a file. */
export async function precheck(file: Blob): Promise<Finding | null> {
  const head = await file
    .slice(0, HEADER_BYTES)
    .arrayBuffer()
    .catch(() => null);
  return head && head.byteLength > 0 ? finding(new Uint8Array(head)) : null;
}

/** What the head of a picture gives to say. */
export function finding(head: Uint8Array): Finding | null {
  const size = sizeOf(head);
  if (size === "unknown")
    return {
      text: _("The file is not a JPEG, PNG or WebP picture. Export the panorama as JPEG and upload that."),
      doubtful: true,
    };
  if (!size) return null;
  const { width, height } = size;
  // a camera that was held upright says so in its notes, which the server reads
  const equirectangular = [width - 2 * height, height - 2 * width].some((off) => Math.abs(off) <= 1);
  if (!equirectangular)
    return {
      text: _(
        "The picture is {width} × {height}; a 360° picture is exactly twice as wide as it is high. Export it as equirectangular, 360 × 180 degrees.",
        { width, height },
      ),
      doubtful: true,
    };
  const [long, short] = [Math.max(width, height), Math.min(width, height)];
  if (long < GOOD_WIDTH)
    return {
      text: _("The picture is {width} × {height}; {good_width} × {good_height} is needed.", {
        width: long,
        height: short,
        good_width: long < MIN_WIDTH ? MIN_WIDTH : GOOD_WIDTH,
        good_height: (long < MIN_WIDTH ? MIN_WIDTH : GOOD_WIDTH) / 2,
      }),
      doubtful: long < MIN_WIDTH,
    };
  if (long > MAX_WIDTH)
    return {
      text: _(
        "The picture is {width} × {height}; at most {max_width} × {max_height} can be taken. Export it smaller.",
        { width: long, height: short, max_width: MAX_WIDTH, max_height: MAX_WIDTH / 2 },
      ),
      doubtful: true,
    };
  return null;
}
