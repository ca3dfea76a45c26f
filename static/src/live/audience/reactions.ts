/** Reactions of everyone, as numbers in the picture's corner for a moment. */
import { h, icon } from "../../dom";
import { _ } from "../../i18n";
import { byId } from "../dom";
import type { Room } from "../room";

export const REACTIONS = [
  { kind: "applause", sign: "party-popper", name: () => _("Applause") },
  { kind: "heart", sign: "heart", name: () => _("I like it") },
  { kind: "laugh", sign: "laugh", name: () => _("Funny") },
  { kind: "surprise", sign: "sparkles", name: () => _("Surprising") },
  { kind: "agree", sign: "thumbs-up", name: () => _("I agree") },
] as const;

const SHOWN_MS = 3_000;

export class ReactionCounts {
  private readonly parent = byId("reactions");
  private readonly chips = new Map<string, { element: HTMLElement; count: number; gone: number }>();

  constructor(room: Room) {
    room.on("reactions", (counts) => {
      for (const [kind, count] of Object.entries(counts)) this.add(kind, count);
    });
  }

  private add(kind: string, count: number): void {
    const known = REACTIONS.find((one) => one.kind === kind);
    if (!known || !(count > 0)) return;
    const chip = this.chips.get(kind) ?? {
      element: h("span", { class: "chip chip--picture reaction" }),
      count: 0,
      gone: 0,
    };
    window.clearTimeout(chip.gone);
    chip.count += count;
    chip.element.replaceChildren(icon(known.sign), h("span", {}, String(chip.count)));
    chip.gone = window.setTimeout(() => {
      chip.element.remove();
      this.chips.delete(kind);
    }, SHOWN_MS);
    this.chips.set(kind, chip);
    this.parent.append(chip.element);
  }
}
