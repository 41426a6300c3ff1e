/** What a token says of its bearer. The server alone decides whether it is true. */
export interface Claims {
  readonly user: string;
  readonly role: Role;
  /** In milliseconds as of `Date.now()`; nothing where the token does not end. */
  readonly expires: number | null;
}

export type Role = "user" | "service" | "admin";

const USER_CLAIMS = ["sub", "userId", "id", "_id"];

/** The claims of a JWT; nothing where the text is none, or names no user. */
export function readClaims(token: string): Claims | null {
  const payload = payloadOf(token);
  if (!payload) return null;
  const user = USER_CLAIMS.map((name) => payload[name]).find((value) => typeof value === "string" && value !== "");
  if (typeof user !== "string") return null;
  const { role, exp } = payload;
  return {
    user,
    role: role === "service" || role === "admin" ? role : "user",
    expires: typeof exp === "number" && Number.isFinite(exp) ? exp * 1000 : null,
  };
}

function payloadOf(token: string): Record<string, unknown> | null {
  const [, payload] = token.split(".");
  if (!payload) return null;
  try {
    const binary = atob(payload.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
    const claims: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof claims === "object" && claims !== null ? (claims as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
