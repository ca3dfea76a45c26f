/** The device: its on-screen keyboard and its wish to sleep. */
import type { Room } from "./room";

/** A window that lost more than this share of its height has a keyboard in it. */
const KEYBOARD_SHARE = 0.75;

/** Marks the body while an on-screen keyboard is up and keeps the page as high as what can be seen. */
export function watchKeyboard(): void {
  const seen = window.visualViewport;
  if (!seen) return;
  let tallest = seen.height;
  let width = seen.width;
  const measure = () => {
    // Turning the phone is not a keyboard.
    if (Math.abs(seen.width - width) > 40) {
      width = seen.width;
      tallest = seen.height;
    }
    tallest = Math.max(tallest, seen.height);
    const writing = document.activeElement?.matches("textarea, input[type=text]") ?? false;
    const up = writing && seen.height < tallest * KEYBOARD_SHARE;
    document.body.classList.toggle("room--keyboard", up);
    document.documentElement.style.setProperty("--seen", `${seen.height * seen.scale}px`);
    if (up) window.scrollTo(0, 0);
  };
  seen.addEventListener("resize", measure);
  document.addEventListener("focusin", measure);
  document.addEventListener("focusout", () => setTimeout(measure, 50));
  measure();
}

/** Keeps the screen on while the room is live; browsers drop the lock whenever the page is hidden. */
export function keepAwake(room: Room): void {
  let lock: WakeLockSentinel | null = null;
  let asking = false;
  const want = async () => {
    const live = room.store.state.room.state === "open" && document.visibilityState === "visible";
    if (!live) {
      await lock?.release();
      lock = null;
      return;
    }
    if (asking || (lock && !lock.released) || !("wakeLock" in navigator)) return;
    asking = true;
    try {
      lock = await navigator.wakeLock.request("screen");
    } catch {
      // Low battery or an insecure page: the device decides.
    }
    asking = false;
  };
  room.store.subscribe((state, before) => {
    if (state.room.state !== before.room.state) void want();
  });
  document.addEventListener("visibilitychange", () => void want());
}
