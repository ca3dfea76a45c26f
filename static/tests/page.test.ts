import { beforeEach, describe, expect, it, vi } from "vitest";
import { readCookie, writeCookie } from "../src/cookies";
import { enhanceFilters } from "../src/page/filters";
import { enhanceMenus } from "../src/page/menus";
import { enhanceTheme } from "../src/page/theme";

beforeEach(() => {
  for (const name of ["theme", "lang", "tz"]) writeCookie(name, null);
  document.documentElement.removeAttribute("data-theme");
});

describe("cookies", () => {
  it("keep a zone's name as it is, because the server does not decode", () => {
    writeCookie("tz", "America/Argentina/Buenos_Aires");
    expect(document.cookie).toContain("tz=America/Argentina/Buenos_Aires");
    expect(readCookie("tz")).toBe("America/Argentina/Buenos_Aires");
  });

  it("refuse what would end the value", () => {
    writeCookie("tz", "x; path=/evil");
    expect(readCookie("tz")).toBeNull();
  });
});

describe("menus", () => {
  it("close on Escape and give the focus back", () => {
    document.body.innerHTML = `<details class="menu" open><summary>Language</summary><a href="#">Svenska</a></details>`;
    enhanceMenus();
    const menu = document.querySelector("details") as HTMLDetailsElement;
    menu.querySelector("a")?.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
    expect(menu.open).toBe(false);
    expect(document.activeElement).toBe(menu.querySelector("summary"));
  });

  it("close when something else is pressed", () => {
    document.body.innerHTML = `<details class="menu" open><summary>Language</summary></details><p>Elsewhere</p>`;
    enhanceMenus();
    document.querySelector("p")?.dispatchEvent(new Event("pointerdown", { bubbles: true }));
    expect((document.querySelector("details") as HTMLDetailsElement).open).toBe(false);
  });

  it("remember the language that was chosen", () => {
    document.body.innerHTML = `<a href="#zh" data-language="zh_Hans">中文</a>`;
    enhanceMenus();
    document.querySelector("a")?.click();
    expect(readCookie("lang")).toBe("zh_Hans");
  });
});

describe("the choice of colours", () => {
  it("changes the page at once, is kept, and can be given back to the system", () => {
    document.body.innerHTML = `<button data-theme-choice="">System</button><button data-theme-choice="dark">Dark</button>`;
    enhanceTheme();
    const [system, dark] = [...document.querySelectorAll("button")] as [HTMLButtonElement, HTMLButtonElement];
    dark.click();
    expect(document.documentElement.dataset.theme).toBe("dark");
    expect(readCookie("theme")).toBe("dark");
    expect(dark.getAttribute("aria-pressed")).toBe("true");
    system.click();
    expect(document.documentElement.dataset.theme).toBeUndefined();
    expect(readCookie("theme")).toBeNull();
  });
});

describe("filters", () => {
  it("are sent when a choice is made, and leave empty fields out of the address", () => {
    document.body.innerHTML = `<form data-filters><input type="search" name="q" value="">
      <select name="theme"><option value="">All</option><option value="energy">Energy</option></select></form>`;
    enhanceFilters();
    const form = document.querySelector("form") as HTMLFormElement;
    const sent = vi.fn((event: Event) => {
      event.preventDefault();
      return [...new FormData(form).keys()];
    });
    form.addEventListener("submit", sent);
    const select = form.querySelector("select") as HTMLSelectElement;
    select.value = "energy";
    select.dispatchEvent(new Event("change", { bubbles: true }));
    expect(sent).toHaveBeenCalledOnce();
    expect(sent.mock.results[0]?.value).toEqual(["theme"]);
  });
});
