/** One question in the moderator's queue, with its actions and the reason for declining. */
import { h, icon } from "../dom";
import { _, ngettext } from "../i18n";
import { button, chip, markLanguage, type Row, setAttribute, setText } from "./dom";
import { askedBy, languageName } from "./format";
import type { Question } from "./protocol";
import { type Action, actionsFor, actionWords } from "./queue-actions";
import { type FormName, type MoreOwner, more } from "./queue-more";
import { readyWords } from "./ready-words";

export interface CardOwner extends MoreOwner {
  act(question: Question, action: Action, reason?: string): void;
  /** Names of the colleagues who work on a question now. */
  holders(question: string): string[];
  /** True while a command about the question is on its way. */
  busy(question: string): boolean;
  lost(): boolean;
}

export interface CardRow extends Row<Question> {
  /** Opens one of the forms under “More”. */
  openMore(name: FormName): void;
  /** Opens the field for the reason and puts the focus there. */
  askReason(action: Action): void;
}

export function card(first: Question, owner: CardOwner): CardRow {
  const text = h("p", { class: "card-q__text", dir: "auto" });
  const meta = h("p", { class: "card-q__meta" });
  const reason = h("p", { class: "card-q__reason", dir: "auto" });
  const state = h("p", { class: "card-q__state", role: "status" });
  const actions = h("div", { class: "card-q__actions" });
  const decline = reasonForm(
    (words, action) => owner.act(question, action, words),
    (field) => readyWords(owner, "reason", question.lang, field),
    (on) => owner.hold(question.id, on),
  );
  const holders = h("p", { class: "card-q__holders", "data-testid": "holders" });
  const translated = h("div", { class: "card-q__translations" });
  const others = more(first, owner);
  const marks = h("p", { class: "card-q__marks" });
  const answer = h("p", { class: "card-q__answer", dir: "auto" });
  const element = h(
    "li",
    { class: "card-q", tabindex: "-1", "data-testid": "queue-card", "data-question": first.id },
    text,
    translated,
    meta,
    holders,
    marks,
    reason,
    answer,
    state,
    actions,
    decline.form,
    others.element,
  );
  let question = first;
  let drawn = "";
  const draw = (next: Question) => {
    const look = `${next.state}`;
    if (look === drawn) return;
    drawn = look;
    // The button that was pressed may go: its card keeps the focus.
    const held = actions.contains(document.activeElement);
    actions.replaceChildren(...actionsFor(next).map((action) => actionButton(action)));
    if (held) element.focus({ preventScroll: true });
    decline.close();
  };
  const actionButton = (action: Action) => {
    const made = button(
      actionWords(action.name),
      () => (action.name === "decline" ? decline.open(action) : owner.act(question, action)),
      { icon: action.icon, attributes: { "data-action": action.name } },
    );
    if (action.key) {
      made.append(h("kbd", { "aria-hidden": "true" }, action.key.toUpperCase()));
      made.setAttribute("aria-keyshortcuts", action.key);
    }
    return made;
  };
  return {
    element,
    askReason: (action) => decline.open(action),
    openMore: (name) => others.open(name),
    update(next) {
      question = next;
      setText(text, next.text);
      markLanguage(text, next.lang);
      setText(meta, metaWords(next));
      const names = owner.holders(next.id).join(", ");
      if (holders.dataset.names !== names) {
        holders.dataset.names = names;
        holders.replaceChildren(...(names ? [chip(_("{name} is on this", { name: names }), "user")] : []));
        holders.hidden = names === "";
      }
      showTranslations(translated, next);
      setText(reason, next.reason ? _("Reason: {reason}", { reason: next.reason }) : "");
      reason.hidden = next.state !== "declined" || !next.reason;
      setText(answer, next.answer ? _("Answer: {answer}", { answer: next.answer }) : "");
      answer.hidden = !next.answer;
      const look = marksOf(next).join("|");
      if (marks.dataset.look !== look) {
        marks.dataset.look = look;
        marks.replaceChildren(...marksOf(next).map((mark) => h("span", { class: "chip" }, mark)));
        marks.hidden = look === "";
      }
      others.update(next);
      element.dataset.state = next.state;
      draw(next);
      const busy = owner.busy(next.id);
      setAttribute(element, "aria-busy", String(busy));
      const mark = busy ? (owner.lost() ? "kept" : "sending") : next.state === "live" ? "live" : "";
      if (state.dataset.mark !== mark) {
        state.dataset.mark = mark;
        state.replaceChildren(...(mark ? [markChip(mark)] : []));
      }
    },
  };
}

