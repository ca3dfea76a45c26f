/** Sending a file of a site: by the transfer that pictures and archives share, which goes on after a cut. */
import { _ } from "../../i18n";
import { HttpServer, type Wish } from "../uploads/api";
import { uploadOf } from "../uploads/resume";
import { browser, type Telling, Transfer } from "../uploads/transfer";

const PURPOSE = "asset";

export interface SentFile {
  asset: string;
  name: string;
  kind: string;
  state: string;
}

/** The server said why it does not take the file. */
export class Refused extends Error {}

export interface Sending {
  /** Address of the uploads. */
  url: string;
  csrf: string;
  /** The site's address. */
  site: string;
  kind: string;
  progress(percent: number): void;
  /** It waits, in words why; it goes on by itself. */
  waits(words: string): void;
}

/** Sends a file, or what is missing of it, and answers what became of it. Throws Refused, with the reason in words. */
export async function sendFile(file: File, to: Sending): Promise<SentFile> {
  const server = new HttpServer(to.url, PURPOSE, to.site, to.csrf);
  const { name, size } = file;
  const wish: Wish = { purpose: PURPOSE, thing: to.site, name, size, meta: { kind: to.kind } };
  const left = (await server.mine().catch(() => [])).filter((upload) => upload.meta.kind === to.kind);
  let why = "";
  const tell = ({ phase, percent, message }: Telling) => {
    if (phase === "sending" || phase === "finishing") to.progress(percent);
    else if (phase === "offline") to.waits(_("No connection. The upload goes on when it is back."));
    else if (phase === "retrying") to.waits(_("Connection lost. The upload goes on by itself."));
    else if (phase === "hindered") to.waits(message);
    else if (phase === "refused") why = message;
    else if (phase === "unreadable") why = _("The file can't be read. Choose it again.");
  };
  const answer = await new Transfer(file, wish, server, browser, tell, await uploadOf(file, left)).run();
  if (!answer) throw new Refused(why);
  return answer as unknown as SentFile;
}
