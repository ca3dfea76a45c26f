/** The scenes of a tour in order: dragged by their handles, or moved by the arrow keys on them. */
import { announce, find, findAll } from "../../dom";
import { _, loadCatalogue } from "../../i18n";

const EDGE_PX = 48;
const SCROLL_PX = 12;

/** Starts where the page lists the scenes. */
export async function orderScenes(): Promise<void> {
  const list = find("[data-order]");
  if (!list) return;
  await loadCatalogue();
  new Order(list);
}

class Order {
  private revision: number;
  private dragged: HTMLElement | null = null;
  private before: string[] = [];
  private sending: Promise<void> = Promise.resolve();

  constructor(private readonly list: HTMLElement) {
    this.revision = Number(list.dataset.revision ?? 1);
    for (const handle of findAll("[data-handle]", list)) {
      handle.addEventListener("keydown", (event) => this.key(event, handle));
      handle.addEventListener("pointerdown", (event) => this.down(event, handle));
      handle.addEventListener("pointermove", (event) => this.move(event));
      handle.addEventListener("pointerup", () => this.up());
      handle.addEventListener("pointercancel", () => this.up());
    }
  }

  private get items(): HTMLElement[] {
    return [...this.list.children].filter((each): each is HTMLElement => each instanceof HTMLElement);
  }

  private get ids(): string[] {
    return this.items.map((item) => item.dataset.scene ?? "");
  }

  private key(event: KeyboardEvent, handle: HTMLElement): void {
    const item = handle.closest<HTMLElement>("[data-scene]");
    if (!item || event.ctrlKey || event.metaKey || event.altKey) return;
    const { items } = this;
    const at = items.indexOf(item);
    const to = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: items.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    if (to < 0 || to >= items.length || to === at) return;
    const before = this.ids;
    this.put(item, to);
    handle.focus({ preventScroll: false });
    this.tell(item);
    this.save(before);
  }

  private down(event: PointerEvent, handle: HTMLElement): void {
    const item = handle.closest<HTMLElement>("[data-scene]");
    if (!item || event.button !== 0) return;
    handle.setPointerCapture(event.pointerId);
    this.dragged = item;
    this.before = this.ids;
    item.classList.add("scene--dragged");
  }

  private move(event: PointerEvent): void {
    const { dragged } = this;
    if (!dragged) return;
    // a long list goes on beyond the window
    if (event.clientY < EDGE_PX) window.scrollBy(0, -SCROLL_PX);
    if (event.clientY > window.innerHeight - EDGE_PX) window.scrollBy(0, SCROLL_PX);
    const over = this.items.find((item) => {
      const box = item.getBoundingClientRect();
      return item !== dragged && event.clientY > box.top && event.clientY < box.bottom;
    });
    if (!over) return;
    const box = over.getBoundingClientRect();
    const below = event.clientY > box.top + box.height / 2;
    const to = this.items.indexOf(over);
    const at = this.items.indexOf(dragged);
    // only once past its middle, or it would jump to and fro between scenes of different heights
    if ((to > at && below) || (to < at && !below)) this.put(dragged, to);
  }

  private up(): void {
    const { dragged } = this;
    this.dragged = null;
    if (!dragged) return;
    dragged.classList.remove("scene--dragged");
    if (this.ids.join() === this.before.join()) return;
    this.tell(dragged);
    this.save(this.before);
  }

  /** Moves the others past it: an element that is itself taken out loses the pointer that holds it, and the focus. */
  private put(item: HTMLElement, to: number): void {
    const { items } = this;
    const at = items.indexOf(item);
    for (const other of items.slice(at + 1, to + 1)) this.list.insertBefore(other, item);
    for (const other of items.slice(Math.max(to, 0), at).reverse())
      this.list.insertBefore(other, item.nextSibling);
  }

  private tell(item: HTMLElement): void {
    announce(
      _("{scene} is number {place} of {count}.", {
        scene: find("h3", item)?.textContent?.trim() ?? "",
        place: this.items.indexOf(item) + 1,
        count: this.items.length,
      }),
    );
  }

  private save(before: string[]): void {
    this.sending = this.sending.then(() => this.send(before));
  }

  private async send(before: string[]): Promise<void> {
    const response = await fetch(this.list.dataset.edit ?? "", {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        Accept: "application/json",
        "X-CSRFToken": this.list.dataset.csrf ?? "",
      },
      body: JSON.stringify({ op: "scene.order", ids: this.ids, revision: this.revision }),
    }).catch(() => null);
    const answer = (await response?.json().catch(() => null)) as {
      tour?: { revision: number };
      error?: { message: string };
    } | null;
    if (response?.ok && answer?.tour) {
      this.revision = answer.tour.revision;
      this.say(_("Saved. Visitors see it once the tour is published."), false);
      return;
    }
    // what was not saved must not look as if it were
    for (const id of before) {
      const item = this.items.find((each) => each.dataset.scene === id);
      if (item) this.list.append(item);
    }
    const why = answer?.error?.message ?? _("The connection was lost: the order is not saved. Try again.");
    this.say(response?.status === 409 ? `${why} ${_("Reload the page to see theirs.")}` : why, true);
  }

  private say(words: string, bad: boolean): void {
    let place = find(".order-state");
    if (!place) {
      place = document.createElement("p");
      place.setAttribute("role", "status");
      this.list.before(place);
    }
    place.className = `order-state small${bad ? " field__error" : ""}`;
    place.textContent = words;
  }
}
