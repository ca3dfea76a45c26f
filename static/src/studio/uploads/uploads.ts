/** The page's uploads: dropped or chosen files, two at once, and those that an earlier visit left unfinished. */
import { find, findAll, need } from "../../dom";
import { _, loadCatalogue, ngettext } from "../../i18n";
import { HttpServer, type UploadState, type Wish } from "./api";
import { type Desk, Item } from "./item";
import { precheck } from "./precheck";
import { Queue } from "./queue";
import { uploadOf } from "./resume";
import { Row } from "./row";
import { refreshScenes } from "./scene-list";
import { Speaker } from "./speaker";
import { Tiling } from "./tiling";
import { percentOf } from "./transfer";

const AT_ONCE = 2;
const LOOK_AGAIN_MS = 10_000;

/** Enhances the form that adds scenes; without this it is sent as it is. */
export async function enhanceUploads(): Promise<void> {
  const area = find("[data-upload-url]");
  if (!area) return;
  await loadCatalogue();
  await new Uploads(area).start();
}

class Uploads {
  private readonly form: HTMLFormElement;
  private readonly input: HTMLInputElement;
  private readonly list: HTMLElement;
  private readonly server: HttpServer;
  private readonly desk: Desk;
  private readonly lane = new Queue(AT_ONCE);
  private readonly items = new Set<Item>();
  /** Begun earlier, their files not at hand. */
  private readonly left = new Map<string, { upload: UploadState; row: Row }>();
  private refreshing = Promise.resolve();
  private toRefresh = false;

  constructor(private readonly area: HTMLElement) {
    this.form = need("form[data-upload]", area);
    this.input = need("input[type=file]", area);
    this.list = need("[data-upload-rows]", area);
    const { uploadUrl = "", purpose = "", thing = "", progress = "" } = area.dataset;
    const csrf = need<HTMLInputElement>("input[name=csrf_token]", this.form).value;
    this.server = new HttpServer(uploadUrl, purpose, thing, csrf);
    this.desk = {
      server: this.server,
      tiling: new Tiling(progress),
      speaker: new Speaker(),
      csrf,
      remove: (item) => this.remove(item.row, () => this.items.delete(item)),
      queue: (item) =>
        void this.lane.run(
          () => item.send(),
          () => item.dropped,
        ),
      changed: () => this.refresh(),
    };
  }

  async start(): Promise<void> {
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.input.addEventListener("change", () => {
      const files = [...(this.input.files ?? [])];
      this.input.value = ""; // so that the same file can be chosen again
      void this.add(files);
    });
    this.takeDrops();
    window.addEventListener("beforeunload", (event) => {
      if ([...this.items].some((item) => item.busy)) event.preventDefault();
    });
    this.area.dataset.ready = "";
    await this.lookForLeft();
  }

  /** The whole page takes what is dropped on it. */
  private takeDrops(): void {
    let depth = 0;
    const files = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
    const show = () => this.area.classList.toggle("uploads--over", depth > 0);
    window.addEventListener("dragenter", (event) => {
      if (!files(event)) return;
      event.preventDefault();
      depth++;
      show();
    });
    window.addEventListener("dragleave", (event) => {
      if (!files(event)) return;
      depth = Math.max(0, depth - 1);
      show();
    });
    window.addEventListener("dragover", (event) => {
      if (files(event)) event.preventDefault();
    });
    window.addEventListener("drop", (event) => {
      if (!files(event)) return;
      event.preventDefault();
      depth = 0;
      show();
      void this.add([...(event.dataTransfer?.files ?? [])]);
      this.area.scrollIntoView({ block: "nearest" });
    });
  }

  private async add(files: File[]): Promise<void> {
    if (files.length === 0) return;
    this.desk.speaker.say(ngettext("{count} file was added.", "{count} files were added.", files.length));
    const added = files.map((file) => ({ file, row: this.place(new Row(file.name)) }));
    for (const { row } of added) row.show({ words: _("Reading the file"), icon: "loader" });
    for (const { file, row } of added) {
      const known = await uploadOf(file, this.unclaimed());
      if (known) this.forget(known.id);
      const item = new Item(file, this.wish(file), this.desk, known, row);
      this.items.add(item);
      item.start(known ? null : await precheck(file));
    }
  }

  private wish(file: File): Wish {
    const { purpose = "", thing = "" } = this.area.dataset;
    const typed = (name: string) => find<HTMLInputElement>(`input[name="${name}"]`, this.form);
    return {
      purpose,
      thing,
      name: file.name,
      size: file.size,
      meta: {
        credit: typed("credit")?.value.trim() ?? "",
        licence: typed("licence")?.value.trim() ?? "",
        is_render: typed("is_render")?.checked ?? false,
      },
    };
  }

  private *unclaimed(): Iterable<UploadState> {
    for (const { upload } of this.left.values()) yield upload;
  }

  /** Shows what an earlier visit, or another window, began and did not end. */
  private async lookForLeft(): Promise<void> {
    const found = await this.server.mine().catch(() => null);
    if (found) {
      const own = new Set([...this.items].map((item) => item.id));
      const ended = [...this.left.keys()].filter((id) => !found.some((upload) => upload.id === id));
      for (const id of ended) this.forget(id);
      if (ended.length > 0) this.refresh(); // it was finished in another window perhaps
      for (const upload of found) if (!own.has(upload.id)) this.showLeft(upload);
    }
    if (this.left.size > 0) window.setTimeout(() => void this.lookForLeft(), LOOK_AGAIN_MS);
  }

  private showLeft(upload: UploadState): void {
    const row = this.left.get(upload.id)?.row ?? this.place(new Row(upload.name));
    this.left.set(upload.id, { upload, row });
    const percent = percentOf(upload, upload.received);
    const cancel = () => {
      void this.server.drop(upload.id).catch(() => undefined);
      this.desk.speaker.say(_("{name} was cancelled.", { name: upload.name }));
      this.remove(row, () => this.left.delete(upload.id));
    };
    row.show({
      words: _("Unfinished: {percent} %. Choose the file again to go on.", { percent }),
      icon: "pause",
      kind: "warning",
      percent,
      actions: [
        { words: _("Choose the file"), icon: "upload", run: () => this.input.click() },
        { words: _("Cancel"), icon: "x", run: cancel },
      ],
    });
  }

  /** Its file is here, or it is no more. */
  private forget(id: string): void {
    this.left.get(id)?.row.element.remove();
    this.left.delete(id);
    this.list.hidden = this.list.childElementCount === 0;
  }

  private place(row: Row): Row {
    this.list.append(row.element);
    this.list.hidden = false;
    return row;
  }

  /** Takes a row away; a focus that was in it goes to the next one. */
  private remove(row: Row, forget: () => void): void {
    const { element } = row;
    const focused = element.contains(document.activeElement);
    const next = element.nextElementSibling ?? element.previousElementSibling;
    element.remove();
    forget();
    this.list.hidden = this.list.childElementCount === 0;
    if (!focused) return;
    const button = next ? findAll<HTMLButtonElement>("button", next).at(-1) : null;
    (button ?? this.input).focus();
  }

  /** Brings the list of scenes up to date, one after the other, however many things change meanwhile. */
  private refresh(): void {
    if (this.toRefresh) return;
    this.toRefresh = true;
    this.refreshing = this.refreshing.then(() => {
      this.toRefresh = false;
      return refreshScenes();
    });
  }
}
