/** Compresses what was built, once and as well as can be, so that no request has to. */
import { readdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

const TEXTS = new Set([".css", ".js", ".json", ".svg"]);
/** Below this a packet holds it anyway. */
const LEAST_BYTES = 600;

const KINDS = {
  ".br": (data) =>
    promisify(brotliCompress)(data, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
        [constants.BROTLI_PARAM_SIZE_HINT]: data.length,
      },
    }),
  ".gz": (data) => promisify(gzip)(data, { level: constants.Z_BEST_COMPRESSION }),
};

/** Makes the .br and .gz of every text in a folder. Names carry hashes of contents, so what is there stays. */
export async function compressAll(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const names = new Set(entries.map((entry) => path.join(entry.parentPath, entry.name)));
  const texts = [...names].filter(
    (file) => TEXTS.has(path.extname(file)) && path.basename(file) !== "manifest.json",
  );
  await Promise.all(texts.map((file) => compress(file, names)));
}

async function compress(file, names) {
  const missing = Object.keys(KINDS).filter((ending) => !names.has(file + ending));
  if (missing.length === 0 || (await stat(file)).size < LEAST_BYTES) return;
  const data = await readFile(file);
  for (const ending of missing) {
    const packed = await KINDS[ending](data);
    // Another build may run beside this one: nobody must see half a file.
    const temporary = `${file}.${process.pid}${ending}.tmp`;
    await writeFile(temporary, packed);
    await rename(temporary, file + ending);
  }
}
