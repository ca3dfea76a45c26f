/** Tours as ZIPs: the file is sent in pieces, and pages of work that goes on are kept fresh. */
import { find, findAll, h, icon, need } from "../dom";
import { _, loadCatalogue } from "../i18n";
import { HttpServer, type Wish } from "./uploads/api";
import { uploadOf } from "./uploads/resume";
import { browser, percentOf, type Telling, Transfer } from "./uploads/transfer";

const PURPOSE = "archive";
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
  const { archiveUpload = "", thing = "", csrf = "" } = form.dataset;
  const server = new HttpServer(archiveUpload, PURPOSE, thing, csrf);
  const state = new State(need("[data-archive-state]", form));
  form.addEventListener("submit", (event) => {
    const file = input.files?.[0];
    if (!file) return;
    event.preventDefault();
    button.disabled = true;
    void send(file, thing, server, state).finally(() => {
      button.disabled = false;
    });
  });
  void server.mine().then(
    ([left]) => {
      if (!left || button.disabled) return;
      const percent = percentOf(left, left.received);
      state.show(_("Unfinished: {percent} %. Choose the file again to go on.", { percent }), percent);
    },
    () => undefined,
  );
}

/** Sends the file, or what is missing of it, and goes to the page of its import. */
async function send(file: File, thing: string, server: HttpServer, state: State): Promise<void> {
  const wish: Wish = { purpose: PURPOSE, thing, name: file.name, size: file.size, meta: {} };
  const known = await uploadOf(file, await server.mine().catch(() => []));
  const tell = (telling: Telling) => state.tell(telling);
  const answer = await new Transfer(file, wish, server, browser, tell, known).run();
  if (answer) window.location.assign(String(answer.location));
}

/** How far the file is, in words and as a bar. */
class State {
  private readonly words: HTMLElement;
  private readonly bar: HTMLProgressElement;

  constructor(private readonly area: HTMLElement) {
    this.words = need("p", area);
    this.bar = need<HTMLProgressElement>("progress", area);
  }

  show(words: string, percent: number): void {
    this.area.hidden = this.bar.hidden = false;
    this.words.classList.remove("field__error");
    this.words.textContent = words;
    this.bar.value = percent;
  }

  tell({ phase, percent, message }: Telling): void {
    const words: Partial<Record<Telling["phase"], string>> = {
      offline: _("No connection. The upload goes on when it is back."),
      retrying: _("Connection lost. The upload goes on by itself."),
      hindered: message,
      finishing: _("Uploaded. The ZIP is being checked."),
    };
    this.show(words[phase] ?? _("Uploading: {percent} %", { percent }), percent);
    if (phase === "refused") this.refuse(message);
    if (phase === "unreadable") this.refuse(_("The file can't be read any more. Choose it again."));
  }

  private refuse(why: string): void {
    this.bar.hidden = true;
    this.words.classList.add("field__error");
    this.words.replaceChildren(icon("circle-alert"), h("span", {}, why));
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
