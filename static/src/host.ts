/** The crew's page of a live room, /host/<session>: the guide's console and the moderator's queue. */
import { loadCatalogue } from "./i18n";
import { Announcements } from "./live/audience/announcements";
import { Chat } from "./live/audience/chat";
import { PeopleDesk } from "./live/audience/people";
import { PollsDesk } from "./live/audience/polls-desk";
import { ReactionCounts } from "./live/audience/reactions";
import { Captions } from "./live/captions";
import { GuideConsole } from "./live/guide";
import { Header } from "./live/header";
import { expose } from "./live/inspect";
import { watchLine } from "./live/line-bar";
import { Offers } from "./live/offers";
import { Queue } from "./live/queue";
import { QueueRules } from "./live/queue-rules";
import type { Room } from "./live/room";
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

/** The crew's other work beside the questions: polls, messages, people. */
function crewDesk(room: Room): Tabs {
  const tabs: Tabs = new Tabs(document.getElementById("crew-tabs") as HTMLElement, (name) => {
    if (name === "chat") chats[circle].seen();
  });
  let circle: "public" | "crew" = "public";
  const make = (name: string, of: "public" | "crew", badge: string) =>
    new Chat(room, {
      name,
      circle: of,
      badge: document.getElementById(badge),
      visible: () => tabs.current === "chat" && circle === of,
    });
  const chats = {
    public: make("chat", "public", "crew-chat-new"),
    crew: make("crew-chat", "crew", "crew-only-new"),
  };
  const switches = { public: "chat-everyone", crew: "chat-crew" } as const;
  for (const of of ["public", "crew"] as const) {
    document.getElementById(switches[of])?.addEventListener("click", () => {
      circle = of;
      for (const one of ["public", "crew"] as const) {
        document.getElementById(switches[one])?.setAttribute("aria-pressed", String(one === of));
        (document.getElementById(`circle-${one}`) as HTMLElement).hidden = one !== of;
      }
      chats[of].seen();
    });
  }
  new PollsDesk(room);
  new PeopleDesk(room);
  new Announcements(room);
  if (document.getElementById("reactions")) new ReactionCounts(room);
  return tabs;
}

async function main(): Promise<void> {
  await loadCatalogue();
  const room = openRoom();
  if (!room) return;
  enhanceMenus();
  // On a phone in the moderator's hand there may be the questions alone.
  const alone = document.body.dataset.only === "queue";
  const stage = alone ? null : new Stage(room);
  const guide = stage ? new GuideConsole(room, stage) : null;
  if (stage) new Captions(room);
  new Queue(room);
  new QueueRules(room);
  new Offers(room, () => stage?.viewer?.picture.focus({ preventScroll: true }));
  new Header(room);
  const tabs = alone ? null : new Tabs(document.getElementById("host-tabs") as HTMLElement);
  const desk = crewDesk(room);
  watchLine(room);
  const tools = alone ? null : stageTools(document.getElementById("stage-tools") as HTMLElement);
  listen(
    [
      { key: "g", act: () => stage?.backToGuide() },
      {
        key: "q",
        act: () => {
          tabs?.select("queue");
          desk.select("questions");
          const list = document.getElementById("queue-list");
          (list?.querySelector<HTMLElement>('[tabindex="0"]') ?? list)?.focus();
        },
      },
    ],
    () => {
      if (closeMenu()) return true;
      if (stage?.viewer?.closePanel()) return true;
      return tools?.leaveFull() ?? false;
    },
  );
  expose(room, stage, () => guide?.leading ?? false);
  room.start();
}

void main();
