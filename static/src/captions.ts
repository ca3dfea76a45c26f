/** The captioner's page, /host/<session>/captions: a box, and what everyone read last. */
import { _, loadCatalogue } from "./i18n";
import { byId, isComposing, KeyedList, markLanguage, setText } from "./live/dom";
import { Header } from "./live/header";
import { watchLine } from "./live/line-bar";
import type { CaptionLine } from "./live/protocol";
import { errorWords, type Room } from "./live/room";
import { openRoom } from "./live/setup";

async function main(): Promise<void> {
  await loadCatalogue();
  const room = openRoom();
  if (!room) return;
  new Header(room);
  watchLine(room);
  write(room);
  room.start();
}

function write(room: Room): void {
  const form = byId<HTMLFormElement>("caption-form");
  const text = byId<HTMLTextAreaElement>("caption-text");
  const language = byId<HTMLSelectElement>("caption-language");
  const error = byId("caption-error");
  const key = room.key("draft-caption");
  if (text.value === "") text.value = sessionStorage.getItem(key) ?? "";
  const keep = () => sessionStorage.setItem(key, text.value);
  const say = (words: string) => {
    setText(error, words);
    error.hidden = words === "";
  };
  const send = async () => {
    const line = text.value.trim();
    if (line === "") return;
    if (room.store.state.room.state !== "open") {
      say(_("The room isn't open yet. Your line is kept."));
      return;
    }
    text.value = "";
    keep();
    say("");
    const ack = await room.connection.command("caption.say", { text: line, language: language.value });
    if (ack.ok) return;
    text.value = text.value === "" ? line : `${line}\n${text.value}`;
    keep();
    say(errorWords(ack.error));
  };
  text.addEventListener("input", keep);
  text.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || isComposing(event)) return;
    event.preventDefault();
    void send();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void send();
  });
  const said: CaptionLine[] = [];
  const list = new KeyedList<CaptionLine>(
    byId("caption-said"),
    ({ id }) => id,
    (line) => {
      const element = document.createElement("li");
      element.dir = "auto";
      element.textContent = line.text;
      markLanguage(element, line.lang);
      return { element, update: () => {} };
    },
  );
  room.store.subscribe(({ captions }) => {
    for (const line of captions) if (!said.some(({ id }) => id === line.id)) said.push(line);
    list.show(said.slice(-30));
  });
}

void main();
