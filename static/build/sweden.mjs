import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { geoPath, geoTransverseMercator } from "d3-geo";
import { feature } from "topojson-client";

const require = createRequire(import.meta.url);

const WIDTH = 360;
const HEIGHT = 800;
const MARGIN = 14;
/** The central meridian of SWEREF 99 TM, degrees east: north is up in the middle of the country. */
const MERIDIAN = 15;
/** ISO 3166 numeric codes. */
const SWEDEN = "752";
const NEIGHBOURS = ["578", "246", "208", "233", "428", "440", "643", "616", "276"];
/** Points nearer to the last kept one than this are dropped, and islands of a smaller area, in units of the view box. */
const TOLERANCE = 1.4;
const SMALLEST = 3;

/**
 * The outline of Sweden and the land around it, from Natural Earth (public domain, by world-atlas).
 *
 * `data` has viewBox, the two paths and the constants of the projection:
 *   with φ, λ in radians, Δ = λ − meridian, B = cos φ · sin Δ:
 *   x = translate[0] + scale · ½ ln((1 + B) / (1 − B)),  y = translate[1] − scale · atan2(tan φ, cos Δ)
 */
export function sweden() {
  const atlas = JSON.parse(readFileSync(require.resolve("world-atlas/countries-10m.json"), "utf8"));
  const countries = feature(atlas, atlas.objects.countries).features;
  const home = countries.find((country) => country.id === SWEDEN);
  const projection = geoTransverseMercator()
    .rotate([-MERIDIAN, 0])
    .fitExtent(
      [
        [MARGIN, MARGIN],
        [WIDTH - MARGIN, HEIGHT - MARGIN],
      ],
      home,
    )
    .clipExtent([
      [-10, -10],
      [WIDTH + 10, HEIGHT + 10],
    ]);
  const draw = geoPath(projection);
  const path = thin(draw(home));
  const neighbours = NEIGHBOURS.map((id) => countries.find((country) => country.id === id))
    .map((country) => thin(draw(country) ?? "", TOLERANCE * 2.5))
    .join("");
  const data = {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    width: WIDTH,
    height: HEIGHT,
    path,
    neighbours,
    projection: constants(projection),
  };
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${data.viewBox}">` +
    `<path id="land" fill="currentColor" d="${neighbours}"/>` +
    `<path id="home" fill="currentColor" d="${path}"/></svg>\n`;
  return { data, svg };
}

/** Our own formula's place of a point, degrees → units of the view box. */
export function place({ meridian, scale, translate }, latitude, longitude) {
  const phi = (latitude * Math.PI) / 180;
  const delta = ((longitude - meridian) * Math.PI) / 180;
  const b = Math.cos(phi) * Math.sin(delta);
  return [
    translate[0] + scale * 0.5 * Math.log((1 + b) / (1 - b)),
    translate[1] - scale * Math.atan2(Math.tan(phi), Math.cos(delta)),
  ];
}

/** The scale and shift of the projection, checked against d3 at the corners of the country. */
function constants(projection) {
  const scale = projection.scale();
  const [x, y] = projection([MERIDIAN, 0]);
  const found = { kind: "transverse-mercator", meridian: MERIDIAN, scale, translate: [x, y] };
  for (const [longitude, latitude] of [
    [11.1, 58.9],
    [24.1, 65.8],
    [13.0, 55.6],
    [20.3, 67.9],
  ]) {
    const [ours, theirs] = [place(found, latitude, longitude), projection([longitude, latitude])];
    if (Math.hypot(ours[0] - theirs[0], ours[1] - theirs[1]) > 0.01) {
      throw new Error("the map's formula does not agree with its projection");
    }
  }
  return found;
}

/** Rounds a path to tenths, drops points that nobody can see and islands smaller than a dot. */
function thin(path, tolerance = TOLERANCE) {
  return path
    .split("M")
    .filter(Boolean)
    .map((ring) => {
      const points = ring
        .replace("Z", "")
        .split("L")
        .map((pair) => pair.split(",").map(tenth));
      const kept = [points[0]];
      for (const point of points.slice(1)) {
        if (distance(point, kept[kept.length - 1]) >= tolerance) kept.push(point);
      }
      if (kept.length < 4 || area(kept) < SMALLEST) return "";
      return `M${kept[0].join(",")}l${kept
        .slice(1)
        .map((point, i) => step(kept[i], point))
        .join("")}z`;
    })
    .join("");
}

function tenth(value) {
  return Math.round(Number(value) * 10) / 10;
}

function distance([ax, ay], [bx, by]) {
  return Math.hypot(ax - bx, ay - by);
}

/** The area inside a ring of points (shoelace formula). */
function area(points) {
  let sum = 0;
  points.forEach(([x, y], i) => {
    const [nx, ny] = points[(i + 1) % points.length];
    sum += x * ny - nx * y;
  });
  return Math.abs(sum / 2);
}

/** A relative step in SVG's shortest spelling. */
function step([ax, ay], [bx, by]) {
  return [tenth(bx - ax), tenth(by - ay)]
    .map((value, i) => (i === 0 || value >= 0 ? " " : "") + String(value).replace(/^(-?)0\./, "$1."))
    .join("")
    .replace(/^ (?=-)/, "");
}
