/** The form of a point beside the picture: a new one that was just placed, or one that is there. */
import { find, findAll, need } from "../../dom";
import { _ } from "../../i18n";
import type { Kind } from "../../viewer/document";
import { ArrivalView } from "./arrival-view";
import { Fields } from "./fields";
import { type Draft, type DraftPoint, type Language, type PointValues, pickText, same } from "./model";
import type { Direction } from "./overlay";

export interface PointFormHooks {
  draft(): Draft;
  /** Saves a new point (`id` null) or one that is there; answers what is wrong, or null when it was saved. */
  save(id: string | null, values: PointValues): Promise<{ message: string; field: string | null } | null>;
  /** Numbers are typed: the point on the picture follows. */
  mirror(id: string | null, to: Direction): void;
  closed(): void;
}

const TEXTS = ["label", "body"] as const;

export class PointForm {
  /** The point in the form; null for a new one. */
  id: string | null = null;
  private readonly fields: Fields;
  private readonly heading: HTMLElement;
  private readonly arrival: ArrivalView;
  private opener: HTMLElement | null = null;
  private loaded: PointValues = {};

  constructor(
    private readonly form: HTMLFormElement,
    private readonly hooks: PointFormHooks,
    private readonly language: Language,
  ) {
    this.fields = new Fields(form, "point-");
    this.heading = need("h2", form);
    this.arrival = new ArrivalView(form, this.fields, hooks.draft, language);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.save();
    });
    form.addEventListener("input", (event) => this.typed(event));
    form.addEventListener("change", () => this.fit());
    form.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.isComposing && !event.defaultPrevented) {
        event.preventDefault();
        this.close();
      }
    });
    find("[data-close-point]", form)?.addEventListener("click", () => this.close());
  }

  get isOpen(): boolean {
    return !this.form.hidden;
  }

  /** Something is typed that was not saved. */
  get dirty(): boolean {
    return this.isOpen && !same(this.values(), this.loaded);
  }

  /** Opens the form for a point, or for a new one at a place; the focus goes there and later back to `opener`. */
  open(point: DraftPoint | null, at: Direction, opener: HTMLElement | null): void {
    this.id = point?.id ?? null;
    this.opener = opener;
    this.form.hidden = false;
    this.heading.textContent = point ? pickText(point.label, this.language).value || "–" : _("New point");
    this.fill(point, at);
    this.fields.error("");
    this.heading.focus({ preventScroll: true });
    this.form.scrollIntoView({ block: "nearest" });
  }

  /** The point was moved in the picture. */
  moveTo(at: Direction): void {
    this.fields.set("yaw", at.yaw);
    this.fields.set("pitch", at.pitch);
  }

  /** The point is another one now: shown, unless somebody is typing something else. */
  refresh(point: DraftPoint): void {
    if (this.id !== point.id || this.dirty) return;
    this.fill(point, point);
    this.heading.textContent = pickText(point.label, this.language).value || "–";
  }

  /** A file came: it can be chosen now, and is. */
  addFile(id: string, name: string, kind: string): void {
    const field = this.fields.get<HTMLSelectElement>(kind === "captions" ? "caption_file" : "file");
    if (!field) return;
    if (![...field.options].some((option) => option.value === id)) {
      const option = new Option(name, id);
      option.dataset.kind = kind;
      field.add(option);
    }
    field.value = id;
    this.fit();
  }

  get kind(): Kind {
    return this.fields.choice("kind") as Kind;
  }

  close(): void {
    if (!this.isOpen) return;
    const had = this.form.contains(document.activeElement);
    this.form.hidden = true;
    this.id = null;
    this.arrival.close();
    this.hooks.closed();
    if (had) this.opener?.focus({ preventScroll: true });
  }

  private fill(point: DraftPoint | null, at: Direction): void {
    const { fields } = this;
    fields.choose("kind", point?.kind ?? "link");
    fields.choose("arrival", point?.arrival ?? "heading");
    fields.set("target", point?.to ?? "");
    fields.set("file", point?.asset ?? "");
    fields.set("caption_file", point?.captions ?? "");
    fields.set("url", point?.url ?? "");
    fields.set("target_yaw", point?.view?.yaw ?? null);
    fields.set("target_pitch", point?.view?.pitch ?? null);
    fields.set("target_fov", point?.view?.fov ?? null);
    for (const name of TEXTS) fields.setTexts(name, point?.[name] ?? {});
    this.moveTo(at);
    this.fit();
    this.loaded = this.values();
  }

  /** Shows what belongs to the kind, and hides the rest. */
  private fit(): void {
    const kind = this.kind;
    for (const part of findAll("[data-for]", this.form))
      part.hidden = !(part.dataset.for ?? "").split(" ").includes(kind);
    const own = kind === "link" && this.fields.choice("arrival") === "view";
    for (const part of findAll("[data-arrival]", this.form)) part.hidden = !own;
    for (const option of this.fields.get<HTMLSelectElement>("file")?.options ?? []) {
      option.hidden = option.value !== "" && option.dataset.kind !== kind;
      option.disabled = option.hidden;
    }
    if (own) void this.arrival.show();
    else this.arrival.close();
  }

  private typed(event: Event): void {
    for (const name of TEXTS) this.fields.markMissing(name);
    const name = (event.target as HTMLInputElement).name;
    if (name !== "point-yaw" && name !== "point-pitch") return;
    const yaw = this.fields.number("yaw");
    const pitch = this.fields.number("pitch");
    if (yaw !== null && pitch !== null && Math.abs(yaw) <= 360 && Math.abs(pitch) <= 90)
      this.hooks.mirror(this.id, { yaw, pitch });
  }

  private async save(): Promise<void> {
    const { fields } = this;
    if (fields.number("yaw") === null || fields.number("pitch") === null) {
      fields.error(
        _("Give the place as numbers of degrees."),
        fields.number("yaw") === null ? "yaw" : "pitch",
      );
      return;
    }
    const values = this.values();
    const wrong = await this.hooks.save(this.id, values);
    if (wrong) {
      const named: Record<string, string> = { asset: "file", captions: "caption_file" };
      fields.error(wrong.message, wrong.field ? (named[wrong.field] ?? wrong.field) : null);
    } else this.close();
  }

  /** What the form says, as far as it belongs to the kind. */
  private values(): PointValues {
    const { fields } = this;
    const kind = this.kind;
    const values: PointValues = {
      kind,
      yaw: fields.number("yaw") ?? 0,
      pitch: fields.number("pitch") ?? 0,
      label: fields.texts("label"),
    };
    if (kind !== "link") values.body = fields.texts("body");
    if (kind === "link") {
      values.to = fields.text("target") || null;
      values.arrival = fields.choice("arrival") as DraftPoint["arrival"];
      values.view = values.arrival === "view" ? this.arrival.view() : null;
    }
    if (kind === "picture" || kind === "video" || kind === "document")
      values.asset = fields.text("file") || null;
    if (kind === "video") values.captions = fields.text("caption_file") || null;
    if (kind === "outside") values.url = fields.text("url");
    return values;
  }
}
