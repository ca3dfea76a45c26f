/** The few cookies that a page itself keeps: language, zone, theme. All functional, none tells who a person is. */

const YEAR_S = 31_536_000;

/** The value of a cookie, or null. */
export function readCookie(name: string): string | null {
  for (const part of document.cookie.split("; ")) {
    const at = part.indexOf("=");
    if (part.slice(0, at) === name) return part.slice(at + 1) || null;
  }
  return null;
}

/** What may stand in a cookie as it is (RFC 6265); the server does not decode. */
const PLAIN = /^[\w!#$%&'()*+./:<=>?@[\]^`{|}~-]*$/;

/** Sets a cookie for the whole site; without `lasting` it goes when the browser closes. Null removes it. */
export function writeCookie(name: string, value: string | null, { lasting = true } = {}): void {
  if (value !== null && !PLAIN.test(value)) return;
  const age = value === null ? "; max-age=0" : lasting ? `; max-age=${YEAR_S}` : "";
  const secure = location.protocol === "https:" ? "; secure" : "";
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is not in every browser we serve
  document.cookie = `${name}=${value ?? ""}; path=/; samesite=lax${age}${secure}`;
}
