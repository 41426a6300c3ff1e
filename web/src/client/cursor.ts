import { fromBase64Url } from "./base64url.js";

/**
 * Whether `cursor` stands before `other` in a user's history. To users of the library cursors are opaque; the server
 * writes 16 bytes as base64url: the mark of the database, then the position, each with its highest byte first. Those of
 * two databases, or what is no cursor, cannot be compared: `cursor` is before then, as what is there is before what comes.
 */
export function isBefore(cursor: string, other: string): boolean {
  const [one, two] = [bytes(cursor), bytes(other)];
  return one.length !== two.length || one.slice(0, 8) !== two.slice(0, 8) || one < two;
}

/** Strings of a character a byte compare as the bytes do. */
function bytes(cursor: string): string {
  try {
    return fromBase64Url(cursor);
  } catch {
    return "";
  }
}
