/** What a page knows of the server that served it, and what a development server gives it. */

/** Whether the server is a development server: the server itself writes the word into each page. */
export const isDevelopment: boolean =
  document.querySelector<HTMLMetaElement>('meta[name="pulse-mode"]')?.content === "development";

/** A token that a development server signed. */
export interface DevelopmentToken {
  token: string;
  /** RFC 3339. */
  expiresAt: string;
  user: string;
}

/** The server answered, and its answer is no: asking again does not help. The message is its own. */
export class Refused extends Error {}

/** How long a token lasts, and what its bearer may do; `user` if nothing is said. */
export interface TokenOptions {
  expires?: string;
  role?: "user" | "service" | "admin";
}

/**
 * A token of `user`, who may be anybody. Only a development server gives one; on any other do not ask.
 *
 * @throws with one sentence for people where the server refuses (`Refused`) or cannot be reached.
 */
export function fetchToken(user: string, { expires = "7d", role = "user" }: TokenOptions = {}): Promise<DevelopmentToken> {
  return ask<DevelopmentToken>("/dev/token", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ user, expires, role }),
  });
}

/** Up to 20 users who have something to show; the first ones lead the leaderboard. Only from a development server. */
export async function fetchUsers(): Promise<string[]> {
  return (await ask<{ users: string[] }>("/dev/users")).users;
}

async function ask<T>(path: string, init?: RequestInit): Promise<T> {
  const response = await fetch(path, init).catch(() => {
    throw new Error("The server cannot be reached.");
  });
  const body: unknown = await response.json().catch(() => undefined);
  if (response.ok && body !== undefined) return body as T;
  const said = (body as { error?: unknown } | undefined)?.error;
  const message = typeof said === "string" ? said : `${path} answered ${response.status}.`;
  throw response.status >= 400 && response.status < 500 && response.status !== 429 ? new Refused(message) : new Error(message);
}
