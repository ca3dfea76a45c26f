/** What the page says about its line: a bar after three seconds without one, and the reason when it is over. */
import { _ } from "../i18n";
import { byId, setText } from "./dom";
import type { Refusal } from "./protocol";
import { announce, type Room } from "./room";

const PATIENCE_MS = 3_000;

export function watchLine(room: Room): void {
  const bar = byId("line-bar");
  let timer: ReturnType<typeof setTimeout> | null = null;
  const wait = (words: string) => {
    timer ??= setTimeout(() => {
      setText(byId("line-text"), words);
      bar.hidden = false;
    }, PATIENCE_MS);
  };
  const back = () => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    if (!bar.hidden) announce(_("The line is back."));
    bar.hidden = true;
  };
  wait(_("Connecting to the room"));
  room.on("status", (status) => {
    document.body.dataset.line = status;
    if (status === "online") back();
    else if (status === "lost") wait(_("Connection lost. Your text is kept."));
  });
  room.on("refused", (refusal) => {
    if (timer !== null) clearTimeout(timer);
    bar.hidden = true;
    over(refusal);
  });
}

/** The room is closed to this page: says why and what to do, and leaves what was typed where it is. */
function over(refusal: Refusal): void {
  const dialog = byId<HTMLDialogElement>("over");
  setText(byId("over-title"), title(refusal.code));
  setText(byId("over-text"), refusal.message);
  byId("over-again").addEventListener("click", () => location.reload());
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  if (!dialog.open) dialog.showModal();
}

function title(code: string): string {
  switch (code) {
    case "ticket_expired":
      return _("This page was open for too long");
    case "removed":
      return _("A host removed you from this room");
    case "full":
      return _("The room is full");
    case "ended":
      return _("This tour has ended");
    default:
      return _("You cannot be in this room");
  }
}
