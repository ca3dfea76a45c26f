/** The editor of a scene: picture, points, forms and what was saved, put together. */
import { announce, find, findAll, need } from "../../dom";
import { _, loadCatalogue } from "../../i18n";
import { angleBetween, type View } from "../../viewer/document";
import type { TourViewer } from "../../viewer/tour";
import { PICTURE_ENDED } from "../pictures";
import { Api, type Outcome } from "./api";
import { showClash } from "./conflict";
import {
  type Answer,
  type DraftScene,
  type Language,
  type Op,
  pickText,
  pointOf,
  sceneOf,
  toDocument,
} from "./model";
import { PointOverlay } from "./overlay";
import { askByButton, Placing } from "./placing";
import { PointForm } from "./point-form";
import { writePoints, writeRemoved } from "./points-list";
import { Regions } from "./regions";
import { SceneForm } from "./scene-form";
import { Status } from "./status";
import { type Clash, Store } from "./store";
import { offerFile } from "./upload-file";
import { WayBack, wrong } from "./way-back";

/** A point is in the middle within this share of the field of view. */
const CENTRE_SHARE = 0.22;

/** Starts where the page has an editor. */
export async function startEditor(): Promise<void> {
  const root = find("[data-editor]");
  if (!root) return;
  await loadCatalogue();
  const { draft, edit, csrf } = root.dataset;
  const api = new Api(draft ?? "", edit ?? "", csrf ?? "");
  try {
    const found = await api.draft();
    await new Editor(root, api).open(found);
  } catch (error) {
    // the forms of the page still work
    console.error(error);
  }
}

class Editor {
  private readonly sceneId: string;
  private readonly language: Language;
  private readonly status: Status;
  private readonly pointForm: PointForm;
  private readonly sceneForm: SceneForm;
  private readonly regions: Regions;
  private readonly overlay: PointOverlay;
  private readonly wayBack: WayBack;
  private store: Store | null = null;
  private viewer: TourViewer | null = null;
  private placing: Placing | null = null;

  constructor(
    private readonly root: HTMLElement,
    private readonly api: Api,
  ) {
    this.sceneId = root.dataset.scene ?? "";
    this.language = (root.dataset.lang ?? "en") as Language;
    this.status = new Status(need("[data-editor-bar]", root), () => this.store);
    this.pointForm = new PointForm(
      need<HTMLFormElement>("[data-point-form]", root),
      {
        draft: () => this.known.draft,
        save: (id, values) => this.savePoint(id, values),
        mirror: (id, to) => id && this.overlay.mirror(id, to),
        closed: () => this.renew(),
      },
      this.language,
    );
    this.sceneForm = new SceneForm(need<HTMLFormElement>("[data-scene-form]", root), {
      view: () => this.view(),
      save: async (words, values) =>
        wrong(await this.run(words, { op: "scene.change", id: this.sceneId, values })),
    });
    this.regions = new Regions(
      {
        view: () => this.view(),
        save: (words, regions) =>
          void this.run(words, { op: "scene.change", id: this.sceneId, values: { regions } }),
        turnTo: (region) => this.viewer?.rotate({ ...region, fov: this.view().fov }),
      },
      find("[data-regions-list]", root),
    );
    this.overlay = new PointOverlay(
      {
        view: () => this.view(),
        moving: (id, to) => this.pointForm.id === id && this.pointForm.moveTo(to),
        moved: (id, to) => void this.run(_("Move a point"), { op: "hotspot.change", id, values: { ...to } }),
        open: (id) => this.openPoint(id, null),
        remove: (id) => this.removePoint(id),
      },
      this.language,
    );
    this.wayBack = new WayBack(need("[data-way-back]", root), this.language, {
      draft: () => this.known.draft,
      run: (words, op) => this.run(words, op),
      address: (id) => this.address(id),
    });
  }

