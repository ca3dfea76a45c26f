/** After a way was made: its way back, one press away, and where it is then. */
import { h, icon } from "../../dom";
import { _ } from "../../i18n";
import type { Outcome } from "./api";
import { type Draft, type DraftPoint, type Language, type Op, pickText, pointOf, sceneOf } from "./model";

export interface WayBackHooks {
  draft(): Draft;
  run(words: string, op: Op): Promise<Outcome>;
  /** The address of the editor of a scene. */
  address(sceneId: string): string;
}

export class WayBack {
  constructor(
    private readonly area: HTMLElement,
    private readonly language: Language,
    private readonly hooks: WayBackHooks,
  ) {}

  /** Offers the way back to a link, unless there is one. */
  offer(id: string | null): void {
    const { area } = this;
    const point = pointOf(this.hooks.draft(), id);
    const there = sceneOf(this.hooks.draft(), point?.to);
    area.hidden = true;
    if (!point || !there || there.hotspots.some((each) => each.to === point.scene)) return;
    const button = h("button", { type: "button", class: "button" }, icon("corner-up-left"));
    button.append(h("span", {}, _("Add the way back")));
    button.addEventListener("click", () => {
      area.hidden = true;
      void this.add(point);
    });
    const words = _("“{scene}” has no way back here yet.", { scene: this.title(point) });
    area.replaceChildren(h("p", {}, words), button);
    area.hidden = false;
  }

  /** Adds it and says where it is. */
  async add(point: DraftPoint): Promise<void> {
    const outcome = await this.hooks.run(_("Add the way back"), { op: "link_back", hotspot: point.id });
    if (outcome.kind !== "done") return;
    const scene = this.title(point);
    const words = _("The way back is in “{scene}”, on the opposite side. Move it there if need be.", {
      scene,
    });
    const link = h("a", { href: this.hooks.address(point.to ?? "") }, _("Go to “{scene}”", { scene }));
    this.area.replaceChildren(h("p", { role: "status" }, words), h("p", {}, link));
    this.area.hidden = false;
  }

  private title(point: DraftPoint): string {
    const there = sceneOf(this.hooks.draft(), point.to);
    return there ? pickText(there.title, this.language).value || there.key : "";
  }
}

/** What a form says of an outcome: nothing when it was saved, or when both versions are shown. */
export function wrong(outcome: Outcome): { message: string; field: string | null } | null {
  switch (outcome.kind) {
    case "refused":
      return { message: outcome.message, field: outcome.field };
    case "lost":
      return { message: _("Connection lost. Your text is kept."), field: null };
    case "conflict":
      // both versions are shown beside it, and the form keeps what was typed
      return { message: "", field: null };
    default:
      return null;
  }
}
