/** The delegate's page of a live room, /live/<session>: lobby, room and thank-you in one document. */
import { loadCatalogue } from "./i18n";
import { AskBox } from "./live/ask";
import { Acts } from "./live/audience/acts";
import { Announcements } from "./live/audience/announcements";
import { Chat } from "./live/audience/chat";
import { PollCard } from "./live/audience/poll-card";
import { ReactionCounts } from "./live/audience/reactions";
import { Captions } from "./live/captions";
import { DeviceCheck } from "./live/check";
import { Header } from "./live/header";
import { expose } from "./live/inspect";
import { watchLine } from "./live/line-bar";
import { Lobby } from "./live/lobby";
import { Questions } from "./live/questions";
import { SecondDevice } from "./live/second-device";
import { openRoom } from "./live/setup";
import { listen } from "./live/shortcuts";
import { Stage, stageTools } from "./live/stage";
import { Tabs } from "./live/tabs";

async function main(): Promise<void> {
  await loadCatalogue();
  const room = openRoom();
  if (!room) return;
  const stage = new Stage(room);
  const ask = new AskBox(room);
  const panel = document.getElementById("panel");
  const openPanel = () => panel?.classList.add("panel--open");
  const tabs = new Tabs(document.getElementById("room-tabs") as HTMLElement, (name) => {
    openPanel();
    if (name === "chat") chat.seen();
  });
  const chatTab = document.getElementById("tab-chat") as HTMLElement;
  const chat = new Chat(room, {
    name: "chat",
    circle: "public",
    badge: document.getElementById("tab-chat-new"),
    visible: () => tabs.current === "chat",
  });
  room.store.subscribe(({ audience, rules }) => {
    // A chat that is switched off and empty is nothing to look at.
    chatTab.hidden = (rules?.chat ?? "off") === "off" && audience.chat.size === 0;
    if (chatTab.hidden && tabs.current === "chat") tabs.select("questions");
  });
  new PollCard(room, openPanel);
  new Announcements(room);
  new Acts(room);
  new ReactionCounts(room);
  new Captions(room);
  new Questions(room, ask);
  new Header(room);
  new Lobby(room);
  new DeviceCheck(room);
  new SecondDevice(room);
  watchLine(room);
  const tools = stageTools(document.getElementById("stage-tools") as HTMLElement);
  const toAsk = () => {
    tabs.select("questions");
    panel?.classList.add("panel--open");
    ask.focus();
  };
  listen(
    [
      { key: "g", act: () => stage.backToGuide() },
      { key: "q", act: toAsk },
    ],
    () => {
      if (stage.viewer?.closePanel()) return true;
      if (tools.leaveFull()) return true;
      const open = panel?.classList.contains("panel--open") ?? false;
      panel?.classList.remove("panel--open");
      return open;
    },
  );
  document.getElementById("sheet-open")?.addEventListener("click", toAsk);
  document
    .getElementById("sheet-close")
    ?.addEventListener("click", () => panel?.classList.remove("panel--open"));
  expose(room, stage, () => false);
  room.start();
}

void main();