  async open(draft: Store["draft"]): Promise<void> {
    this.store = new Store(this.api, draft, {
      changed: (answer) => this.changed(answer),
      state: (state, words) => this.status.show(state, words),
      clash: (clash) => this.clash(clash),
    });
    this.status.show("saved", "");
    this.takeOverButtons();
    offerFile(
      need("[data-file-form]", this.root),
      this.root,
      draft.site,
      () => this.pointForm.kind,
      (file) => {
        this.pointForm.addFile(file.asset, file.name, file.kind);
        void this.store?.reload();
      },
    );
    this.renew();
    window.addEventListener("beforeunload", (event) => {
      this.regions.flush(); // and then the store is busy, so that the person is asked to wait
      if (this.pointForm.dirty || this.sceneForm.dirty || this.store?.busy) event.preventDefault();
    });
    document.addEventListener(PICTURE_ENDED, () => {
      void this.known.reload().then(() => {
        if (!this.viewer && this.scene.panorama.files) void this.showPicture();
      });
    });
    if (this.scene.panorama.files) await this.showPicture();
  }

  private get known(): Store {
    if (!this.store) throw new Error("the draft is not there yet");
    return this.store;
  }

  private get scene(): DraftScene {
    const scene = sceneOf(this.known.draft, this.sceneId);
    if (!scene) throw new Error("the scene is not in the draft");
    return scene;
  }

  private view(): View {
    return this.viewer?.view() ?? this.scene.view;
  }

  private async showPicture(): Promise<void> {
    const stage = need("[data-editor-stage]", this.root);
    const { TourViewer: Viewer } = await import("../../viewer/tour");
    for (const words of findAll(".editor__none", stage)) words.remove();
    const tour = toDocument(this.known.draft, this.language, this.sceneId);
    const viewer = new Viewer(stage, tour, {
      fromScene: this.sceneId,
      view: fromHash() ?? null,
      onView: () => this.looked(),
      onScene: () => this.renew(),
    });
    this.viewer = viewer;
    viewer.setHotspotsVisible(false);
    this.placing = new Placing(
      viewer.picture,
      () => this.view(),
      () => this.openCentred(),
    );
    viewer.picture.after(this.regions.element, this.overlay.element, this.placing.crosshair);
    new ResizeObserver(() => this.looked()).observe(stage);
    this.renew();
  }

  private looked(): void {
    this.overlay.place();
    this.regions.place();
    this.sceneForm.looked();
    const words = find("[data-editor-view]", this.root);
    const view = this.view();
    if (words)
      words.textContent = _("Yaw {yaw}°, pitch {pitch}°, field of view {fov}°", {
        yaw: view.yaw.toFixed(1),
        pitch: view.pitch.toFixed(1),
        fov: view.fov.toFixed(0),
      });
  }

  /** Everything that shows the draft, anew. */
  private renew(): void {
    const store = this.store;
    const scene = store && sceneOf(store.draft, this.sceneId);
    if (!store || !scene) return;
    this.overlay.show(scene.hotspots, this.pointForm.id);
    this.regions.show(scene);
    this.sceneForm.show(scene);
    const open = pointOf(store.draft, this.pointForm.id);
    if (open) this.pointForm.refresh(open);
    writePoints(need("[data-points-list]", this.root), scene, store.draft, this.language, {
      open: (point, opener) => this.openPoint(point.id, opener),
      remove: (point) => this.removePoint(point.id),
      addBack: (point) => void this.wayBack.add(point),
      sceneAddress: (id) => this.address(id),
    });
    const removed = find("[data-removed]", this.root);
    if (removed)
      writeRemoved(
        removed,
        store.draft.removed.filter((part) => part.kind === "hotspot" && part.scene === this.sceneId),
        this.language,
        (part) => void this.run(_("Put back"), { op: "put_back", removed: part.id }),
      );
    need("[data-points-none]", this.root).hidden = scene.hotspots.length > 0;
    this.status.renew(store);
    this.looked();
  }

  private changed(answer: Answer | null): void {
    const store = this.known;
    if (!sceneOf(store.draft, this.sceneId)) {
      window.location.assign(this.address("").replace(/\/scenes\/.*$/, ""));
      return;
    }
    if (this.pointForm.id && !pointOf(store.draft, this.pointForm.id)) this.pointForm.close();
    this.viewer?.update(toDocument(store.draft, this.language, this.sceneId));
    this.viewer?.setHotspotsVisible(false);
    this.renew();
    if (answer?.left_out) announce(_("Some ways have nowhere to lead any more and were left out."));
  }

