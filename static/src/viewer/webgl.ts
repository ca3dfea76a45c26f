/** True when this browser can draw the panorama. Asked before the viewer's code is fetched. */
export function canDrawPanoramas(): boolean {
  try {
    const context = document.createElement("canvas").getContext("webgl2");
    if (!context) return false;
    // Browsers keep only a few contexts: give this one back.
    context.getExtension("WEBGL_lose_context")?.loseContext();
    return true;
  } catch {
    return false;
  }
}
