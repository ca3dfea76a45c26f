/** A place on the plan, as fractions from its upper left corner. */
export interface Place {
  x: number;
  y: number;
}

/** Points nearer than this lie on each other's names. */
const APART = 0.12;

/** The free place nearest to the middle of the plan, so that no scene is put on top of another. */
export function freePlace(taken: readonly Place[]): Place {
  const steps = [0.5, 0.38, 0.62, 0.26, 0.74, 0.14, 0.86];
  const cells = steps.flatMap((y) => steps.map((x) => ({ x, y })));
  cells.sort((a, b) => Math.hypot(a.x - 0.5, a.y - 0.5) - Math.hypot(b.x - 0.5, b.y - 0.5));
  const isFree = (cell: Place) =>
    taken.every((other) => Math.hypot(other.x - cell.x, other.y - cell.y) >= APART - 0.001);
  return cells.find(isFree) ?? { x: 0.5, y: 0.5 };
}
