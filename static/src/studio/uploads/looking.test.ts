import { describe, expect, it } from "vitest";
import { sizeOf } from "./header";
import { finding } from "./precheck";
import { Queue } from "./queue";

function jpeg(width: number, height: number, { notes = 0, marker = 0xc0 } = {}): Uint8Array {
  const app = [0xff, 0xe1, (notes + 2) >> 8, (notes + 2) & 0xff, ...new Array<number>(notes).fill(0xff)];
  const frame = [0xff, marker, 0, 11, 8, height >> 8, height & 0xff, width >> 8, width & 0xff, 1, 1, 0x11, 0];
  return Uint8Array.from([0xff, 0xd8, ...app, 0xff, 0xc4, 0, 4, 0, 0, ...frame]);
}

function png(width: number, height: number): Uint8Array {
  const bytes = new Uint8Array(33);
  bytes.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52]);
  const view = new DataView(bytes.buffer);
  view.setUint32(16, width);
  view.setUint32(20, height);
  return bytes;
}

function webp(kind: "VP8X" | "VP8L" | "VP8 ", width: number, height: number): Uint8Array {
  const bytes = new Uint8Array(40);
  bytes.set(new TextEncoder().encode(`RIFF....WEBP${kind}`));
  const view = new DataView(bytes.buffer);
  if (kind === "VP8X") {
    view.setUint32(24, width - 1, true);
    view.setUint16(27, height - 1, true);
  } else if (kind === "VP8L") view.setUint32(21, (width - 1) | ((height - 1) << 14), true);
  else {
    view.setUint16(26, width, true);
    view.setUint16(28, height, true);
  }
  return bytes;
}

describe("the size of a picture", () => {
  it("is read from the head of JPEG, PNG and WebP", () => {
    const heads = [
      jpeg(8192, 4096),
      jpeg(8192, 4096, { notes: 60_000, marker: 0xc2 }),
      png(8192, 4096),
      webp("VP8X", 8192, 4096),
      webp("VP8L", 8192, 4096),
      webp("VP8 ", 8192, 4096),
    ];
    for (const head of heads) expect(sizeOf(head)).toEqual({ width: 8192, height: 4096 });
  });

  it("is not known of other files, and not guessed when the head ends too early", () => {
    expect(sizeOf(new TextEncoder().encode("%PDF-1.7"))).toBe("unknown");
    expect(sizeOf(new Uint8Array())).toBe("unknown");
    for (const head of [jpeg(8192, 4096), png(8192, 4096), webp("VP8X", 8192, 4096)])
      for (let length = 12; length < 20; length++) expect(sizeOf(head.slice(0, length))).toBeNull();
  });
});

describe("the first look", () => {
  it("has nothing to say about a good panorama, upright or not", () => {
    for (const [width, height] of [
      [4096, 2048],
      [5760, 2880],
      [16384, 8192],
      [2048, 4096],
      [4097, 2048],
    ] as const)
      expect(finding(jpeg(width, height))).toBeNull();
  });

  it("says what a small one lacks and lets it go", () => {
    expect(finding(jpeg(3000, 1500))).toEqual({
      text: "The picture is 3000 × 1500; 4096 × 2048 is needed.",
      doubtful: false,
    });
  });

  it("asks before it sends what will hardly be taken", () => {
    for (const head of [
      jpeg(1024, 512),
      jpeg(4096, 3000),
      png(30000, 15000),
      new TextEncoder().encode("GIF89a"),
    ])
      expect(finding(head)?.doubtful).toBe(true);
    expect(finding(jpeg(1024, 512))?.text).toBe("The picture is 1024 × 512; 2048 × 1024 is needed.");
  });
});

describe("the queue", () => {
  it("runs two at once, in order, and skips what is no longer wanted", async () => {
    const queue = new Queue(2);
    const began: number[] = [];
    const ends: (() => void)[] = [];
    const task = (number: number) => () => {
      began.push(number);
      return new Promise<void>((resolve) => {
        ends[number] = resolve;
      });
    };
    const all = [0, 1, 2, 3, 4].map((number) => queue.run(task(number), () => number === 2));
    await Promise.resolve();
    expect(began).toEqual([0, 1]);
    ends[1]?.();
    await all[1];
    await all[2];
    await Promise.resolve();
    expect(began).toEqual([0, 1, 3]);
    ends[0]?.();
    await all[0];
    await Promise.resolve();
    await Promise.resolve();
    expect(began).toEqual([0, 1, 3, 4]);
    ends[3]?.();
    ends[4]?.();
    await Promise.all(all);
  });

  it("goes on after a task that failed", async () => {
    const queue = new Queue(1);
    await expect(queue.run(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
    let ran = false;
    await queue.run(async () => {
      ran = true;
    });
    expect(ran).toBe(true);
  });
});
