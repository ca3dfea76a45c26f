/** The plan of a tour: scenes as points on a drawing or a grid, dragged there or moved by the arrow keys. */
import { announce, find, h, icon } from "../../dom";
import { _, loadCatalogue } from "../../i18n";
import { clamp } from "../../viewer/document";
import { Api } from "./api";
import { freePlace } from "./free-place";
import { type DraftScene, type Language, pickText, type Spot } from "./model";
import { steps } from "./overlay";
import { Status } from "./status";
import { Store } from "./store";

const SETTLE_MS = 700;

/** Starts where the page has a plan. */
export async function arrangePlan(): Promise<void> {
  const root = find("[data-plan]");
  if (!root) return;
  await loadCatalogue();
  const { draft, edit, csrf } = root.dataset;
  const api = new Api(draft ?? "", edit ?? "", csrf ?? "");
  try {
    new Plan(root, api, await api.draft());
    root.hidden = false;
  } catch (error) {
    // the table of numbers still works
    console.error(error);
  }
}

class Plan {
  private readonly store: Store;
  private readonly status: Status;
  private readonly sheet = h("div", { class: "plan__sheet" });
  private readonly beside = h("div", { class: "plan__beside" });
  private readonly language = (document.body.dataset.lang ?? "en") as Language;
  private settling = 0;
  private drag: { scene: DraftScene; button: HTMLElement; moved: boolean } | null = null;
  private held: { id: string; at: Spot } | null = null;

  constructor(root: HTMLElement, api: Api, draft: Store["draft"]) {
    const bar = h("div", { class: "editor__bar" });
    this.status = new Status(bar, () => this.store);
    this.store = new Store(api, draft, {
      changed: () => this.draw(),
      state: (state, words) => this.status.show(state, words),
      clash: (clash) => {
        // a plan has no texts to compare: theirs is shown, and mine can be moved there again
        this.store.accept(clash.theirs);
        this.status.show(
          "conflict",
          _("A colleague changed this scene. Theirs is shown; move it again if need be."),
        );
      },
    });
    root.append(
      bar,
      h(
        "p",
        { class: "field__hint" },
        _(
          "Drag scenes to their places, or focus one and press the arrow keys, with Shift further. Delete takes it off the plan.",
        ),
      ),
      this.sheet,
      this.beside,
    );
    this.draw();
  }

  private draw(): void {
    if (this.drag) return;
    const focused = (document.activeElement as HTMLElement | null)?.dataset.planScene;
    const { tour, scenes } = this.store.draft;
    const plan = tour.plan?.state === "ready" ? tour.plan : null;
    this.sheet.replaceChildren();
    if (plan) {
      const drawing = h("img", { src: plan.url, alt: "", width: plan.width, height: plan.height });
      this.sheet.append(drawing);
    }
    this.sheet.classList.toggle("plan__sheet--grid", !plan);
    const north = h("span", { class: "plan__north" }, icon("navigation"), h("span", {}, _("North")));
    const needle = north.firstElementChild as SVGElement;
    needle.style.rotate = `${tour.north - 45}deg`;
    this.sheet.append(north, ...scenes.filter((scene) => scene.plan).map((scene) => this.point(scene)));
    const rest = scenes.filter((scene) => !scene.plan);
    this.beside.replaceChildren(
      ...(rest.length > 0 ? [h("p", { class: "small muted" }, _("Not on the plan yet:"))] : []),
    );
    for (const scene of rest) {
      const words = _("Put “{scene}” on the plan", { scene: this.name(scene) });
      const button = h(
        "button",
        { type: "button", class: "button button--quiet" },
        icon("plus"),
        h("span", {}, words),
      );
      button.addEventListener("click", () => {
        const taken = this.store.draft.scenes.flatMap((other) => (other.plan ? [other.plan] : []));
        this.save(scene, freePlace(taken), true);
      });
      this.beside.append(button);
    }
    this.status.renew(this.store);
    if (focused) this.focus(focused);
  }

  private focus(id: string): void {
    find(`[data-plan-scene="${id}"]`, this.sheet)?.focus({ preventScroll: true });
  }

  private name(scene: DraftScene): string {
    return pickText(scene.title, this.language).value || scene.key;
  }

  private point(scene: DraftScene): HTMLElement {
    const at =
      this.held?.id === scene.id && this.settling ? this.held.at : (scene.plan ?? { x: 0.5, y: 0.5 });
    const button = h("button", { type: "button", class: "plan__point" }, icon("circle-dot"));
    button.append(h("span", { class: "plan__name", dir: "auto" }, this.name(scene)));
    button.dataset.planScene = scene.id;
    put(button, at);
    button.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      button.setPointerCapture(event.pointerId);
      this.drag = { scene, button, moved: false };
    });
    button.addEventListener("pointermove", (event) => {
      if (!this.drag) return;
      const box = this.sheet.getBoundingClientRect();
      const to = {
        x: clamp((event.clientX - box.left) / box.width, 0, 1),
        y: clamp((event.clientY - box.top) / box.height, 0, 1),
      };
      this.drag.moved = true;
      this.held = { id: scene.id, at: to };
      put(button, to);
    });
    const end = () => {
      const { drag } = this;
      this.drag = null;
      if (drag?.moved && this.held) this.save(scene, this.held.at, true);
    };
    button.addEventListener("pointerup", end);
    button.addEventListener("pointercancel", end);
    button.addEventListener("keydown", (event) => this.key(event, scene, button));
    return button;
  }

  private key(event: KeyboardEvent, scene: DraftScene, button: HTMLElement): void {
    if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      void this.store.run(_("Take a scene off the plan"), {
        op: "scene.change",
        id: scene.id,
        values: { plan: null },
      });
      return;
    }
    const step = steps(event);
    if (!step) return;
    event.preventDefault();
    const from = this.held?.id === scene.id ? this.held.at : (scene.plan ?? { x: 0.5, y: 0.5 });
    const at = { x: clamp(from.x + step.right / 100, 0, 1), y: clamp(from.y - step.up / 100, 0, 1) };
    this.held = { id: scene.id, at };
    put(button, at);
    announce(
      _("{scene}: from the left {x} %, from the top {y} %", {
        scene: this.name(scene),
        x: Math.round(at.x * 100),
        y: Math.round(at.y * 100),
      }),
    );
    window.clearTimeout(this.settling);
    this.settling = window.setTimeout(() => {
      this.settling = 0;
      this.save(scene, at, false);
    }, SETTLE_MS);
  }

  private save(scene: DraftScene, at: Spot, focus: boolean): void {
    const plan = { x: Math.round(at.x * 1000) / 1000, y: Math.round(at.y * 1000) / 1000 };
    void this.store
      .run(_("Move a scene on the plan"), { op: "scene.change", id: scene.id, values: { plan } })
      .then(() => {
        this.held = null;
        if (focus) this.focus(scene.id);
      });
  }
}

function put(button: HTMLElement, at: Spot): void {
  button.style.left = `${(at.x * 100).toFixed(2)}%`;
  button.style.top = `${(at.y * 100).toFixed(2)}%`;
}
