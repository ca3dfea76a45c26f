/** A small view of the scene that a way leads to, turned to where one shall look on arriving. */
import { find, h, icon } from "../../dom";
import { _ } from "../../i18n";
import type { View } from "../../viewer/document";
import type { TourViewer } from "../../viewer/tour";
import type { Fields } from "./fields";
import { type Draft, type Language, sceneOf, toDocument } from "./model";

export class ArrivalView {
  private viewer: TourViewer | null = null;
  private shown = "";
  private readonly stage = h("div", { class: "ed-arrival__stage" });
  private readonly button = h(
    "button",
    { type: "button", class: "button" },
    icon("crosshair"),
    h("span", {}, _("Take this view")),
  );

  constructor(
    form: HTMLFormElement,
    private readonly fields: Fields,
    private readonly draft: () => Draft,
    private readonly language: Language,
  ) {
    const place = find("[data-arrival]", form);
    place?.prepend(
      h(
        "p",
        { class: "field__hint" },
        _("Turn the small picture to where one shall look, then take the view."),
      ),
      this.stage,
      this.button,
    );
    this.button.addEventListener("click", () => this.take());
  }

  /** Shows the scene that is chosen, at the view that is chosen. */
  async show(): Promise<void> {
    const id = this.fields.text("target");
    if (id === this.shown) return;
    this.close();
    const scene = sceneOf(this.draft(), id);
    if (!scene?.panorama.files) return;
    this.shown = id;
    const { TourViewer: Viewer } = await import("../../viewer/tour");
    if (this.shown !== id) return;
    const document = toDocument(this.draft(), this.language, id);
    // only what is looked at: no way leads on from here
    for (const each of document.scenes) each.hotspots = [];
    this.viewer = new Viewer(this.stage, document, {
      fromScene: id,
      view: this.view() ?? scene.view,
      controls: false,
    });
    if (!this.view()) this.take();
  }

  close(): void {
    this.viewer?.destroy();
    this.viewer = null;
    this.shown = "";
  }

  /** The view as the numbers say it; null when one is missing. */
  view(): View | null {
    const yaw = this.fields.number("target_yaw");
    const pitch = this.fields.number("target_pitch");
    const fov = this.fields.number("target_fov");
    return yaw === null || pitch === null || fov === null ? null : { yaw, pitch, fov };
  }

  private take(): void {
    if (!this.viewer) return;
    const view = this.viewer.view();
    this.fields.set("target_yaw", view.yaw.toFixed(1));
    this.fields.set("target_pitch", view.pitch.toFixed(1));
    this.fields.set("target_fov", view.fov.toFixed(1));
  }
}
