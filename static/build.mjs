/**
 * Builds static/dist: scripts, styles, fonts, icons, the map of Sweden and the client's message catalogues.
 *
 * Usage: node static/build.mjs [--watch]
 *
 * Every file but manifest.json carries a hash of its content in its name, so that it may be cached for ever;
 * manifest.json maps the plain name to the hashed one: {"page.js": "page-ABCD1234.js"}. Beside each text lie its
 * .br and .gz, which the server sends to browsers that take them (tourserver/core/compressed.py).
 */
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import esbuild from "esbuild";
import { catalogues } from "./build/catalogues.mjs";
import { compressAll } from "./build/compress.mjs";
import { contentHash } from "./build/hash.mjs";
import { sprite } from "./build/icons.mjs";
import { sweden } from "./build/sweden.mjs";

const root = path.dirname(fileURLToPath(import.meta.url));
const repository = path.dirname(root);
const dist = path.join(root, "dist");
const watching = process.argv.includes("--watch");

const SCRIPTS = ["page", "site", "live", "host", "speaker", "screen", "captions", "studio"];
const STYLES = ["app", "viewer", "embed", "live", "studio"];
const STALE_AFTER_MS = 3_600_000;

/** Keeps the entry points that exist and says which ones do not, so that a part can be absent. */
function entryPoints(names, folder, extension) {
  const present = [];
  for (const name of names) {
    const file = path.join(root, folder, name + extension);
    if (existsSync(file)) present.push(file);
    else console.warn(`build: static/${folder}/${name}${extension} does not exist, left out`);
  }
  return present;
}

const common = {
  bundle: true,
  minify: !watching,
  sourcemap: watching,
  metafile: true,
  write: true,
  outdir: dist,
  logLevel: "warning",
  chunkNames: "chunk-[hash]",
  entryNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
};

const scriptOptions = () => ({
  ...common,
  entryPoints: entryPoints(SCRIPTS, "src", ".ts"),
  format: "esm",
  splitting: true,
  target: "es2021",
});

const styleOptions = () => ({
  ...common,
  entryPoints: entryPoints(STYLES, "css", ".css"),
  // With these targets esbuild writes out nesting and prefixes, and leaves logical properties alone.
  target: ["chrome108", "safari15.4", "firefox115"],
  loader: { ".woff2": "file" },
});

/** Plain name → hashed name of every entry point in an esbuild metafile. */
function named(metafile) {
  const found = {};
  for (const [file, output] of Object.entries(metafile.outputs)) {
    if (!output.entryPoint) continue;
    if (output.cssBundle) {
      throw new Error(`${output.entryPoint} imports CSS; put it into static/css/viewer.css instead`);
    }
    const plain = path.basename(output.entryPoint).replace(/\.ts$/, ".js");
    found[plain] = path.basename(file);
  }
  return found;
}

/** Fonts that a template may want to preload: plain name → hashed name. */
function fonts(metafile) {
  const found = {};
  for (const [file, output] of Object.entries(metafile.outputs)) {
    const source = Object.keys(output.inputs)[0] ?? "";
    if (source.endsWith(".woff2")) found[path.basename(source)] = path.basename(file);
  }
  return found;
}

async function emit(manifest, plain, text) {
  const { dir, name, ext } = path.parse(plain);
  const hashed = path.join(dir, `${name}-${contentHash(text)}${ext}`);
  await mkdir(path.join(dist, dir), { recursive: true });
  await writeFile(path.join(dist, hashed), text);
  manifest[plain] = hashed;
}

/** The pictures of static/img: "img/favicon.svg" → its hashed name. */
async function emitPictures(manifest) {
  const folder = path.join(root, "img");
  if (!existsSync(folder)) return;
  for (const name of await readdir(folder)) {
    await emit(manifest, `img/${name}`, await readFile(path.join(folder, name)));
  }
}

/** Files of an earlier build stay for an hour, because a page that is already open may still ask for them. */
async function removeStale(manifest, metafiles) {
  const keep = new Set(["manifest.json", ...Object.values(manifest)]);
  for (const metafile of metafiles) {
    for (const file of Object.keys(metafile.outputs)) keep.add(path.relative(dist, path.resolve(file)));
  }
  for (const entry of await readdir(dist, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    if (!entry.isFile() || keep.has(path.relative(dist, file).replace(/\.(br|gz)$/, ""))) continue;
    const { mtimeMs } = await stat(file);
    if (Date.now() - mtimeMs > STALE_AFTER_MS) await rm(file, { force: true });
  }
}

async function build() {
  const started = performance.now();
  await mkdir(dist, { recursive: true });
  const [scripts, styles] = await Promise.all([
    esbuild.build(scriptOptions()),
    esbuild.build(styleOptions()),
  ]);
  const manifest = {
    ...named(scripts.metafile),
    ...named(styles.metafile),
    ...fonts(styles.metafile),
  };
  const map = sweden();
  await emit(manifest, "icons.svg", sprite(path.join(root, "src/icons.json")));
  await emit(manifest, "sweden.json", `${JSON.stringify(map.data)}\n`);
  await emit(manifest, "sweden.svg", map.svg);
  await emitPictures(manifest);
  for (const [language, text] of Object.entries(await catalogues(path.join(repository, "translations")))) {
    await emit(manifest, `i18n/${language}.json`, text);
  }
  await removeStale(manifest, [scripts.metafile, styles.metafile]);
  if (!watching) await compressAll(dist);
  const sorted = Object.fromEntries(Object.entries(manifest).sort(([a], [b]) => a.localeCompare(b)));
  const temporary = path.join(dist, "manifest.json.tmp");
  await writeFile(temporary, `${JSON.stringify(sorted, null, 2)}\n`);
  await rename(temporary, path.join(dist, "manifest.json"));
  console.log(`build: ${Object.keys(sorted).length} files in ${Math.round(performance.now() - started)} ms`);
}

await build();
if (watching) {
  const { watch } = await import("node:fs");
  let timer;
  const again = () => {
    clearTimeout(timer);
    timer = setTimeout(() => build().catch((error) => console.error(error.message)), 120);
  };
  for (const folder of ["src", "css"]) watch(path.join(root, folder), { recursive: true }, again);
  console.log("build: watching static/src and static/css");
}
