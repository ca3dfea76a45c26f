import { find, h } from "../dom";
import { _ } from "../i18n";

interface Refusal {
  errors: { field: string; message: string }[];
}

/** Sends the upload form in the background so that the page can show how far it is; without this it is sent as it is. */
export function enhanceUpload(): void {
  const form = find<HTMLFormElement>("form[data-upload]");
  if (!form) return;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form);
  });
}

function send(form: HTMLFormElement): void {
  const area = find("[data-upload-progress]", form);
  const words = find("[data-upload-words]", form);
  const bar = find<HTMLProgressElement>("progress", form);
  const button = find<HTMLButtonElement>("button[type=submit]", form);
  if (!area || !words || !bar || !button) return;
  const request = new XMLHttpRequest();
  request.open("POST", form.action || window.location.href);
  request.setRequestHeader("Accept", "application/json");
  request.upload.addEventListener("progress", (event) => {
    if (!event.lengthComputable) return;
    const percent = Math.floor((100 * event.loaded) / event.total);
    bar.value = percent;
    words.textContent =
      percent < 100 ? _("Uploading: {percent} %", { percent }) : _("Uploaded. The picture is being checked.");
  });
  const end = (messages: string[]) => {
    area.hidden = true;
    button.disabled = false;
    showErrors(messages);
  };
  request.addEventListener("load", () => {
    if (request.status === 201) {
      window.location.assign((JSON.parse(request.responseText) as { location: string }).location);
      return;
    }
    end(refusals(request));
  });
  request.addEventListener("error", () =>
    end([_("The connection was lost. What you typed is kept: send again.")]),
  );
  area.hidden = false;
  button.disabled = true;
  showErrors([]);
  request.send(new FormData(form));
}

function refusals(request: XMLHttpRequest): string[] {
  try {
    const answer = JSON.parse(request.responseText) as Refusal | { error: { message: string } };
    return "errors" in answer ? answer.errors.map((one) => one.message) : [answer.error.message];
  } catch {
    return [_("The server answered with {status}. Try again.", { status: request.status })];
  }
}

function showErrors(messages: string[]): void {
  const area = find("#upload-errors");
  if (!area) return;
  area.hidden = messages.length === 0;
  area.replaceChildren(h("ul", {}, ...messages.map((message) => h("li", {}, message))));
  if (messages.length > 0) area.focus();
}
