/** Choosing a file for a point, or on the page of files: sent in pieces, with its progress in words and as a bar. */
import { find, h, icon, need } from "../../dom";
import { _, loadCatalogue } from "../../i18n";
import { Refused, type SentFile, sendFile } from "./send-file";

const ACCEPT: Record<string, string> = {
  picture: "image/jpeg,image/png,image/webp",
  plan: "image/jpeg,image/png",
  video: "video/mp4,video/webm",
  captions: ".vtt,text/vtt",
  document: "application/pdf",
};

/** Puts a field for a file into a point's form; `kind` says of what kind the point is now. */
export function offerFile(
  place: HTMLElement,
  root: HTMLElement,
  site: string,
  kind: () => string,
  done: (file: SentFile) => void,
): void {
  const url = root.dataset.uploads;
  if (!url) return;
  place.hidden = false;
  place.dataset.for = "picture video document";
  for (const captions of [false, true]) {
    const input = h("input", { type: "file", id: `point-new-${captions ? "captions" : "file"}` });
    const label = h("label", { class: "field__label", for: input.id });
    label.textContent = captions ? _("Add a caption file") : _("Add a file");
    const state = h("div", { hidden: true }, h("p", { class: "small", role: "status" }), bar());
    const field = h("div", { class: "field" }, label, input, state);
    if (captions) field.dataset.for = "video";
    place.append(field);
    input.addEventListener("click", () => {
      input.accept = ACCEPT[captions ? "captions" : kind()] ?? "";
    });
    input.addEventListener("change", () => {
      const file = input.files?.[0];
      if (!file) return;
      const to = { url, site, csrf: root.dataset.csrf ?? "", kind: captions ? "captions" : kind() };
      void send(file, to, state).then((sent) => {
        input.value = "";
        if (sent) done(sent);
      });
    });
  }
}

/** The page of files: its form sends in pieces. */
export async function enhanceFiles(): Promise<void> {
  const form = find<HTMLFormElement>("form[data-file-upload]");
  if (!form) return;
  await loadCatalogue();
  const kind = need<HTMLSelectElement>("select", form);
  const input = need<HTMLInputElement>("input[type=file]", form);
  const state = need("[data-file-state]", form);
  const adapt = () => {
    input.accept = ACCEPT[kind.value] ?? "";
  };
  kind.addEventListener("change", adapt);
  adapt();
  form.addEventListener("submit", (event) => {
    const file = input.files?.[0];
    if (!file) return;
    event.preventDefault();
    const { fileUpload, thing, csrf } = form.dataset;
    const to = { url: fileUpload ?? "", site: thing ?? "", csrf: csrf ?? "", kind: kind.value };
    void send(file, to, state).then((sent) => {
      if (sent) window.location.reload();
    });
  });
}

async function send(
  file: File,
  to: { url: string; site: string; csrf: string; kind: string },
  state: HTMLElement,
): Promise<SentFile | null> {
  const words = need("p", state);
  const progress = need<HTMLProgressElement>("progress", state);
  state.hidden = false;
  progress.hidden = false;
  words.classList.remove("field__error");
  words.textContent = _("Uploading: {percent} %", { percent: 0 });
  try {
    const sent = await sendFile(file, {
      ...to,
      waits: (why) => {
        words.textContent = why;
      },
      progress: (percent) => {
        progress.value = percent;
        words.textContent =
          percent < 100
            ? _("Uploading: {percent} %", { percent })
            : _("Uploaded. The file is being checked.");
      },
    });
    words.textContent = _("“{name}” is kept.", { name: sent.name });
    return sent;
  } catch (error) {
    words.classList.add("field__error");
    const why = error instanceof Refused ? error.message : _("The file could not be sent. Try again.");
    words.replaceChildren(icon("circle-alert"), h("span", {}, why));
    return null;
  } finally {
    progress.hidden = true;
  }
}

function bar(): HTMLProgressElement {
  return h("progress", { class: "progress", max: 100, value: 0, "aria-label": _("Upload") });
}