  private run(words: string, ...ops: Op[]): Promise<Outcome> {
    return this.known.run(words, ...ops).then((outcome) => {
      this.status.renew(this.known);
      // what a colleague took out is to go from this page too
      if (outcome.kind === "refused" && outcome.code === "not_found") void this.known.reload(outcome.message);
      return outcome;
    });
  }

  private takeOverButtons(): void {
    const add = need("[data-new-point]", this.root);
    askByButton(
      add,
      () => this.placing,
      (at) => {
        this.pointForm.open(null, at, add);
        this.overlay.show(this.scene.hotspots, null);
      },
    );
    askByButton(
      need("[data-mark-region]", this.root),
      () => this.placing,
      (at) => this.regions.add(at),
    );
  }

  private openPoint(id: string, opener: HTMLElement | null): void {
    const point = pointOf(this.known.draft, id);
    if (!point) return;
    const view = this.view();
    if (angleBetween(view, point) > view.fov * 0.45)
      this.viewer?.rotate({ yaw: point.yaw, pitch: point.pitch, fov: view.fov });
    this.pointForm.open(point, point, opener ?? this.viewer?.picture ?? null);
    this.overlay.show(this.scene.hotspots, id);
  }

  /** Enter on the picture: the point nearest to its middle. */
  private openCentred(): void {
    const view = this.view();
    const near = this.scene.hotspots
      .map((point) => ({ point, angle: angleBetween(point, view) }))
      .filter(({ angle }) => angle < view.fov * CENTRE_SHARE)
      .sort((a, b) => a.angle - b.angle)[0];
    if (near) this.openPoint(near.point.id, null);
  }

  private async savePoint(
    id: string | null,
    values: DraftPointValues,
  ): Promise<{ message: string; field: string | null } | null> {
    const op: Op = id
      ? { op: "hotspot.change", id, values }
      : { op: "hotspot.add", scene: this.sceneId, values };
    const outcome = await this.run(id ? _("Change a point") : _("Add a point"), op);
    if (outcome.kind === "done" && values.kind === "link") this.wayBack.offer(outcome.answer.hotspot ?? id);
    return wrong(outcome);
  }

  private removePoint(id: string): void {
    const name = pickText(pointOf(this.known.draft, id)?.label ?? {}, this.language).value;
    void this.run(_("Remove a point"), { op: "hotspot.remove", id }).then((outcome) => {
      if (outcome.kind === "done") announce(_("{name} is out. Undo puts it back.", { name }));
    });
  }

  private clash(clash: Clash): void {
    showClash(need("[data-editor-conflict]", this.root), clash, this.language, {
      draft: () => this.known.draft,
      useTheirs: ({ theirs }) => {
        this.pointForm.close();
        this.known.accept(theirs);
        this.sceneForm.replace(this.scene);
        this.renew();
        this.status.show("saved", "");
      },
      applyMine: ({ op, theirs }) => {
        this.known.accept(theirs);
        void this.run(_("Apply mine again"), op).then((outcome) => {
          if (outcome.kind === "done") this.pointForm.close();
        });
      },
    });
  }

  private address(sceneId: string): string {
    return (this.root.dataset.scenePage ?? "").replace("SCENE", sceneId);
  }
}

type DraftPointValues = Extract<Op, { op: "hotspot.add" }>["values"];

/** Where one came from: `#yaw=…&pitch=…&fov=…`. */
function fromHash(): View | null {
  const told = new URLSearchParams(window.location.hash.slice(1));
  const [yaw, pitch, fov] = ["yaw", "pitch", "fov"].map((name) => Number.parseFloat(told.get(name) ?? ""));
  return yaw !== undefined &&
    pitch !== undefined &&
    fov !== undefined &&
    [yaw, pitch, fov].every(Number.isFinite)
    ? { yaw, pitch, fov }
    : null;
}
