/** The small map: where the scenes lie, which one is shown and where it looks. Every point is a real button. */
import { _ } from "../i18n";
import { svg } from "./compass";
import { findScene, type Scene, type SceneView, type TourDocument } from "./document";
import { freshId, make, markLanguage } from "./dom";

/** A plan is open from the start where there is room for it beside the picture's middle. */
const ROOMY = "(min-width: 60rem)";
/** Nobody can press on a plan that is much wider than high, or the other way. */
const FLATTEST = 2.2;

/** True when a tour has places to draw: two of them, as one point tells nothing. */
export function hasPlan(tour: TourDocument): boolean {
  return tour.scenes.filter((scene) => scene.plan).length > 1;
}

/** Where on the plan a view looks, degrees clockwise from the plan's top; null where the north is not known. */
export function planHeading(tour: TourDocument, scene: Scene, yaw: number): number | null {
  return scene.north === null ? null : yaw - scene.north + (tour.plan?.north ?? 0);
}

export class PlanMap {
  readonly element = make("div", "tour-plan");
  /** Opens and closes the plan. */
  readonly button: HTMLButtonElement;
  private readonly sheet = make("div", "tour-plan__sheet");
  private readonly cone = svg("svg", {
    viewBox: "-50 -50 100 100",
    "aria-hidden": "true",
    class: "tour-plan__cone",
  });
  private current: Scene | null = null;

  constructor(
    private tour: TourDocument,
    button: HTMLButtonElement,
    private readonly visit: (sceneId: string) => void,
  ) {
    this.button = button;
    this.element.id = freshId("tour-plan");
    this.element.setAttribute("role", "group");
    this.element.setAttribute("aria-label", _("Map of the places"));
    this.cone.append(svg("path", { d: "M0 0-26-42A49 49 0 0 1 26-42Z" }));
    this.element.append(this.sheet);
    button.setAttribute("aria-controls", this.element.id);
    button.addEventListener("click", () => this.open(this.element.hidden));
    this.sheet.addEventListener("click", (event) => {
      const point =
        event.target instanceof Element ? event.target.closest<HTMLElement>("[data-plan-scene]") : null;
      if (point?.dataset.planScene) this.visit(point.dataset.planScene);
    });
    this.update(tour);
    this.open(window.matchMedia(ROOMY).matches);
  }

  /** Takes a newer document. */
  update(tour: TourDocument): void {
    this.tour = tour;
    this.button.hidden = !hasPlan(tour);
    if (this.button.hidden) this.element.hidden = true;
    const plan = tour.plan ?? null;
    const ratio = plan?.width && plan.height ? plan.width / plan.height : 1;
    const shape = Math.min(FLATTEST, Math.max(1 / FLATTEST, ratio));
    // Its longer side is as long as the style sheet says.
    this.sheet.style.inlineSize = `calc(var(--plan) * ${Math.min(1, shape).toFixed(3)})`;
    this.sheet.style.aspectRatio = shape.toFixed(3);
    const parts: Element[] = [this.cone];
    if (plan) {
      const drawing = make("img", "tour-plan__drawing");
      drawing.alt = "";
      drawing.src = plan.url;
      drawing.decoding = "async";
      parts.unshift(drawing);
    }
    this.sheet.classList.toggle("tour-plan__sheet--grid", plan === null);
    for (const scene of tour.scenes) if (scene.plan) parts.push(point(scene, scene.plan));
    this.sheet.replaceChildren(...parts);
    const shown = findScene(tour, this.current?.id);
    if (shown) this.show(shown);
  }

  /** Marks the scene on screen. */
  show(scene: Scene): void {
    this.current = scene;
    for (const each of this.sheet.querySelectorAll<HTMLElement>("[data-plan-scene]")) {
      if (each.dataset.planScene === scene.id) each.setAttribute("aria-current", "location");
      else each.removeAttribute("aria-current");
    }
    if (scene.plan) place(this.cone, scene.plan);
  }

  /** Turns the cone to where one looks. */
  point(view: SceneView): void {
    const heading = this.current ? planHeading(this.tour, this.current, view.yaw) : null;
    this.cone.classList.toggle("tour-plan__cone--none", heading === null || !this.current?.plan);
    if (heading !== null) this.cone.style.rotate = `${heading.toFixed(1)}deg`;
  }

  private open(open: boolean): void {
    this.element.hidden = !open || this.button.hidden;
    this.button.setAttribute("aria-expanded", String(!this.element.hidden));
  }
}

function point(scene: Scene, at: { x: number; y: number }): HTMLButtonElement {
  const button = make("button", "tour-plan__point");
  button.type = "button";
  button.dataset.planScene = scene.id;
  button.setAttribute("aria-label", scene.title.value);
  button.title = scene.title.value;
  markLanguage(button, scene.title);
  place(button, at);
  return button;
}

/** Plans are drawn from left to right in every script. */
function place(element: HTMLElement | SVGElement, { x, y }: { x: number; y: number }): void {
  element.style.left = `${(x * 100).toFixed(2)}%`;
  element.style.top = `${(y * 100).toFixed(2)}%`;
}
