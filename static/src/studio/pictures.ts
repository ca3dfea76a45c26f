import { find, findAll } from "../dom";
import { refreshScenes } from "./uploads/scene-list";

interface PictureState {
  state: "waiting" | "tiling" | "ready" | "failed";
  percent: number;
}

/** Said on the document when a picture has ended while the page has an editor, which may hold something unsaved. */
export const PICTURE_ENDED = "pictureended";

const ASK_EVERY_MS = 1_000;

/** Asks how far pictures are while one is in work, moves the bars, and loads the page anew when one has ended. */
export function watchPictures(): void {
  const area = find("[data-progress-url]");
  const url = area?.dataset.progressUrl;
  if (!area || !url) return;
  const working = () =>
    [area, ...findAll("[data-state]", area)].filter((element) =>
      ["waiting", "tiling"].includes(element.dataset.state ?? ""),
    );
  const ask = async () => {
    const response = await fetch(url, { headers: { Accept: "application/json" } }).catch(() => null);
    if (response?.ok) {
      const states = (await response.json()) as Record<string, PictureState>;
      for (const element of working()) {
        const found = states[element.dataset.scene ?? ""];
        if (!found) continue;
        if (found.state === "ready" || found.state === "failed") {
          await ended();
          if (!find("[data-fresh]")) return;
          break; // others may still be in work
        }
        const bar = find<HTMLProgressElement>("progress", element);
        if (bar) bar.value = found.percent;
      }
    }
    if (working().length > 0) window.setTimeout(ask, ASK_EVERY_MS);
  };
  if (working().length > 0) window.setTimeout(ask, ASK_EVERY_MS);
}

/** Shows how it ended: by loading the page anew, or its parts where somebody may be typing. */
async function ended(): Promise<void> {
  if (find("[data-fresh]")) {
    await refreshScenes(); // a reload would end the uploads of this page
    return;
  }
  if (!find("[data-editor]")) {
    window.location.reload();
    return;
  }
  const response = await fetch(window.location.href).catch(() => null);
  if (!response?.ok) return;
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  for (const old of findAll("[data-picture]")) {
    const state = fresh.querySelector(`[data-picture="${old.dataset.picture}"]`);
    if (state) old.replaceWith(state);
  }
  document.dispatchEvent(new Event(PICTURE_ENDED));
}
