/** Parts of the picture to be blurred: ellipses over it, to be moved and sized by pointer, keys and numbers. */
import { announce, h, icon } from "../../dom";
import { _ } from "../../i18n";
import { clamp, type View, wrapYaw } from "../../viewer/document";
import { make } from "../../viewer/dom";
import { project, unproject } from "../../viewer/projection";
import type { DraftScene, Region } from "./model";
import { moved, steps } from "./overlay";

const LEAST = 0.5;
const MOST = 120;
const SETTLE_MS = 700;
const FIELDS = ["yaw", "pitch", "width", "height"] as const;

export interface RegionHooks {
  view(): View;
  /** All regions as they shall be. */
  save(words: string, regions: (Omit<Region, "id"> & { id?: string })[]): void;
  turnTo(region: Region): void;
}

interface Held {
  id: string;
  how: "move" | "size";
  x: number;
  y: number;
}

export class Regions {
  readonly element = make("div", "ed-regions");
  private regions: Region[] = [];
  private held: Held | null = null;
  private settling = 0;

  constructor(
    private readonly hooks: RegionHooks,
    private readonly list: HTMLElement | null,
  ) {
    this.element.addEventListener("pointermove", (event) => this.dragged(event));
    this.element.addEventListener("pointerup", () => this.let());
    this.element.addEventListener("pointercancel", () => this.let());
  }

  show(scene: DraftScene): void {
    if (this.held || this.settling) return;
    this.regions = scene.regions.map((region) => ({ ...region }));
    this.draw();
    this.write();
  }

  /** Whether a movement by keys waits to be saved. */
  get waits(): boolean {
    return this.settling !== 0;
  }

  /** Saves a movement by keys that still waits: before the page goes, and before anything else is done. */
  flush(): void {
    if (this.waits) this.commit(_("Change a region"), this.regions);
  }

  /** Every change goes through here, so that a waiting movement is never saved over a later one. */
  private commit(words: string, regions: Parameters<RegionHooks["save"]>[1]): void {
    window.clearTimeout(this.settling);
    this.settling = 0;
    this.hooks.save(words, regions);
  }

  /** Adds one where somebody pointed. */
  add(at: { yaw: number; pitch: number }): void {
    const size = Math.round(clamp(this.hooks.view().fov / 8, 1, 12) * 10) / 10;
    this.commit(_("Mark a region"), [...this.regions, { ...at, width: size, height: size }]);
    announce(_("A region is marked. Drag its corner to size it, or use the numbers."));
  }

  /** Puts every ellipse where the picture now shows it. */
  place(): void {
    const { clientWidth: width, clientHeight: height } = this.element;
    const view = this.hooks.view();
    for (const shape of this.element.children) {
      if (!(shape instanceof HTMLElement)) continue;
      const region = this.regions.find((each) => each.id === shape.dataset.region);
      const middle = region && project(region, view, width, height);
      shape.hidden = !middle;
      if (!region || !middle) continue;
      const edge = project(
        { yaw: region.yaw, pitch: clamp(region.pitch + region.height / 2, -90, 90) },
        view,
        width,
        height,
      );
      const scale = height / 2 / Math.tan((view.fov * Math.PI) / 360);
      const high = edge ? Math.hypot(edge.x - middle.x, edge.y - middle.y) * 2 : 40;
      const wide = 2 * scale * Math.tan((Math.min(region.width, 150) * Math.PI) / 360);
      shape.style.inlineSize = `${Math.max(12, wide).toFixed(1)}px`;
      shape.style.blockSize = `${Math.max(12, high).toFixed(1)}px`;
      shape.style.transform = `translate(${middle.x.toFixed(1)}px, ${middle.y.toFixed(1)}px) translate(-50%, -50%)`;
    }
  }

  private draw(): void {
    const focused = (document.activeElement as HTMLElement | null)?.dataset.region;
    this.element.replaceChildren(...this.regions.map((region, index) => this.shape(region, index)));
    this.place();
    if (focused) this.shapeOf(focused)?.focus({ preventScroll: true });
  }

  private shapeOf(id: string): HTMLElement | undefined {
    return [...this.element.children].find(
      (each): each is HTMLElement => each instanceof HTMLElement && each.dataset.region === id,
    );
  }

