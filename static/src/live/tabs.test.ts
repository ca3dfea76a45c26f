import { beforeEach, describe, expect, it } from "vitest";
import { Tabs } from "./tabs";

const press = (tab: Element | null, key: string) =>
  tab?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));

let list: HTMLElement;
let tabs: Tabs;
beforeEach(() => {
  document.body.innerHTML = `
    <div id="list" role="tablist">
      <button role="tab" data-tab="questions" aria-controls="a" aria-selected="true"></button>
      <button role="tab" data-tab="chat" aria-controls="b" aria-selected="false" hidden></button>
      <button role="tab" data-tab="about" aria-controls="c" aria-selected="false"></button>
    </div>
    <div id="a"></div><div id="b"></div><div id="c"></div>`;
  list = document.getElementById("list") as HTMLElement;
  tabs = new Tabs(list);
});

describe("tabs", () => {
  it("are moved through by arrows, past those that aren't there at the moment", () => {
    press(list.children[0] ?? null, "ArrowRight");
    expect(tabs.current).toBe("about");
    expect(document.getElementById("b")?.dataset.shown).toBe("false");
    press(list.children[2] ?? null, "ArrowRight");
    expect(tabs.current).toBe("questions");
    (list.children[1] as HTMLElement).hidden = false;
    press(list.children[0] ?? null, "ArrowRight");
    expect(tabs.current).toBe("chat");
    press(list.children[1] ?? null, "End");
    expect(tabs.current).toBe("about");
  });
});
