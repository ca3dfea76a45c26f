/** The place that a picture's file tells: the site's place on the map once the editor says so, never by itself. */
import { _ } from "../../i18n";
import type { Place } from "./item";
import type { Row } from "./row";
import type { Speaker } from "./speaker";

interface Told {
  message?: string;
  error?: { message?: string; revision?: number };
}

/** Offers it in the file's row. */
export function takePlace(row: Row, place: Place, desk: { csrf: string; speaker: Speaker }): void {
  const where = `${place.latitude}, ${place.longitude}`;
  let revision = place.revision;
  const take = async () => {
    const response = await fetch(place.url, {
      method: "POST",
      headers: { Accept: "application/json", "X-CSRFToken": desk.csrf },
      body: new URLSearchParams({ revision: String(revision) }),
    }).catch(() => null);
    const told = (await response?.json().catch(() => null)) as Told | null;
    if (told?.error?.revision) revision = told.error.revision;
    const words = told?.message ?? told?.error?.message ?? _("The connection was lost. Press again.");
    row.note({ text: words, kind: response?.ok ? "done" : "refusal" });
    desk.speaker.say(words);
  };
  row.note(
    {
      text: _("The file tells where the picture was taken: {place}. Visitors never get this.", {
        place: where,
      }),
      kind: "warning",
    },
    { words: _("Use it as the site's place on the map"), icon: "map-pin", run: () => void take() },
  );
}
