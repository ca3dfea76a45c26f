/** Knowing a file that is chosen again: by name, size and the digest of its first piece. */
import type { UploadState } from "./api";
import { digestOf } from "./digest";
import type { Bytes } from "./transfer";

/** The unfinished upload of this very file, or null. */
export async function uploadOf(
  file: Bytes & { name: string },
  unfinished: Iterable<UploadState>,
): Promise<UploadState | null> {
  for (const upload of unfinished) {
    if (upload.size !== file.size || plain(upload.name) !== plain(file.name)) continue;
    if (upload.received.length === 0) return upload;
    // pieces go in order, so without the first one it was not this page that sent the others
    if (!upload.received.includes(0)) continue;
    const first = await file
      .slice(0, Math.min(upload.chunk_bytes, file.size))
      .arrayBuffer()
      .catch(() => null);
    if (!first) return null;
    const digest = await digestOf(first);
    if (digest === upload.first_digest) return upload;
    // Without digests the first piece is sent again: the server refuses another file's.
    if (digest === null) return { ...upload, received: upload.received.filter((number) => number !== 0) };
  }
  return null;
}

/** As the server keeps names: composed, white space of one kind. */
function plain(name: string): string {
  return name.normalize("NFC").split(/\s+/).filter(Boolean).join(" ").slice(0, 200).trim();
}
