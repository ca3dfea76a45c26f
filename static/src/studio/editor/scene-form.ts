/** The form of the scene itself: its words, its views, its north. */
import { find } from "../../dom";
import { _ } from "../../i18n";
import type { View } from "../../viewer/document";
import { Compass } from "./compass";
import { Fields } from "./fields";
import { type DraftScene, type SceneValues, same } from "./model";

export interface SceneFormHooks {
  view(): View;
  /** Saves; answers what is wrong, or null when it was saved. */
  save(words: string, values: SceneValues): Promise<{ message: string; field: string | null } | null>;
}

const NUMBERS: [string, (scene: DraftScene) => number][] = [
  ["start_yaw", (scene) => scene.view.yaw],
  ["start_pitch", (scene) => scene.view.pitch],
  ["start_fov", (scene) => scene.view.fov],
  ["north", (scene) => scene.north],
  ["min_fov", (scene) => scene.limits.min],
  ["max_fov", (scene) => scene.limits.max],
];
export class SceneForm {
  private readonly fields: Fields;
  private readonly compass: Compass;
  private shown: SceneValues = {};

  constructor(
    form: HTMLFormElement,
    private readonly hooks: SceneFormHooks,
  ) {
    this.fields = new Fields(form);
    this.compass = new Compass({
      looking: () => hooks.view().yaw,
      moving: (north) => this.fields.set("north", north),
      save: (north) => void this.partly(_("Turn north"), { north }),
    });
    find("[data-compass]", form)?.append(this.compass.element);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.save();
    });
    form.addEventListener("input", () => {
      this.fields.markMissing("title");
      this.fields.markMissing("alternative");
    });
    find("[data-take-view]", form)?.addEventListener("click", () => {
      const { yaw, pitch, fov } = hooks.view();
      const view = { yaw: round(yaw), pitch: round(pitch), fov: round(fov) };
      this.fields.set("start_yaw", view.yaw);
      this.fields.set("start_pitch", view.pitch);
      this.fields.set("start_fov", view.fov);
      void this.partly(_("Set the start view"), { view });
    });
    find("[data-take-north]", form)?.addEventListener("click", () => {
      const north = round(hooks.view().yaw);
      this.fields.set("north", north);
      this.compass.show(north);
      void this.partly(_("Turn north"), { north });
    });
  }

  /** Something is typed that was not saved. */
  get dirty(): boolean {
    return !same(this.values(), this.shown);
  }

  /** Shows the scene as it is; what is being typed stays. */
  show(scene: DraftScene): void {
    const typed = this.values();
    const before = this.shown;
    const fresh: SceneValues = {
      title: scene.title,
      alternative: scene.alternative,
      credit: scene.credit,
      licence: scene.licence,
      render: scene.render,
      view: scene.view,
      north: scene.north,
      limits: scene.limits,
    };
    const untouched = (name: keyof SceneValues) =>
      Object.keys(before).length === 0 || same(typed[name], before[name]);
    if (untouched("title")) this.fields.setTexts("title", scene.title);
    if (untouched("alternative")) this.fields.setTexts("alternative", scene.alternative);
    if (untouched("credit")) this.fields.set("credit", scene.credit);
    if (untouched("licence")) this.fields.set("licence", scene.licence);
    if (untouched("render")) this.fields.check("is_render", scene.render);
    for (const [name, value] of NUMBERS)
      if (untouched(name.startsWith("start") ? "view" : name === "north" ? "north" : "limits"))
        this.fields.set(name, value(scene));
    this.shown = fresh;
    this.compass.show(scene.north);
  }

  /** The picture was turned: the needle turns along. */
  looked(): void {
    this.compass.show(this.fields.number("north") ?? 0);
  }

  /** Shows what somebody else saved, whatever is typed. */
  replace(scene: DraftScene): void {
    this.shown = {};
    this.show(scene);
  }

  private async partly(words: string, values: SceneValues): Promise<void> {
    this.tell(await this.hooks.save(words, values));
  }

  private async save(): Promise<void> {
    const missing = NUMBERS.find(([name]) => this.fields.number(name) === null);
    if (missing) {
      this.fields.error(_("Give this as a number of degrees."), missing[0]);
      return;
    }
    const values = this.values();
    const changed = Object.fromEntries(
      Object.entries(values).filter(([name, value]) => !same(value, this.shown[name as keyof SceneValues])),
    ) as SceneValues;
    this.tell(await this.hooks.save(_("Change the scene"), changed));
  }

  private tell(wrong: { message: string; field: string | null } | null): void {
    this.fields.error(wrong?.message ?? "", wrong?.field ?? null);
  }

  private values(): SceneValues {
    const { fields } = this;
    const number = (name: string) => fields.number(name) ?? Number.NaN;
    return {
      title: fields.texts("title"),
      alternative: fields.texts("alternative"),
      credit: fields.text("credit"),
      licence: fields.text("licence"),
      render: fields.checked("is_render"),
      view: { yaw: number("start_yaw"), pitch: number("start_pitch"), fov: number("start_fov") },
      north: number("north"),
      limits: { min: number("min_fov"), max: number("max_fov") },
    };
  }
}

const round = (value: number): number => Math.round(value * 10) / 10;
