/** A server of uploads in memory, whose line can be cut: for tests. */
import { type Answer, LineLost, Refusal, type UploadServer, type UploadState, type Wish } from "./api";
import { digestOf } from "./digest";

export const CHUNK = 10;

export class MemoryServer implements UploadServer {
  readonly uploads = new Map<string, UploadState & { pieces: Map<number, ArrayBuffer> }>();
  readonly asked: string[] = [];
  /** What goes wrong at the next requests whose words begin so. */
  readonly troubles: { at: string; error: Error; arrived?: boolean }[] = [];
  finished: Uint8Array | null = null;

  async mine(): Promise<UploadState[]> {
    this.trouble("mine");
    return [...this.uploads.values()].filter((upload) => upload.state === "open");
  }

  async begin(wish: Wish): Promise<UploadState> {
    this.trouble("begin");
    const id = `u${this.uploads.size + 1}`;
    const chunks = Math.ceil(wish.size / CHUNK);
    const made = {
      id,
      name: wish.name,
      size: wish.size,
      chunk_bytes: CHUNK,
      chunks,
      state: "open",
      meta: {},
    };
    this.uploads.set(id, { ...made, received: [], first_digest: null, pieces: new Map() });
    return this.state(id, false);
  }

  async state(id: string, asked = true): Promise<UploadState> {
    if (asked) this.trouble("state");
    const upload = this.known(id);
    const first = upload.pieces.get(0);
    const received = [...upload.pieces.keys()].sort((a, b) => a - b);
    return { ...upload, received, first_digest: first ? await digestOf(first) : null };
  }

  async put(id: string, number: number, piece: ArrayBuffer, sent: (bytes: number) => void): Promise<void> {
    sent(piece.byteLength / 2);
    const keep = () => this.known(id).pieces.set(number, piece);
    this.trouble(`put ${number}`, keep);
    const before = this.known(id).pieces.get(number);
    if (before && new TextDecoder().decode(before) !== new TextDecoder().decode(piece))
      throw new Refusal(409, "other_content", "Another file.");
    keep();
    sent(piece.byteLength);
  }

  async finish(id: string): Promise<Answer> {
    const upload = this.known(id);
    const missing = [...Array(upload.chunks).keys()].filter((number) => !upload.pieces.has(number));
    const use = () => {
      const whole = [...Array(upload.chunks).keys()].flatMap((number) => [
        ...new Uint8Array(upload.pieces.get(number) ?? new ArrayBuffer(0)),
      ]);
      this.finished = new Uint8Array(whole);
      upload.state = "used";
    };
    this.trouble("finish", use);
    if (missing.length > 0) throw new Refusal(409, "incomplete", "Missing.", missing);
    use();
    return { scene: id };
  }

  async drop(id: string): Promise<void> {
    this.asked.push(`drop ${id}`);
    this.uploads.delete(id);
  }

  lose(at: string, times = 1, arrived = false): void {
    for (let n = 0; n < times; n++) this.troubles.push({ at, error: new LineLost(), arrived });
  }

  private trouble(words: string, arrive: () => void = () => undefined): void {
    this.asked.push(words);
    const index = this.troubles.findIndex((each) => words.startsWith(each.at));
    if (index < 0) return;
    const [found] = this.troubles.splice(index, 1);
    if (found?.arrived) arrive();
    if (found) throw found.error;
  }

  private known(id: string) {
    const upload = this.uploads.get(id);
    if (!upload) throw new Refusal(404, "not_found", "Unknown.");
    return upload;
  }
}