  private shape(region: Region, index: number): HTMLElement {
    const words = _(
      "Region {number} to be blurred. Arrow keys move it, with Alt they size it; Delete takes it away.",
      {
        number: index + 1,
      },
    );
    const shape = h("div", { class: "ed-region", tabindex: 0, role: "group", "aria-label": words });
    shape.dataset.region = region.id;
    const corner = h("span", { class: "ed-region__corner", "aria-hidden": "true" });
    shape.append(corner);
    shape.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      event.stopPropagation();
      shape.setPointerCapture(event.pointerId);
      const how = event.target === corner ? "size" : "move";
      this.held = { id: region.id, how, x: event.clientX, y: event.clientY };
    });
    shape.addEventListener("keydown", (event) => this.key(event, region.id));
    return shape;
  }

  private dragged(event: PointerEvent): void {
    const { held } = this;
    const region = this.regions.find((each) => each.id === held?.id);
    if (!held || !region) return;
    const box = this.element.getBoundingClientRect();
    const at = unproject(
      { x: clamp(event.clientX - box.left, 0, box.width), y: clamp(event.clientY - box.top, 0, box.height) },
      this.hooks.view(),
      box.width,
      box.height,
    );
    if (held.how === "move") {
      region.yaw = round(at.yaw);
      region.pitch = round(at.pitch);
    } else {
      const across = Math.abs(wrapYaw(at.yaw - region.yaw)) * Math.cos((region.pitch * Math.PI) / 180);
      region.width = round(clamp(across * 2, LEAST, MOST));
      region.height = round(clamp(Math.abs(at.pitch - region.pitch) * 2, LEAST, MOST));
    }
    this.place();
    this.write();
  }

  private let(): void {
    if (!this.held) return;
    this.held = null;
    this.commit(_("Change a region"), this.regions);
  }

  private key(event: KeyboardEvent, id: string): void {
    const region = this.regions.find((each) => each.id === id);
    if (!region) return;
    if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      this.remove(id);
      return;
    }
    const sizing = event.altKey;
    const step = steps({
      key: event.key,
      shiftKey: event.shiftKey,
      ctrlKey: event.ctrlKey,
      metaKey: event.metaKey,
      altKey: false,
    });
    if (!step) return;
    event.preventDefault();
    if (sizing) {
      region.width = round(clamp(region.width + step.right, LEAST, MOST));
      region.height = round(clamp(region.height + step.up, LEAST, MOST));
    } else {
      Object.assign(region, moved(region, step));
    }
    this.place();
    this.write();
    announce(
      _("Yaw {yaw}°, pitch {pitch}°, {width}° by {height}°", {
        yaw: region.yaw,
        pitch: region.pitch,
        width: region.width,
        height: region.height,
      }),
    );
    window.clearTimeout(this.settling);
    this.settling = window.setTimeout(() => this.flush(), SETTLE_MS);
  }

  private remove(id: string): void {
    const place = this.regions.findIndex((each) => each.id === id);
    this.regions = this.regions.filter((each) => each.id !== id);
    this.commit(_("Remove a region"), this.regions);
    // gone at once here too, and the focus goes on to the next one
    const inList = this.list?.contains(document.activeElement) ?? false;
    this.list?.replaceChildren(...this.regions.map((region, index) => this.row(region, index)));
    this.draw();
    const next = this.regions[Math.min(place, this.regions.length - 1)];
    if (!next) return;
    const row = this.list?.querySelector<HTMLElement>(`[data-region="${next.id}"] button`);
    (inList ? row : this.shapeOf(next.id))?.focus({ preventScroll: true });
  }

  /** The list beside the picture: each region's numbers, to be typed as well. */
  private write(): void {
    const rows = [...(this.list?.children ?? [])].map((row) => (row as HTMLElement).dataset.region);
    const same = rows.join() === this.regions.map((region) => region.id).join();
    if (!this.list || (same && this.list.contains(document.activeElement))) {
      this.mirror();
      return;
    }
    this.list.replaceChildren(...this.regions.map((region, index) => this.row(region, index)));
  }

  private mirror(): void {
    for (const region of this.regions)
      for (const name of FIELDS) {
        const input = this.list?.querySelector<HTMLInputElement>(
          `[data-region="${region.id}"] [name="${name}"]`,
        );
        if (input && input !== document.activeElement) input.value = String(region[name]);
      }
  }

  private row(region: Region, index: number): HTMLElement {
    const labels = { yaw: _("Yaw"), pitch: _("Pitch"), width: _("Width"), height: _("Height") };
    const number = index + 1;
    const inputs = FIELDS.map((name) => {
      const input = h("input", { class: "input", name, inputmode: "decimal", value: region[name] });
      input.addEventListener("change", () => {
        const value = Number(input.value.replace(",", "."));
        if (!Number.isFinite(value) || input.value.trim() === "") {
          input.value = String(region[name]);
          announce(_("Give this as a number of degrees."));
          return;
        }
        const changed = this.regions.map((each) =>
          each.id === region.id ? { ...each, [name]: value } : each,
        );
        this.commit(_("Change a region"), changed);
      });
      return h("label", { class: "field" }, h("span", { class: "texts__label" }, labels[name]), input);
    });
    const find = h("button", { type: "button", class: "button button--quiet" }, icon("crosshair"));
    find.append(h("span", {}, _("Show region {number}", { number })));
    find.addEventListener("click", () => {
      this.hooks.turnTo(region);
      this.shapeOf(region.id)?.focus({ preventScroll: true });
    });
    const remove = h("button", { type: "button", class: "button button--quiet" }, icon("trash-2"));
    remove.append(h("span", {}, _("Remove region {number}", { number })));
    remove.addEventListener("click", () => this.remove(region.id));
    return h(
      "li",
      { class: "regions__row", "data-region": region.id },
      h("p", { class: "field__label" }, _("Region {number}", { number })),
      h("div", { class: "regions__fields" }, ...inputs),
      h("div", { class: "form__actions" }, find, remove),
    );
  }
}

const round = (value: number): number => Math.round(value * 10) / 10;
