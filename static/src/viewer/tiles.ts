/**
 * Tending the library's tiles: which level may load, what is let go of, and whether anything is still on its way.
 *
 * The library never frees a texture whose place another one took, and gives no word about its queue. All that we
 * touch of its inside is named in `Inside`; tests/e2e/test_viewer_scenes.py looks that it still is as we think.
 */
import type { EquirectangularTilesAdapter } from "@photo-sphere-viewer/equirectangular-tiles-adapter";

interface Texture {
  dispose(): void;
}
interface Material {
  name: string;
  map: Texture | null;
  dispose(): void;
}
interface Tile {
  url: string;
}
interface Inside {
  queue: {
    tasks: Record<string, { status: number }>;
    runningTasks: Record<string, boolean>;
    start(): void;
    disableAllTasks(): void;
  };
  state: { materials: Material[] };
  __swapMaterial(tile: Tile, material: Material, isError: boolean): void;
  __refresh(): void;
}

const PENDING = 1;

export class Tiles {
  private readonly inside: Inside;

  /** `idle` is called whenever no tile is waited for. */
  constructor(
    adapter: EquirectangularTilesAdapter,
    private readonly idle: () => void,
  ) {
    this.inside = adapter as unknown as Inside;
    const { inside } = this;
    const swap = inside.__swapMaterial.bind(inside);
    inside.__swapMaterial = (tile, material, isError) => {
      material.name = tile.url;
      const before = new Set(inside.state.materials).add(material);
      swap(tile, material, isError);
      const left = new Set(inside.state.materials);
      for (const each of before) if (!left.has(each)) free(each);
    };
    const start = inside.queue.start.bind(inside.queue);
    inside.queue.start = () => {
      start();
      if (!this.busy) this.idle();
    };
  }

  /** True while tiles of the view on screen are on their way or wait for their turn. */
  get busy(): boolean {
    const { tasks, runningTasks } = this.inside.queue;
    return (
      Object.keys(runningTasks).length > 0 || Object.values(tasks).some(({ status }) => status === PENDING)
    );
  }

  /** Addresses of the tiles on the sphere. */
  get shown(): string[] {
    return [...new Set(this.inside.state.materials.map(({ name }) => name))].filter(Boolean);
  }

  /** Begins no further tile, so that something else has the line. */
  hold(): void {
    this.inside.queue.disableAllTasks();
  }

  /** Looks again which tiles the view needs, and goes on. */
  refresh(): void {
    this.inside.__refresh();
  }
}

function free(material: Material): void {
  material.map?.dispose();
  material.dispose();
}