/** Labels and what else the crew gave it. */
function marksOf(question: Question): string[] {
  const marks = [...(question.labels ?? [])];
  if (question.pinned) marks.push(_("Pinned"));
  if (question.next_position) marks.push(_("Next for the speaker"));
  if (question.priority) marks.push(_("First"));
  if (question.edited) marks.push(_("Edited"));
  if (question.assigned) marks.push(_("{name} takes care", { name: question.assigned.name }));
  if (question.blocked) marks.push(_("Nothing more is taken from this person"));
  return marks;
}

function markChip(mark: string): HTMLElement {
  if (mark === "live") return chip(_("Being answered now"), "mic", "chip--live");
  if (mark === "kept") return chip(_("Kept. It goes when the line is back."), "wifi-off", "chip--warning");
  return chip(_("Sending"), "loader-circle");
}

function metaWords(question: Question): string {
  const votes = ngettext("{count} vote", "{count} votes", question.votes);
  const parts = [askedBy(question), votes];
  if (question.lang) parts.splice(1, 0, languageName(question.lang));
  return parts.join(" · ");
}

/** The field for the reason: Enter sends, Escape closes; what was typed stays until it was sent. */
/** The crew's translations under the words of who asked. */
function showTranslations(parent: HTMLElement, question: Question): void {
  const look = JSON.stringify(question.translations ?? {});
  if (parent.dataset.look === look) return;
  parent.dataset.look = look;
  parent.replaceChildren(
    ...Object.entries(question.translations ?? {}).map(([lang, words]) => {
      const line = h("p", { class: "card-q__original", dir: "auto" }, words);
      markLanguage(line, lang);
      return line;
    }),
  );
}

function reasonForm(
  send: (words: string, action: Action) => void,
  ready: (field: HTMLInputElement) => HTMLElement,
  hold: (on: boolean) => void,
) {
  const input = h("input", {
    type: "text",
    class: "input",
    maxlength: 300,
    "aria-label": _("Reason, which the person who asked will read"),
    placeholder: _("Reason, which the person who asked will read"),
    "data-testid": "decline-reason",
  });
  const submit = h(
    "button",
    { type: "submit", class: "button button--danger", "data-testid": "decline-send" },
    icon("circle-x"),
    h("span", {}, _("Decline")),
  );
  const form = h("form", { class: "card-q__decline", hidden: true }, input, submit);
  let action: Action | null = null;
  let shelf: HTMLElement | null = null;
  const close = () => {
    const held = form.contains(document.activeElement);
    if (!form.hidden) hold(false);
    form.hidden = true;
    if (held) form.closest<HTMLElement>(".card-q")?.focus({ preventScroll: true });
  };
  form.append(button(_("Cancel"), close, { look: "button--quiet" }));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const words = input.value.trim();
    if (words === "" || !action) {
      input.setAttribute("aria-invalid", "true");
      input.focus();
      return;
    }
    send(words, action);
    close();
  });
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.isComposing) return;
    event.stopPropagation();
    close();
  });
  input.addEventListener("input", () => input.removeAttribute("aria-invalid"));
  return {
    form,
    close,
    open(next: Action) {
      action = next;
      if (form.hidden) hold(true);
      shelf?.remove();
      shelf = ready(input);
      form.append(shelf);
      form.hidden = false;
      input.focus();
    },
  };
}
