/** Full screen: the browser's own where there is one, else by CSS, as iPhones let only videos use it. */

/** Lays `element` over the whole page and makes all that it covers inert. The answer takes it back. */
export function coverPage(element: HTMLElement): () => void {
  const covered: HTMLElement[] = [];
  for (
    let node: HTMLElement = element;
    node.parentElement && node !== document.body;
    node = node.parentElement
  ) {
    for (const sibling of node.parentElement.children) {
      if (sibling === node || !(sibling instanceof HTMLElement) || sibling.inert) continue;
      sibling.inert = true;
      covered.push(sibling);
    }
  }
  element.classList.add("is-full");
  document.documentElement.classList.add("has-full");
  return () => {
    for (const each of covered) each.inert = false;
    element.classList.remove("is-full");
    document.documentElement.classList.remove("has-full");
  };
}

/**
 * Shows `element` alone on the screen, or in the window where no more is possible. The answer takes it back;
 * `left` is called when the person left by the browser's own means.
 */
export function fillScreen(element: HTMLElement, left: () => void): () => void {
  const uncover = coverPage(element);
  const changed = () => {
    if (document.fullscreenElement === null) left();
  };
  if (document.fullscreenEnabled) {
    element
      .requestFullscreen()
      .then(() => document.addEventListener("fullscreenchange", changed))
      // The page is covered already, which is nearly as good.
      .catch(() => undefined);
  }
  return () => {
    document.removeEventListener("fullscreenchange", changed);
    uncover();
    if (document.fullscreenElement === element) void document.exitFullscreen().catch(() => undefined);
  };
}
