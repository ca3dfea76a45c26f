import { find, findAll } from "../dom";

interface PictureState {
  state: "waiting" | "tiling" | "ready" | "failed";
  percent: number;
}

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
          window.location.reload();
          return;
        }
        const bar = find<HTMLProgressElement>("progress", element);
        if (bar) bar.value = found.percent;
      }
    }
    if (working().length > 0) window.setTimeout(ask, ASK_EVERY_MS);
  };
  if (working().length > 0) window.setTimeout(ask, ASK_EVERY_MS);
}
