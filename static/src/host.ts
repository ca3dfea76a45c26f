/** The crew's page of a live room, /host/<session>: the guide's console and the moderator's queue. */
import { loadCatalogue } from "./i18n";
import { GuideConsole } from "./live/guide";
import { Header } from "./live/header";
import { expose } from "./live/inspect";
import { watchLine } from "./live/line-bar";
import { Offers } from "./live/offers";
import { Queue } from "./live/queue";
import { QueueRules } from "./live/queue-rules";
import { openRoom } from "./live/setup";
import { listen } from "./live/shortcuts";
import { Stage, stageTools } from "./live/stage";
import { Tabs } from "./live/tabs";
import { enhanceMenus } from "./page/menus";

/** Escape closes the menu wherever the focus is. */
function closeMenu(): boolean {
  const menu = document.querySelector<HTMLDetailsElement>("details.menu[open]");
  if (!menu) return false;
  menu.open = false;
  menu.querySelector<HTMLElement>("summary")?.focus();
  return true;
}

async function main(): Promise<void> {
  await loadCatalogue();
  const room = openRoom();
  if (!room) return;
  enhanceMenus();
  const stage = new Stage(room);
  const guide = new GuideConsole(room, stage);
  new Queue(room);
  new QueueRules(room);
  new Offers(room, () => stage.viewer?.picture.focus({ preventScroll: true }));
  new Header(room);
  const tabs = new Tabs(document.getElementById("host-tabs") as HTMLElement);
  watchLine(room);
  const tools = stageTools(document.getElementById("stage-tools") as HTMLElement);
  listen(
    [
      { key: "g", act: () => stage.backToGuide() },
      {
        key: "q",
        act: () => {
          tabs.select("queue");
          const list = document.getElementById("queue-list");
          (list?.querySelector<HTMLElement>('[tabindex="0"]') ?? list)?.focus();
        },
      },
    ],
    () => {
      if (closeMenu()) return true;
      if (stage.viewer?.closePanel()) return true;
      return tools.leaveFull();
    },
  );
  expose(room, stage, () => guide.leading);
  room.start();
}

void main();
