import { find, findAll } from "../dom";
import { _, loadCatalogue } from "../i18n";
import type { SceneView, TourDocument } from "../viewer/document";

/** Shows the draft where the page has a place for it, and lets the forms take angles from it. */
export async function showPreview(): Promise<void> {
  const stage = find("[data-preview]");
  const source = find<HTMLScriptElement>("#tour-document");
  if (!stage || !source) return;
  await loadCatalogue();
  const { TourViewer } = await import("../viewer/tour");
  const tour = JSON.parse(source.textContent ?? "") as TourDocument;
  const words = find("[data-preview-view]");
  const here = stage.dataset.scene ?? tour.start;
  const show = (view: SceneView) => {
    if (words)
      words.textContent = _("Yaw {yaw}°, pitch {pitch}°, field of view {fov}°", {
        yaw: view.yaw.toFixed(1),
        pitch: view.pitch.toFixed(1),
        fov: view.fov.toFixed(0),
      });
    for (const link of findAll<HTMLAnchorElement>("a[data-new-point]")) {
      const url = new URL(link.href);
      url.searchParams.set("yaw", view.yaw.toFixed(1));
      url.searchParams.set("pitch", view.pitch.toFixed(1));
      link.href = url.href;
    }
  };
  const viewer = new TourViewer(stage, tour, { fromScene: here, onView: show });
  for (const button of findAll<HTMLButtonElement>("[data-use-view]")) {
    button.hidden = false;
    button.addEventListener("click", () => take(viewer.view()));
  }
}

/** Writes angles into whichever fields the page has: a start view or the place of a point. */
function take(view: SceneView): void {
  const fields: [string, number][] = [
    ["start_yaw", view.yaw],
    ["start_pitch", view.pitch],
    ["start_fov", view.fov],
    ["yaw", view.yaw],
    ["pitch", view.pitch],
  ];
  for (const [name, value] of fields) {
    const input = find<HTMLInputElement>(`input[name="${name}"]`);
    if (input) input.value = value.toFixed(1);
  }
}
