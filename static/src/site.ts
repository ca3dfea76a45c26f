/** The public page of a site: the list of places at once, the tour itself when somebody wants to walk it. */
import { readJson } from "./dom";
import { loadCatalogue } from "./i18n";
import type { TourDocument } from "./viewer/document";
import { SiteTour } from "./viewer/site-tour";

async function start(): Promise<void> {
  const section = document.getElementById("tour");
  const tour = readJson<TourDocument>("tour-document");
  if (!section || !tour || tour.scenes.length === 0) return;
  await loadCatalogue();
  new SiteTour(section, tour).start();
}

void start();
