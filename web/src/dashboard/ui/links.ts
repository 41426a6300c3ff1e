/** The address of a link that somebody else wrote, where it is safe to follow: http(s), or a path of this server. */
export function safeLink(text: string): string | null {
  if (/^\/(?![/\\])/.test(text)) return text;
  if (!URL.canParse(text)) return null;
  const { protocol, href } = new URL(text);
  return protocol === "http:" || protocol === "https:" ? href : null;
}
