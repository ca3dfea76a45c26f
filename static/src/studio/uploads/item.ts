/** A chosen file from its first look to “Picture ready”. */
import { _ } from "../../i18n";
import type { UploadServer, UploadState, Wish } from "./api";
import { takePlace } from "./place";
import type { Finding } from "./precheck";
import { type Look, Row } from "./row";
import type { Speaker } from "./speaker";
import type { PictureState, Tiling } from "./tiling";
import { browser, type Telling, Transfer } from "./transfer";

/** What the receiver of panoramas answers. */
export interface SceneMade {
  location: string;
  scene: string;
  title: string;
  warnings: string[];
  place: Place | null;
}

export interface Place {
  latitude: number;
  longitude: number;
  revision: number;
  url: string;
}

/** What an item needs of the page. */
export interface Desk {
  server: UploadServer;
  tiling: Tiling;
  speaker: Speaker;
  csrf: string;
  /** The row is to go away. */
  remove(item: Item): void;
  /** Sends it when it is its turn. */
  queue(item: Item): void;
  /** A scene was made, or its picture is ready. */
  changed(): void;
}

export class Item {
  readonly row: Row;
  /** While true, leaving the page would interrupt it. */
  busy = false;
  dropped = false;
  private transfer: Transfer | null = null;
  private lastSaid = "";

  constructor(
    readonly file: File,
    private readonly wish: Wish,
    private readonly desk: Desk,
    private known: UploadState | null,
    row?: Row,
  ) {
    this.row = row ?? new Row(file.name);
  }

  /** Which upload of the server it is. */
  get id(): string | null {
    return this.transfer?.id ?? this.known?.id ?? null;
  }

  /** After the first look: sends, or asks first. */
  start(found: Finding | null): void {
    if (found) this.row.note({ text: found.text, kind: "warning" });
    if (!found?.doubtful) {
      this.enqueue();
      return;
    }
    this.desk.speaker.say(`${this.file.name}: ${found.text}`);
    this.row.show({
      words: _("Look at this first"),
      icon: "triangle-alert",
      kind: "warning",
      actions: [{ words: _("Upload anyway"), icon: "upload", run: () => this.enqueue() }, this.cancelling()],
    });
  }

  /** Sends until it is a scene, or refused. */
  async send(): Promise<void> {
    const { server } = this.desk;
    this.transfer = new Transfer(
      this.file,
      this.wish,
      server,
      browser,
      (telling) => this.told(telling),
      this.known,
    );
    const answer = await this.transfer.run();
    this.busy = false;
    this.known = null;
    if (answer) this.made(answer as unknown as SceneMade);
  }

  private enqueue(): void {
    this.busy = true;
    this.row.show({ words: _("Waiting"), icon: "hourglass", actions: [this.cancelling()] });
    this.desk.queue(this);
  }

  private told({ phase, percent, message }: Telling): void {
    const { row, desk, file } = this;
    const look = lookOf(phase, percent, message);
    if (phase === "refused" || phase === "unreadable") {
      this.busy = false;
      const why = phase === "refused" ? message : UNREADABLE();
      row.note({ text: why, kind: "refusal" });
      desk.speaker.say(_("{name} was not taken: {reason}", { name: file.name, reason: why }));
      row.show({ ...look, actions: [this.again(), this.removing()] });
    } else if (phase === "retrying" || phase === "offline" || phase === "hindered") {
      const trouble = `${percent} ${look.words}`; // said again only when something arrived in between
      if (trouble !== this.lastSaid) desk.speaker.say(`${file.name}: ${look.words}`);
      this.lastSaid = trouble;
      const now = { words: _("Try now"), icon: "rotate-ccw", run: () => this.transfer?.retry() };
      row.show({ ...look, actions: [now, this.cancelling()] });
    } else if (phase !== "cancelled") {
      row.show({ ...look, actions: phase === "finishing" ? [] : [this.cancelling()] });
    }
  }

  private made(made: SceneMade): void {
    const { row, desk } = this;
    row.link(made.location, made.title);
    row.clear(); // what was guessed before is known now
    for (const text of made.warnings) row.note({ text, kind: "warning" });
    if (made.place) takePlace(row, made.place, desk);
    this.tiled({ state: "waiting", percent: 0, error: null, warnings: [] });
    desk.changed();
    desk.tiling.watch(made.scene, (state) => this.tiled(state));
  }

  private tiled(state: PictureState): void {
    const { row, desk, file } = this;
    const done = { actions: [this.removing()], percent: null };
    if (state.state === "ready") {
      row.show({ words: _("Picture ready"), icon: "circle-check", kind: "done", ...done });
      desk.speaker.say(_("{name}: picture ready.", { name: file.name }));
    } else if (state.state === "failed") {
      row.show({ words: _("Picture refused"), icon: "circle-alert", kind: "danger", ...done });
      row.note({ text: state.error ?? "", kind: "refusal" });
      desk.speaker.say(_("{name} was not taken: {reason}", { name: file.name, reason: state.error ?? "" }));
    } else {
      const words = _("Tiles are being made: {percent} %", { percent: state.percent });
      row.show({ words, icon: "loader", kind: "info", percent: state.percent });
      if (state.error) row.note({ text: state.error, kind: "warning" });
      return;
    }
    desk.changed();
  }

  private cancelling() {
    return {
      words: _("Cancel"),
      icon: "x",
      run: () => {
        this.dropped = true;
        this.busy = false;
        if (this.transfer) this.transfer.cancel();
        else if (this.known) void this.desk.server.drop(this.known.id).catch(() => undefined);
        this.desk.speaker.say(_("{name} was cancelled.", { name: this.file.name }));
        this.desk.remove(this);
      },
    };
  }

  private removing() {
    return { words: _("Remove from this list"), icon: "x", run: () => this.desk.remove(this) };
  }

  private again() {
    return {
      words: _("Try again"),
      icon: "rotate-ccw",
      run: () => {
        this.row.clear();
        this.enqueue();
      },
    };
  }
}

const UNREADABLE = () =>
  _(
    "The file can't be read. A folder can't be uploaded: open it and choose its pictures. A file that was changed or moved has to be chosen again.",
  );

/** Words and icon of a phase. */
function lookOf(phase: Telling["phase"], percent: number, message: string): Look {
  switch (phase) {
    case "waiting":
      return { words: _("Waiting"), icon: "hourglass" };
    case "sending":
      return { words: _("Uploading: {percent} %", { percent }), icon: "upload", kind: "info", percent };
    case "offline":
      return {
        words: _("No connection. The upload goes on when it is back."),
        icon: "wifi-off",
        kind: "warning",
        percent,
      };
    case "retrying":
      return {
        words: _("Connection lost. The upload goes on by itself."),
        icon: "wifi-off",
        kind: "warning",
        percent,
      };
    case "hindered":
      return { words: message, icon: "hourglass", kind: "warning", percent };
    case "finishing":
      return {
        words: _("Uploaded. The picture is being checked."),
        icon: "loader",
        kind: "info",
        percent: 100,
      };
    case "refused":
    case "unreadable":
      return { words: _("Not taken"), icon: "circle-alert", kind: "danger" };
    case "cancelled":
      return { words: _("Cancelled"), icon: "x" };
  }
}
