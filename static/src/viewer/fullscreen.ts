/** Full screen by CSS, as iPhones let only videos use the real one: an element over the page, the rest inert. */

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
