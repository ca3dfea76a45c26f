/** A stale save: both versions side by side, and the choice between them. Nothing was overwritten. */
import { h, icon } from "../../dom";
import { _ } from "../../i18n";
import {
  type Draft,
  LANGUAGES,
  type Language,
  NATIVE_NAMES,
  type Op,
  pickText,
  same,
  sceneOf,
} from "./model";
import type { Clash } from "./store";

export interface ConflictHooks {
  draft(): Draft;
  useTheirs(clash: Clash): void;
  applyMine(clash: Clash): void;
}

const NAMES: Record<string, () => string> = {
  title: () => _("Title"),
  alternative: () => _("Text alternative"),
  view: () => _("Start view"),
  north: () => _("North"),
  limits: () => _("How near and how wide one may look"),
  plan: () => _("Place on the plan"),
  regions: () => _("Blurred regions"),
  credit: () => _("Photographer or source"),
  licence: () => _("Licence"),
  render: () => _("Render"),
  kind: () => _("Kind"),
  yaw: () => _("Yaw"),
  pitch: () => _("Pitch"),
  label: () => _("Name"),
  body: () => _("Text"),
  to: () => _("Leads to"),
  arrival: () => _("Where one looks on arriving"),
  asset: () => _("File"),
  captions: () => _("Captions"),
  url: () => _("Address"),
};

/** Shows a clash in its place beside the picture. */
export function showClash(area: HTMLElement, clash: Clash, language: Language, hooks: ConflictHooks): void {
  const mine = "values" in clash.op ? (clash.op.values as Record<string, unknown>) : {};
  const theirs = (clash.theirs ?? {}) as Record<string, unknown>;
  const differing = Object.keys(mine).filter((name) => !same(mine[name], theirs[name]));
  const cell = (value: unknown) => h("td", { dir: "auto" }, inWords(value, hooks.draft(), language));
  const rows = differing.map((name) =>
    h("tr", {}, h("th", { scope: "row" }, NAMES[name]?.() ?? name), cell(theirs[name]), cell(mine[name])),
  );
  const heading = h("h2", { tabindex: -1 }, title(clash.op));
  const use = h("button", { type: "button", class: "button button--primary" }, _("Use theirs"));
  const apply = h("button", { type: "button", class: "button" }, _("Apply mine again"));
  const close = () => {
    area.hidden = true;
    area.replaceChildren();
  };
  use.addEventListener("click", () => {
    close();
    hooks.useTheirs(clash);
  });
  apply.addEventListener("click", () => {
    close();
    hooks.applyMine(clash);
  });
  const box = h(
    "section",
    { class: "notice notice--warning ed-conflict", role: "alert" },
    icon("triangle-alert"),
    heading,
    h("p", {}, _("Nothing was overwritten. Choose which version stays.")),
  );
  if (rows.length > 0) {
    const head = h(
      "tr",
      {},
      h("td", {}),
      h("th", { scope: "col" }, _("Theirs")),
      h("th", { scope: "col" }, _("Yours")),
    );
    box.append(
      h(
        "div",
        { class: "table-scroll" },
        h("table", { class: "table" }, h("thead", {}, head), h("tbody", {}, ...rows)),
      ),
    );
  }
  box.append(h("div", { class: "form__actions" }, use, apply));
  area.replaceChildren(box);
  area.hidden = false;
  heading.focus();
}

function title(op: Op): string {
  if (op.op.startsWith("hotspot")) return _("A colleague changed this point.");
  if (op.op === "scene.order" || op.op === "tour.change") return _("A colleague changed this tour.");
  return _("A colleague changed this scene.");
}

function inWords(value: unknown, draft: Draft, language: Language): string {
  if (value === null || value === undefined || value === "") return "–";
  if (typeof value === "boolean") return value ? _("yes") : _("no");
  if (typeof value === "number") return _("{degrees}°", { degrees: value });
  if (Array.isArray(value)) return String(value.length);
  if (typeof value === "object") {
    const texts = Object.entries(value);
    if (texts.some(([name]) => (LANGUAGES as readonly string[]).includes(name)))
      return texts.map(([name, text]) => `${NATIVE_NAMES[name as Language] ?? name}: ${text}`).join("\n");
    return texts.map(([name, number]) => `${name} ${number}`).join(", ");
  }
  const scene = sceneOf(draft, String(value));
  return scene ? pickText(scene.title, language).value : String(value);
}
