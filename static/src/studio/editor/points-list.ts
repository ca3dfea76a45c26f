/** The list of a scene's points beside the picture: each opened, found in the picture, taken out; the way back. */
import { h, icon } from "../../dom";
import { _ } from "../../i18n";
import {
  type Draft,
  type DraftPoint,
  type DraftScene,
  type Language,
  pickText,
  type RemovedPart,
  sceneOf,
} from "./model";

const SIGNS = {
  link: "signpost",
  info: "info",
  picture: "image",
  video: "video",
  document: "file-text",
  outside: "external-link",
} as const;

export interface ListHooks {
  open(point: DraftPoint, opener: HTMLElement): void;
  remove(point: DraftPoint): void;
  addBack(point: DraftPoint): void;
  /** The address of the editor of a scene. */
  sceneAddress(id: string): string;
}

/** Writes the list anew; the focus stays at the same point. */
export function writePoints(
  list: HTMLElement,
  scene: DraftScene,
  draft: Draft,
  language: Language,
  hooks: ListHooks,
): void {
  const focused = document.activeElement?.closest<HTMLElement>("[data-point]")?.dataset.point;
  const inside = list.contains(document.activeElement);
  list.replaceChildren(...scene.hotspots.map((point) => row(point, draft, language, hooks)));
  if (!inside) return;
  const again = [...list.children].find((each) => (each as HTMLElement).dataset.point === focused);
  (again ?? list.firstElementChild)?.querySelector<HTMLElement>("button")?.focus({ preventScroll: true });
}

function row(point: DraftPoint, draft: Draft, language: Language, hooks: ListHooks): HTMLElement {
  const text = pickText(point.label, language);
  const name = h(
    "button",
    { type: "button", class: "points__name" },
    h("bdi", { lang: text.lang }, text.value || "–"),
  );
  name.addEventListener("click", () => hooks.open(point, name));
  const line = h("li", { class: "points__row", "data-point": point.id }, icon(SIGNS[point.kind]), name);
  const there = sceneOf(draft, point.to);
  if (there) {
    const title = pickText(there.title, language).value || there.key;
    const walk = h(
      "a",
      { class: "small", href: hooks.sceneAddress(there.id) },
      _("leads to {scene}", { scene: title }),
    );
    line.append(walk);
    if (!there.hotspots.some((each) => each.to === point.scene)) {
      const back = quiet("corner-up-left", _("Add the way back"), text.value);
      back.addEventListener("click", () => hooks.addBack(point));
      line.append(back);
    }
  }
  for (const words of problems(point, draft))
    line.append(h("p", { class: "small scene__need" }, icon("triangle-alert"), h("span", {}, words)));
  const remove = quiet("trash-2", _("Remove"), text.value);
  remove.addEventListener("click", () => hooks.remove(point));
  line.append(remove);
  return line;
}

/** What keeps the tour from being published, as tours/hotspots.py says it. */
function problems(point: DraftPoint, draft: Draft): string[] {
  const file = draft.assets.find((each) => each.id === point.asset);
  const found: string[] = [];
  if (point.kind === "video" && !point.captions && Object.keys(point.body).length === 0)
    found.push(_("A film needs captions, or its words written down, before the tour can be published."));
  if (file?.state === "failed") found.push(_("Its file could not be used. Choose another."));
  if (file?.state === "waiting") found.push(_("Its file is still being prepared."));
  return found;
}

function quiet(sign: string, words: string, about: string): HTMLButtonElement {
  const button = h(
    "button",
    { type: "button", class: "button button--quiet" },
    icon(sign),
    h("span", {}, words),
  );
  button.append(h("span", { class: "visually-hidden" }, ` – ${about}`));
  return button;
}

/** What was taken out within the last day, each with a button that puts it back. */
export function writeRemoved(
  area: HTMLElement,
  parts: RemovedPart[],
  language: Language,
  putBack: (part: RemovedPart) => void,
): void {
  const list = area.querySelector("[data-removed-list]");
  area.hidden = parts.length === 0;
  list?.replaceChildren(
    ...parts.map((part) => {
      const text = pickText(part.name, language);
      const button = quiet("undo-2", _("Put back"), text.value);
      button.addEventListener("click", () => putBack(part));
      return h(
        "li",
        { class: "points__row" },
        icon(part.kind === "scene" ? "image" : "map-pin"),
        h("bdi", { lang: text.lang }, text.value || "–"),
        button,
      );
    }),
  );
}
