/** A poll's result: a bar and a number for each answer. The bar is drawn, the number is said. */
import { h } from "../../dom";
import { _, ngettext } from "../../i18n";
import type { Poll } from "../state-audience";

/** Replaces what is in `parent` by the result; `mine` are the person's own choices. */
export function showResults(parent: HTMLElement, poll: Poll, mine: readonly string[] = []): void {
  const { answers, counts } = poll;
  if (counts === null || answers === null) {
    parent.replaceChildren();
    return;
  }
  const rows = poll.options.map((option) => {
    const count = counts[option.id] ?? 0;
    const share = answers > 0 ? Math.round((100 * count) / answers) : 0;
    const bar = h("span", { class: "result__bar", "aria-hidden": "true" });
    bar.style.setProperty("--share", `${share}%`);
    return h(
      "li",
      { class: `result${mine.includes(option.id) ? " result--mine" : ""}` },
      h("span", { class: "result__text", dir: "auto" }, option.text),
      h("span", { class: "result__count" }, `${count} · ${share} %`),
      mine.includes(option.id) ? h("span", { class: "visually-hidden" }, _("Your answer")) : null,
      bar,
    );
  });
  const total = ngettext("{count} answer", "{count} answers", answers, { count: answers });
  parent.replaceChildren(
    h("ul", { class: "results", role: "list" }, ...rows),
    h("p", { class: "muted small" }, total),
  );
}
