/**
 * The crew's notices of newer tours: shown to everyone when a host says so, or left for later.
 *
 * "Later" holds for this tab and that version; the menu brings the notice back.
 */
import { h, icon } from "../dom";
import { _, ngettext } from "../i18n";
import { button, byId, KeyedList, type Row, setText } from "./dom";
import type { TourOffer } from "./protocol";
import { announce, errorWords, type Room } from "./room";
import type { RoomState } from "./state";
import { inLanguage, newerTours } from "./tours";

export class Offers {
  private readonly place = byId("offers");
  private readonly again = byId("offers-again");
  private readonly later: Set<string>;
  private readonly list: KeyedList<TourOffer>;
  private told = new Set<string>();

  /** `leave` takes the focus when a notice that had it goes away. */
  constructor(
    private readonly room: Room,
    private readonly leave: () => void,
  ) {
    this.later = new Set(this.restore());
    this.list = new KeyedList(
      this.place,
      ({ revision }) => revision,
      (offer) => this.notice(offer),
    );
    this.again.addEventListener("click", () => {
      this.later.clear();
      this.save();
      this.again.closest("details")?.removeAttribute("open");
      this.render(room.store.state);
      this.place.querySelector("button")?.focus();
    });
    room.store.subscribe((state) => this.render(state));
  }

  private render(state: RoomState): void {
    const newer = newerTours(state.offers, state.tour);
    const due = newer.filter(({ revision }) => !this.later.has(revision));
    const focused = this.place.contains(document.activeElement);
    this.list.show(due);
    this.place.hidden = due.length === 0;
    this.again.hidden = due.length === newer.length;
    if (focused && !this.place.contains(document.activeElement)) this.leave();
    for (const offer of due) {
      if (!this.told.has(offer.revision)) announce(this.words(offer));
      this.told.add(offer.revision);
    }
  }

  private notice(offer: TourOffer): Row<TourOffer> {
    const error = h("p", { class: "ask__error", role: "alert", hidden: true });
    const show = button(_("Show it to everyone"), () => void this.accept(offer, show, error), {
      icon: "check",
      attributes: { "data-testid": "tour-accept" },
    });
    const wait = button(_("Later"), () => this.dismiss(offer), {
      attributes: { "data-testid": "tour-later" },
    });
    const withdrawn = offer.kind === "withdrawal";
    const element = h(
      "div",
      { class: `notice ${withdrawn ? "notice--warning" : ""}`.trim(), "data-testid": "tour-offer" },
      icon(withdrawn ? "triangle-alert" : "info"),
      h(
        "div",
        { class: "offers__words" },
        h("p", { class: "notice__title" }, this.words(offer)),
        !withdrawn && offer.scenes_gone.length > 0
          ? h("p", {}, _("No longer in it: {scenes}", { scenes: this.scenes(offer) }))
          : null,
        h("p", { class: "muted" }, _("Nothing changes in the room before you show it.")),
        error,
      ),
      h("div", { class: "row" }, show, wait),
    );
    return { element, update: () => undefined };
  }

  private words(offer: TourOffer): string {
    const site = inLanguage(offer.name, this.room.data.lang);
    const { length } = offer.scenes_gone;
    if (offer.kind === "withdrawal" && length > 0) {
      const scenes = this.scenes(offer);
      return ngettext("A scene was withdrawn: {scenes}", "{count} scenes were withdrawn: {scenes}", length, {
        scenes,
      });
    }
    if (offer.kind === "rollback")
      return _("An earlier version of the tour of {site} was put back.", { site });
    return _("A new version of the tour of {site} was published.", { site });
  }

  private scenes(offer: TourOffer): string {
    return offer.scenes_gone.map(({ title }) => inLanguage(title, this.room.data.lang)).join(", ");
  }

  private async accept(offer: TourOffer, pressed: HTMLButtonElement, error: HTMLElement): Promise<void> {
    // Not disabled: a button that loses the focus would lose its place.
    if (pressed.getAttribute("aria-disabled") === "true") return;
    pressed.setAttribute("aria-disabled", "true");
    error.hidden = true;
    const { site, revision } = offer;
    const ack = await this.room.connection.command("tour.accept", { site, revision });
    pressed.removeAttribute("aria-disabled");
    if (ack.ok) {
      announce(_("Everyone sees the new version now."));
      return;
    }
    setText(error, errorWords(ack.error));
    error.hidden = false;
    // Another version came meanwhile: its notice takes this one's place.
    this.room.store.offer(ack.error.state?.offer);
  }

  private dismiss(offer: TourOffer): void {
    this.later.add(offer.revision);
    this.save();
    this.render(this.room.store.state);
  }

  private restore(): string[] {
    try {
      const stored: unknown = JSON.parse(sessionStorage.getItem(this.room.key("later")) ?? "[]");
      return Array.isArray(stored) ? stored.filter((one) => typeof one === "string") : [];
    } catch {
      return [];
    }
  }

  private save(): void {
    try {
      sessionStorage.setItem(this.room.key("later"), JSON.stringify([...this.later]));
    } catch {
      // Without storage it holds until the page is loaded again.
    }
  }
}
