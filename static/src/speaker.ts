/** The speaker's page, /host/<session>/speaker: what is being answered and the next three, nothing else. */
import { h } from "./dom";
import { _, loadCatalogue } from "./i18n";
import { byId, KeyedList, markLanguage, setText } from "./live/dom";
import { askedBy } from "./live/format";
import { Header } from "./live/header";
import { watchLine } from "./live/line-bar";
import { speakersQuestions } from "./live/lists";
import type { Question } from "./live/protocol";
import type { Room } from "./live/room";
import { openRoom } from "./live/setup";

async function main(): Promise<void> {
  await loadCatalogue();
  const room = openRoom();
  if (!room) return;
  new Header(room);
  watchLine(room);
  show(room);
  room.start();
}

function show(room: Room): void {
  const row = () => {
    const text = h("p", { class: "speech__text", dir: "auto" });
    const meta = h("p", { class: "speech__meta" });
    const element = h("li", { class: "speech__question", "data-testid": "speaker-question" }, text, meta);
    return {
      element,
      update(next: Question) {
        setText(text, next.text);
        markLanguage(text, next.lang);
        setText(meta, askedBy(next));
      },
    };
  };
  const now = new KeyedList<Question>(byId("speech-now"), ({ id }) => id, row);
  const next = new KeyedList<Question>(byId("speech-next"), ({ id }) => id, row);
  room.store.subscribe((state) => {
    if (!state.ready) return;
    const { current, upcoming } = speakersQuestions(state);
    now.show(current ? [current] : []);
    next.show(upcoming);
    byId("speech-none").hidden = current !== null || upcoming.length > 0;
    setText(byId("speech-none"), _("No questions wait for you."));
    byId("speech-now-title").hidden = current === null;
    byId("speech-next-title").hidden = upcoming.length === 0;
  });
}

void main();
