/** What base64url stands for: a character a byte. Throws where it is none. */
export function fromBase64Url(text: string): string {
  return atob(text.replaceAll("-", "+").replaceAll("_", "/"));
}
