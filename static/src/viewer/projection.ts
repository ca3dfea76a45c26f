import { toDegrees, toRadians, type View, wrapYaw } from "./document";

/** A place on the picture in CSS pixels from its upper left corner. */
export interface Spot {
  x: number;
  y: number;
}

/**
 * Where a direction (degrees) appears in a picture of `width` × `height` pixels that shows `view`.
 *
 * The picture is an upright pinhole camera whose field of view is vertical. Answers null for what lies behind it.
 */
export function project(
  direction: { yaw: number; pitch: number },
  view: View,
  width: number,
  height: number,
): Spot | null {
  const turn = toRadians(direction.yaw - view.yaw);
  const up = toRadians(direction.pitch);
  const tilt = toRadians(view.pitch);
  const ahead = Math.cos(up) * Math.cos(turn);
  const depth = Math.sin(up) * Math.sin(tilt) + ahead * Math.cos(tilt);
  if (depth <= 0.01) return null;
  const scale = height / 2 / Math.tan(toRadians(view.fov) / 2);
  return {
    x: width / 2 + ((Math.cos(up) * Math.sin(turn)) / depth) * scale,
    y: height / 2 - ((Math.sin(up) * Math.cos(tilt) - ahead * Math.sin(tilt)) / depth) * scale,
  };
}

/** How many degrees wide a picture of this shape looks. */
export function horizontalFov(fov: number, width: number, height: number): number {
  return toDegrees(2 * Math.atan(Math.tan(toRadians(fov) / 2) * (width / Math.max(1, height))));
}

/** The direction in which a place on the picture lies: project() backwards. */
export function unproject(
  spot: Spot,
  view: View,
  width: number,
  height: number,
): { yaw: number; pitch: number } {
  const scale = height / 2 / Math.tan(toRadians(view.fov) / 2);
  const right = (spot.x - width / 2) / scale;
  const up = (height / 2 - spot.y) / scale;
  const tilt = toRadians(view.pitch);
  const ahead = Math.cos(tilt) - up * Math.sin(tilt);
  const high = Math.sin(tilt) + up * Math.cos(tilt);
  return {
    yaw: wrapYaw(view.yaw + toDegrees(Math.atan2(right, ahead))),
    pitch: toDegrees(Math.atan2(high, Math.hypot(right, ahead))),
  };
}
