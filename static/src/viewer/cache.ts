/**
 * Pictures that were fetched ahead, as they came over the line: bounded in bytes and in scenes.
 *
 * What is on screen lies in the graphics card, and every tile in the browser's own cache of files; this holds only
 * what the next scenes need at once. The scene that was used longest ago goes first.
 */

/** Enough for a picture's base and its first tiles, six times over. */
export const MAX_BYTES = 16 * 1024 * 1024;
export const MAX_SCENES = 8;

/** What we ask of the server for pictures: browsers ask so for `<img>`, but not for fetch(). */
export const ACCEPT = "image/webp,image/*;q=0.8";

export class PictureCache {
  /** Scenes by the address of their base picture, the one used longest ago first. */
  private readonly scenes = new Map<string, Map<string, Blob>>();
  private held = 0;

  constructor(
    private readonly maxBytes = MAX_BYTES,
    private readonly maxScenes = MAX_SCENES,
  ) {}

  /** Bytes held. */
  get bytes(): number {
    return this.held;
  }

  /** Addresses of the base pictures of all scenes of which something is held. */
  get keys(): string[] {
    return [...this.scenes.keys()];
  }

  has(url: string, key: string): boolean {
    return this.scenes.get(key)?.has(url) ?? false;
  }

  get(url: string, key: string): Blob | undefined {
    const scene = this.scenes.get(key);
    if (scene) this.use(key, scene);
    return scene?.get(url);
  }

  add(url: string, key: string, picture: Blob): void {
    const scene = this.scenes.get(key) ?? new Map<string, Blob>();
    this.held += picture.size - (scene.get(url)?.size ?? 0);
    scene.set(url, picture);
    this.use(key, scene);
    for (const oldest of this.scenes.keys()) {
      if (oldest === key || (this.held <= this.maxBytes && this.scenes.size <= this.maxScenes)) break;
      this.drop(oldest);
    }
  }

  /** Lets go of a scene's pictures. */
  drop(key: string): void {
    for (const picture of this.scenes.get(key)?.values() ?? []) this.held -= picture.size;
    this.scenes.delete(key);
  }

  private use(key: string, scene: Map<string, Blob>): void {
    this.scenes.delete(key);
    this.scenes.set(key, scene);
  }
}

/** The one of this page. */
export const pictures = new PictureCache();

/** Fetches a picture into the cache, or answers at once when it is there. Throws when it cannot be had. */
export async function fetchPicture(
  url: string,
  key: string,
  signal: AbortSignal,
  priority: "auto" | "low" = "auto",
): Promise<Blob> {
  const known = pictures.get(url, key);
  if (known) return known;
  // Left out of the library's types only: how urgent it is.
  const how: RequestInit & { priority: string } = { signal, priority, headers: { Accept: ACCEPT } };
  const response = await fetch(url, how);
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  const picture = await response.blob();
  // A broken picture must be noticed here, before the scene on screen is touched.
  (await createImageBitmap(picture)).close();
  pictures.add(url, key, picture);
  return picture;
}
