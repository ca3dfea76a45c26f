/** The compass on the picture: a needle to the north, and a press that looks there. */
import { _ } from "../i18n";
import type { Scene, SceneView, View } from "./document";
import { make } from "./dom";

const SVG = "http://www.w3.org/2000/svg";

/** An SVG element with attributes: drawings that turn with the view. */
export function svg(name: string, attributes: Record<string, string>): SVGElement {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

export class Compass {
  readonly element = make("button", "tv-control tour-compass");
  private readonly needle = svg("g", { class: "tour-compass__needle" });
  private north: number | null = null;
  private view: View | null = null;

  constructor(turn: (view: View) => void) {
    this.element.type = "button";
    this.element.setAttribute("aria-label", _("Look north"));
    this.element.title = _("Look north");
    const drawing = svg("svg", {
      viewBox: "-12 -12 24 24",
      "aria-hidden": "true",
      class: "tour-compass__rose",
    });
    this.needle.append(
      svg("path", { d: "M0-11 4 0H-4Z", class: "tour-compass__north" }),
      svg("path", { d: "M0 11 4 0H-4Z", class: "tour-compass__south" }),
    );
    drawing.append(this.needle);
    this.element.append(drawing);
    this.element.hidden = true;
    this.element.addEventListener("click", () => {
      if (this.north !== null && this.view) turn({ ...this.view, yaw: this.north, pitch: 0 });
    });
  }

  show(scene: Scene): void {
    this.north = scene.north;
    this.element.hidden = scene.north === null;
  }

  point(view: SceneView): void {
    this.view = { yaw: view.yaw, pitch: view.pitch, fov: view.fov };
    if (this.north !== null) this.needle.style.rotate = `${(this.north - view.yaw).toFixed(1)}deg`;
  }
}
