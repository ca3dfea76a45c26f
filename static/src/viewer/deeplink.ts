/** Links to a view: `#scene=quay&yaw=12.5&pitch=-3`, with `&fov=` where it is not the scene's own. */
import { clamp, findScene, MAX_FOV, MIN_FOV, type SceneView, type TourDocument, wrapYaw } from "./document";

/** The fragment, with its `#`, that leads to a view of a tour. */
export function toFragment(tour: TourDocument, view: SceneView): string {
  const values = new URLSearchParams({
    scene: view.scene,
    yaw: tenth(view.yaw),
    pitch: tenth(view.pitch),
  });
  const usual = findScene(tour, view.scene)?.view.fov;
  if (usual === undefined || Math.abs(usual - view.fov) >= 1) values.set("fov", tenth(view.fov));
  return `#${values.toString()}`;
}

/** The view that a fragment leads to; null when it names no scene of the tour. Odd values become the scene's own. */
export function fromFragment(tour: TourDocument, fragment: string): SceneView | null {
  const values = new URLSearchParams(fragment.replace(/^#/, ""));
  const scene = findScene(tour, values.get("scene"));
  if (!scene) return null;
  const read = (name: "yaw" | "pitch" | "fov"): number => {
    const text = values.get(name);
    const value = text === null || text.trim() === "" ? Number.NaN : Number(text);
    return Number.isFinite(value) ? value : scene.view[name];
  };
  return {
    scene: scene.id,
    yaw: wrapYaw(read("yaw")),
    pitch: clamp(read("pitch"), -90, 90),
    fov: clamp(read("fov"), MIN_FOV, MAX_FOV),
  };
}

function tenth(value: number): string {
  return String(Math.round(value * 10) / 10);
}
