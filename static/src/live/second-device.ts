/** A personal link on a second device: the same person, or a colleague, who is counted under their own name. */
import { _ } from "../i18n";
import { byId, setText } from "./dom";
import type { Joined } from "./protocol";
import { announce, errorWords, type Room } from "./room";

export class SecondDevice {
  private readonly box = byId("second-device");
  private readonly name = byId<HTMLInputElement>("second-name");
  private readonly error = byId("second-error");
  private readonly key: string;

  constructor(private readonly room: Room) {
    this.key = room.key("second-device");
    room.on("joined", (data) => this.ask(data));
    byId("second-me").addEventListener("click", () => void this.say("me"));
    byId<HTMLFormElement>("second-form").addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.name.value.trim() === "") this.name.focus();
      else void this.say("colleague");
    });
  }

  /** Asked once on each device: the answer is remembered here, and a colleague's by the server, too. */
  private ask(data: Joined): void {
    const answered = sessionStorage.getItem(this.key) !== null || typeof data.companion === "string";
    this.box.hidden = answered || !(Number(data.other_devices) > 0);
    if (!this.box.hidden) announce(_("Your link is open on another device, too."));
  }

  private async say(who: "me" | "colleague"): Promise<void> {
    const ack = await this.room.connection.command("device.is", { who, name: this.name.value.trim() });
    setText(this.error, ack.ok ? "" : errorWords(ack.error));
    this.error.hidden = ack.ok;
    if (!ack.ok) return;
    sessionStorage.setItem(this.key, who);
    this.box.hidden = true;
    announce(
      who === "me"
        ? _("Thank you. You are counted once.")
        : _("Thank you. You are counted by your own name."),
    );
  }
}
