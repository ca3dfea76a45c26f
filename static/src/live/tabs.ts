/** Tabs after the ARIA pattern: arrows move, the panel follows the focus. */
import { setAttribute } from "./dom";

export class Tabs {
  private readonly tabs: HTMLElement[];

  /** `list` holds buttons with `role="tab"` and `aria-controls`; the server rendered which one is selected. */
  constructor(
    private readonly list: HTMLElement,
    private readonly changed: (name: string) => void = () => {},
  ) {
    this.tabs = [...list.querySelectorAll<HTMLElement>("[role=tab]")];
    for (const tab of this.tabs) tab.addEventListener("click", () => this.select(tab.dataset.tab ?? ""));
    list.addEventListener("keydown", (event) => this.key(event));
    this.select(this.current);
  }

  get current(): string {
    const selected = this.tabs.find((tab) => tab.getAttribute("aria-selected") === "true") ?? this.tabs[0];
    return selected?.dataset.tab ?? "";
  }

  select(name: string): void {
    const before = this.current;
    for (const tab of this.tabs) {
      const on = tab.dataset.tab === name;
      setAttribute(tab, "aria-selected", String(on));
      tab.tabIndex = on ? 0 : -1;
      const panel = document.getElementById(tab.getAttribute("aria-controls") ?? "");
      if (panel) panel.dataset.shown = String(on);
    }
    if (before !== name) this.changed(name);
  }

  private key(event: KeyboardEvent): void {
    const shown = this.tabs.filter((tab) => !tab.hidden);
    const index = shown.indexOf(event.target as HTMLElement);
    if (index < 0) return;
    const backwards = getComputedStyle(this.list).direction === "rtl" ? "ArrowRight" : "ArrowLeft";
    const forwards = backwards === "ArrowLeft" ? "ArrowRight" : "ArrowLeft";
    const count = shown.length;
    const targets: Record<string, number> = {
      [backwards]: (index + count - 1) % count,
      [forwards]: (index + 1) % count,
      Home: 0,
      End: count - 1,
    };
    const target = targets[event.key];
    const tab = target === undefined ? undefined : shown[target];
    if (!tab) return;
    event.preventDefault();
    tab.focus();
    this.select(tab.dataset.tab ?? "");
  }
}
