import { fetchToken, Refused } from "../../pages/development";
import { type Claims, type Role, readClaims } from "./claims";

/** Who is signed in, in this window. */
export interface Session extends Claims {
  /** Tells two sign-ins apart, also of the same user. */
  readonly key: string;
  readonly token: string;
  /** Whether a development server signed the token: it signs the next one, too. */
  readonly development: boolean;
}

const KEY = "pulse:session";

/** A session by a token that somebody has; nothing where the text is no token. */
export function sessionOf(token: string, development = false): Session | null {
  const claims = readClaims(token);
  return claims && { ...claims, token, development, key: crypto.randomUUID?.() ?? String(Math.random()) };
}

/** Signs in as anybody. Only a development server does this. Throws a sentence for people where it does not. */
export async function developmentSession(user: string, role: Role): Promise<Session> {
  const { token } = await fetchToken(user, { role });
  const session = sessionOf(token, true);
  if (!session) throw new Error("The server gave a token that names no user.");
  return session;
}

/** Asks the server whether it takes the token. Throws what it says against it, for people. */
export async function checkToken(token: string): Promise<void> {
  const response = await fetch("/graphql", {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: JSON.stringify({ query: "{ activeUsers }" }),
  }).catch(() => {
    throw new Error("The server cannot be reached.");
  });
  if (response.ok) return;
  const body: unknown = await response.json().catch(() => null);
  const said = (body as { errors?: { message?: unknown }[] } | null)?.errors?.[0]?.message;
  throw new Error(typeof said === "string" ? said : `The server answered ${response.status}.`);
}

/**
 * The token for the next connection. `end` is called, with a sentence for people, where there will be none: the
 * session is over.
 */
export async function nextToken(
  session: Session,
  reason: "connect" | "refresh" | "rejected",
  end: (why: string) => void,
): Promise<string> {
  // What is kept may be newer, or of somebody who has signed in since.
  const kept = loadSession();
  const inUse = kept?.key === session.key ? kept : session;
  // The token in use is good for a new connection: it is the server that says when it is not.
  if (reason === "connect") return inUse.token;
  if (session.development) {
    try {
      const fresh = await developmentSession(session.user, session.role);
      saveSession({ ...fresh, key: session.key });
      return fresh.token;
    } catch (thrown) {
      // Where the server is not reached, it is asked again later.
      if (thrown instanceof Refused) end(`The server gives no new token: ${thrown.message}`);
      throw thrown;
    }
  }
  if (reason === "refresh") return inUse.token;
  const over = session.expires !== null && session.expires <= Date.now();
  const why = over ? "Your token has expired. Sign in with a new one." : "The server does not take your token any more.";
  end(why);
  throw new Error(why);
}

// A window has a session of its own: several users at once are several windows. Where the browser refuses to store
// anything it lasts as long as the page.

export function loadSession(): Session | null {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
    if (typeof kept !== "object" || kept === null || !("token" in kept) || typeof kept.token !== "string") return null;
    const claims = readClaims(kept.token);
    const key = "key" in kept && typeof kept.key === "string" ? kept.key : "kept";
    return claims && { ...claims, key, token: kept.token, development: "development" in kept && kept.development === true };
  } catch {
    return null;
  }
}

export function saveSession(session: Session): void {
  try {
    const { key, token, development } = session;
    sessionStorage.setItem(KEY, JSON.stringify({ key, token, development }));
  } catch {
    /* as said above */
  }
}

export function forgetSession(): void {
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    /* as said above */
  }
}
