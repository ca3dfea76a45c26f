/** The lobby's test: whether this device sounds, how quick its line is, and what it can show. */
import { _ } from "../i18n";
import { button, byId, setText } from "./dom";
import type { Room } from "./room";

/** A line that answers within this many milliseconds follows a guide without a lag that one notices. */
const GOOD_MS = 300;
const SLOW_MS = 1_000;
const TRIES = 3;

export class DeviceCheck {
  private readonly sound = byId("check-sound");
  private readonly line = byId("check-line");
  private readonly picture = byId("check-picture");

  constructor(private readonly room: Room) {
    const parent = byId("check-buttons");
    parent.append(
      button(_("Play two tones"), () => void this.tones(), { icon: "volume-2" }),
      button(_("Test the line"), () => void this.measure(), { icon: "wifi" }),
    );
  }

  private async tones(): Promise<void> {
    setText(this.sound, _("You should hear two tones now."));
    try {
      const context = new AudioContext();
      await context.resume();
      for (const [at, pitch] of [
        [0, 440],
        [0.5, 660],
      ] as const) {
        const tone = context.createOscillator();
        const volume = context.createGain();
        const from = context.currentTime + at;
        tone.frequency.value = pitch;
        volume.gain.setValueAtTime(0, from);
        volume.gain.linearRampToValueAtTime(0.2, from + 0.05);
        volume.gain.linearRampToValueAtTime(0, from + 0.4);
        tone.connect(volume).connect(context.destination);
        tone.start(from);
        tone.stop(from + 0.45);
      }
      await new Promise((done) => setTimeout(done, 1_200));
      await context.close();
      setText(
        this.sound,
        _("Did you hear two tones? If not, turn the volume up or choose another loudspeaker."),
      );
    } catch {
      setText(this.sound, _("This browser can't play sound. Open the link in another one."));
    }
  }

  private async measure(): Promise<void> {
    setText(this.line, _("Testing the line"));
    const times: number[] = [];
    for (let n = 0; n < TRIES; n++) {
      const time = await this.room.connection.roundTrip();
      if (time !== null) times.push(time);
    }
    const best = Math.round(Math.min(...times));
    setText(
      this.line,
      times.length === 0 ? _("The line doesn't answer. It is tried again by itself.") : lineWords(best),
    );
    setText(
      this.picture,
      canDraw()
        ? _("This browser shows the 360° pictures.")
        : _("This browser shows still pictures and words in place of the 360° pictures."),
    );
  }
}

function lineWords(time: number): string {
  if (time <= GOOD_MS) return _("The line is good: {time} milliseconds there and back.", { time });
  if (time <= SLOW_MS)
    return _("The line is slow: {time} milliseconds there and back. It will do.", { time });
  return _(
    "The line is very slow: {time} milliseconds there and back. Questions and words work; the picture may lag.",
    {
      time,
    },
  );
}

function canDraw(): boolean {
  try {
    return document.createElement("canvas").getContext("webgl2") !== null;
  } catch {
    return false;
  }
}
