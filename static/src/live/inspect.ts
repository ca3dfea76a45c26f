/**
 * `window.tourserver`: what this page shows, to be read by end-to-end tests and support. Read-only; nothing can be
 * done with it that the page's own buttons do not do.
 */
import type { Role, RoomStatus, SceneView } from "./protocol";
import type { Room } from "./room";
import type { Stage } from "./stage";

export interface Inspection {
  readonly role: Role;
  /** Where the picture looks now, in degrees; null while there is none. */
  readonly view: SceneView | null;
  /** True while the picture follows the guide. */
  readonly following: boolean;
  /** True while this page leads. */
  readonly guiding: boolean;
  readonly line: string;
  readonly room: RoomStatus;
  /** The last event applied, for each channel. */
  readonly seq: Readonly<Record<string, number | null>>;
  /** Commands that the server has not acknowledged. */
  readonly pending: number;
}

declare global {
  interface Window {
    readonly tourserver?: Inspection;
  }
}

export function expose(room: Room, stage: Stage | null, guiding: () => boolean): void {
  const inspection: Inspection = Object.freeze({
    role: room.data.role,
    get view() {
      return stage?.view() ?? null;
    },
    get following() {
      return stage?.following ?? false;
    },
    get guiding() {
      return guiding();
    },
    get line() {
      return room.connection.current;
    },
    get room() {
      return room.store.state.room.state;
    },
    get seq() {
      return room.connection.cursors();
    },
    get pending() {
      return room.connection.outbox.list().length;
    },
  });
  Object.defineProperty(window, "tourserver", { value: inspection, configurable: true });
}
