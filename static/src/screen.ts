/** The projector's page, /host/<session>/screen: the question that is being answered, a poll's result, how to join. */
import { loadCatalogue } from "./i18n";
import { showResults } from "./live/audience/results";
import { byId, markLanguage, setText } from "./live/dom";
import { askedBy } from "./live/format";
import { watchLine } from "./live/line-bar";
import { liveQuestion } from "./live/lists";
import type { Room } from "./live/room";
import { openRoom } from "./live/setup";
import { currentPoll } from "./live/state-audience";

async function main(): Promise<void> {
  await loadCatalogue();
  const room = openRoom();
  if (!room) return;
  watchLine(room);
  show(room);
  room.start();
}

function show(room: Room): void {
  room.store.subscribe((state) => {
    if (!state.ready) return;
    const question = liveQuestion(state);
    const poll = currentPoll(state.audience);
    const asked = poll !== null && poll.state === "open" && question === null;
    byId("projected-question").hidden = question === null;
    byId("projected-poll").hidden = !asked;
    byId("projected-none").hidden = question !== null || asked;
    if (question) {
      setText(byId("projected-text"), question.text);
      markLanguage(byId("projected-text"), question.lang);
      setText(byId("projected-meta"), askedBy(question));
    }
    if (asked && poll) {
      setText(byId("projected-poll-text"), poll.text);
      markLanguage(byId("projected-poll-text"), poll.lang);
      if (poll.counts === null)
        byId("projected-poll-result").replaceChildren(...poll.options.map((option) => line(option.text)));
      else showResults(byId("projected-poll-result"), poll);
    }
  });
}

function line(words: string): HTMLElement {
  const element = document.createElement("p");
  element.dir = "auto";
  element.textContent = words;
  return element;
}

void main();
