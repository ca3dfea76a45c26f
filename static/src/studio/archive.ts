/** Tours as ZIPs: the file is sent in pieces, and pages of work that goes on are kept fresh. */
import { find, findAll, h, icon, need } from "../dom";
import { _, loadCatalogue } from "../i18n";
import { Refused, sendPieces } from "./editor/send-file";

const ASK_EVERY_MS = 1_000;

/** The form of an import, and whatever is in work on this page. */
export async function startArchives(): Promise<void> {
  const form = find<HTMLFormElement>("form[data-archive-upload]");
  const working = findAll("[data-archive-progress]");
  if (!form && working.length === 0) return;
  await loadCatalogue();
  if (form) enhance(form);
  for (const area of working) watch(area);
}

function enhance(form: HTMLFormElement): void {
  const input = need<HTMLInputElement>("input[type=file]", form);
  const button = need<HTMLButtonElement>("button[type=submit]", form);
  form.addEventListener("submit", (event) => {
    const file = input.files?.[0];
    if (!file) return;
    event.preventDefault();
    button.disabled = true;
    void send(form, file).finally(() => {
      button.disabled = false;
    });
  });
}

async function send(form: HTMLFormElement, file: File): Promise<void> {
  const state = need("[data-archive-state]", form);
  const words = need("p", state);
  const bar = need<HTMLProgressElement>("progress", state);
  const { archiveUpload, thing, csrf } = form.dataset;
  state.hidden = bar.hidden = false;
  words.classList.remove("field__error");
  words.textContent = _("Uploading: {percent} %", { percent: 0 });
  const to = { url: archiveUpload ?? "", site: thing ?? "", csrf: csrf ?? "", purpose: "archive", meta: {} };
  try {
    const answer = await sendPieces(file, {
      ...to,
      progress: (percent) => {
        bar.value = percent;
        words.textContent =
          percent < 100 ? _("Uploading: {percent} %", { percent }) : _("Uploaded. The ZIP is being checked.");
      },
    });
    window.location.assign(String(answer.location));
  } catch (error) {
    bar.hidden = true;
    const why = error instanceof Refused ? error.message : _("The file could not be sent. Try again.");
    words.classList.add("field__error");
    words.replaceChildren(icon("circle-alert"), h("span", {}, why));
  }
}

/** Moves a bar while work goes on, and loads the page anew when it has ended. */
function watch(area: HTMLElement): void {
  const url = area.dataset.archiveProgress ?? "";
  const bar = find<HTMLProgressElement>("progress", area);
  const ask = async () => {
    const response = await fetch(url, { headers: { Accept: "application/json" } }).catch(() => null);
    if (response?.ok) {
      const told = (await response.json()) as { state: string; percent: number };
      if (told.state !== "working") {
        window.location.reload();
        return;
      }
      if (bar) bar.value = told.percent;
    }
    window.setTimeout(ask, ASK_EVERY_MS);
  };
  window.setTimeout(ask, ASK_EVERY_MS);
}
