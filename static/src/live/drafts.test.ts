import { beforeEach, expect, test } from "vitest";
import { Drafts } from "./drafts";

beforeEach(() => {
  sessionStorage.clear();
});

test("what is typed survives a reload", () => {
  new Drafts(sessionStorage, "d").write({ text: "5+3-1", anonymous: true });
  expect(new Drafts(sessionStorage, "d").current).toEqual({ text: "5+3-1", anonymous: true });
});

test("an emptied box leaves nothing behind", () => {
  const drafts = new Drafts(sessionStorage, "d");
  drafts.write({ text: "x", anonymous: false });
  drafts.write({ text: "", anonymous: false });
  expect(sessionStorage.getItem("d")).toBeNull();
});

test("a refused question goes back into an empty box", () => {
  const drafts = new Drafts(sessionStorage, "d");
  drafts.giveBack({ text: "again", anonymous: true });
  expect(drafts.current).toEqual({ text: "again", anonymous: true });
  expect(drafts.returned).toEqual([]);
});

test("a refused question never overwrites what is being typed", () => {
  const drafts = new Drafts(sessionStorage, "d");
  drafts.write({ text: "typing", anonymous: false });
  drafts.giveBack({ text: "refused", anonymous: false });
  expect(drafts.current.text).toBe("typing");
  const after = new Drafts(sessionStorage, "d");
  expect(after.returned.map(({ text }) => text)).toEqual(["refused"]);
  expect(after.take(0)?.text).toBe("refused");
  expect(after.returned).toEqual([]);
});

test("damaged storage begins empty", () => {
  sessionStorage.setItem("d", "{oops");
  expect(new Drafts(sessionStorage, "d").current.text).toBe("");
  sessionStorage.setItem("d", '{"text": 7}');
  expect(new Drafts(sessionStorage, "d").current.text).toBe("");
});

test("storage that refuses to write does not lose the words of this page", () => {
  const refusing = {
    getItem: () => null,
    setItem: () => {
      throw new Error("full");
    },
    removeItem: () => {},
  };
  const drafts = new Drafts(refusing, "d");
  drafts.write({ text: "kept", anonymous: false });
  expect(drafts.current.text).toBe("kept");
});
