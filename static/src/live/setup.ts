/** What both pages of a room begin with. */
import { readJson } from "../dom";
import { bindLanguages } from "./languages";
import type { RoomData } from "./protocol";
import { Room } from "./room";
import { keepAwake, watchKeyboard } from "./screen";

/** The room of this page, not joined yet; null on a page that only says why there is none. */
export function openRoom(): Room | null {
  const data = readJson<RoomData>("room");
  if (!data) return null;
  const room = new Room(data);
  bindLanguages();
  watchKeyboard();
  keepAwake(room);
  return room;
}
