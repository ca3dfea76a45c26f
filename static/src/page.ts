/** Every public page: menus, colours, time zone, filters, copy buttons. All of it works without this script, less smoothly. */

import { loadCatalogue } from "./i18n";
import { enhanceCopying } from "./page/copy";
import { enhanceFilters } from "./page/filters";
import { enhanceMenus } from "./page/menus";
import { enhanceTheme } from "./page/theme";
import { enhanceZone } from "./page/zone";

async function start(): Promise<void> {
  // What is wrong in a form is read first, by everyone.
  document.getElementById("error-summary")?.focus();
  enhanceMenus();
  enhanceTheme();
  enhanceFilters();
  await loadCatalogue();
  enhanceCopying();
  await enhanceZone();
}

void start();
