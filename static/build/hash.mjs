import { createHash } from "node:crypto";

/** Eight characters of the SHA-256 of a text, for a file name that changes with the content. */
export function contentHash(text) {
  return createHash("sha256")
    .update(text)
    .digest("base64url")
    .replace(/[-_]/g, "0")
    .slice(0, 8)
    .toUpperCase();
}
