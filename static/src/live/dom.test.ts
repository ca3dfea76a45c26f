import { beforeEach, describe, expect, test, vi } from "vitest";
import { h } from "../dom";
import { KeyedList, markLanguage, setText } from "./dom";
import { Tabs } from "./tabs";

beforeEach(() => {
  document.body.replaceChildren();
});

describe("a list that keeps its elements", () => {
  function setUp() {
    const parent = h("ul");
    document.body.append(parent);
    const list = new KeyedList<{ id: string; text: string }>(
      parent,
      (item) => item.id,
      (item) => {
        const element = h("li", { tabindex: "0", "data-id": item.id });
        return { element, update: (next) => setText(element, next.text) };
      },
    );
    const show = (...items: string[]) => list.show(items.map((id) => ({ id, text: id.toUpperCase() })));
    return { parent, list, show };
  }

  test("shows exactly the items, in their order, and tells which are new", () => {
    const { parent, show } = setUp();
    expect(show("a", "b", "c")).toEqual(["a", "b", "c"]);
    expect(show("c", "a", "d")).toEqual(["d"]);
    expect(parent.textContent).toBe("CAD");
  });

  test("an item that stays keeps its element and the focus", () => {
    const { list, show } = setUp();
    show("a", "b", "c");
    const element = list.element("b") as HTMLElement;
    element.focus();
    show("x", "b", "y");
    expect(list.element("b")).toBe(element);
    expect(document.activeElement).toBe(element);
  });
});

test("words of people are never markup", () => {
  const element = h("p");
  setText(element, "<img src=x onerror=alert(1)>");
  expect(element.children).toHaveLength(0);
  expect(element.textContent).toBe("<img src=x onerror=alert(1)>");
});

describe("tabs", () => {
  function setUp() {
    const tab = (name: string, on: boolean) =>
      h("button", {
        role: "tab",
        "data-tab": name,
        "aria-controls": `pane-${name}`,
        "aria-selected": String(on),
      });
    const list = h("div", { role: "tablist" }, tab("one", true), tab("two", false), tab("three", false));
    document.body.append(
      list,
      ...["one", "two", "three"].map((name) => h("div", { id: `pane-${name}`, role: "tabpanel" })),
    );
    const changed = vi.fn();
    return { list, tabs: new Tabs(list, changed), changed };
  }

  test("a press shows its pane and hides the others", () => {
    const { list, tabs, changed } = setUp();
    (list.children[1] as HTMLElement).click();
    expect(tabs.current).toBe("two");
    expect(changed).toHaveBeenCalledExactlyOnceWith("two");
    expect(document.getElementById("pane-two")?.dataset.shown).toBe("true");
    expect(document.getElementById("pane-one")?.dataset.shown).toBe("false");
  });

  test("arrows go round, Home and End to the ends, and one tab only takes the focus", () => {
    const { list, tabs } = setUp();
    const press = (key: string) =>
      list.children[["one", "two", "three"].indexOf(tabs.current)]?.dispatchEvent(
        new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }),
      );
    press("ArrowLeft");
    expect(tabs.current).toBe("three");
    press("ArrowRight");
    expect(tabs.current).toBe("one");
    press("End");
    expect(tabs.current).toBe("three");
    expect([...list.children].map((tab) => (tab as HTMLElement).tabIndex)).toEqual([-1, -1, 0]);
  });
});

test("words are marked with their language, and with none where nobody knows it", () => {
  const element = h("p", {}, "Vinç ne kadar yüksek?");
  markLanguage(element, "zh_Hans");
  expect(element.lang).toBe("zh-Hans");
  markLanguage(element, "");
  expect(element.lang).toBe("und");
});
