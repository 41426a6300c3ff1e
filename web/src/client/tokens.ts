import { fromBase64Url } from "./base64url.js";
import { PulseError } from "./errors.js";
import { TIMING } from "./timing.js";

/**
 * Why a token is asked for: a connection is being opened, the one in use ends soon, or it was refused.
 */
export type TokenReason = "connect" | "refresh" | "rejected";

/** Gives the token of the user, with or without "Bearer "; nothing where calls go without one. */
export type GetToken = (reason: TokenReason) => string | null | undefined | Promise<string | null | undefined>;

interface Held {
  readonly token: string | null;
  /** When it ends, by this machine's clock; nothing where the token does not say. */
  readonly expires: number | null;
  /** From when on a new one is asked for. */
  readonly renewAt: number;
}

/** Asks for tokens, one question at a time, and keeps the last one while it holds. */
export class Tokens {
  readonly #getToken: GetToken | undefined;
  #held: Held | null = null;
  #rejected = false;
  #asking: Promise<Held> | null = null;

  constructor(getToken: GetToken | undefined) {
    this.#getToken = getToken;
  }

  /** The token in use; a new one where there is none or it ends soon. */
  async current(): Promise<string | null> {
    const held = this.#held;
    if (held && Date.now() < held.renewAt) return held.token;
    return (await this.#ask(this.#rejected ? "rejected" : held ? "refresh" : "connect")).token;
  }

  /** A newly asked token. */
  async fresh(reason: TokenReason): Promise<Held> {
    return this.#ask(this.#rejected ? "rejected" : reason);
  }

  /** The server refused this token: it is not used again. */
  reject(token: string | null): void {
    if (this.#held?.token !== token) return;
    this.#held = null;
    this.#rejected = true;
  }

  #ask(reason: TokenReason): Promise<Held> {
    this.#asking ??= this.#answer(reason).finally(() => {
      this.#asking = null;
    });
    return this.#asking;
  }

  async #answer(reason: TokenReason): Promise<Held> {
    if (!this.#getToken) {
      this.#held = { token: null, expires: null, renewAt: Number.POSITIVE_INFINITY };
      return this.#held;
    }
    const given = await inTime(Promise.resolve(reason).then(this.#getToken));
    const token = given ? given.replace(/^Bearer\s+/i, "") : null;
    const expires = token === null ? null : expiryOf(token);
    this.#held = { token, expires, renewAt: renewalOf(expires) };
    this.#rejected = false;
    return this.#held;
  }
}

/** When a token that ends at `expires` is to be renewed. */
export function renewalOf(expires: number | null, now = Date.now()): number {
  if (expires === null) return Number.POSITIVE_INFINITY;
  return Math.max(expires - TIMING.tokenMargin, now + (expires - now) * 0.8);
}

/** The end of a JWT in milliseconds; nothing for anything else. */
export function expiryOf(token: string): number | null {
  const [, payload] = token.split(".");
  if (!payload) return null;
  try {
    const claims: unknown = JSON.parse(fromBase64Url(payload));
    if (typeof claims !== "object" || claims === null || !("exp" in claims)) return null;
    return typeof claims.exp === "number" && Number.isFinite(claims.exp) ? claims.exp * 1000 : null;
  } catch {
    return null;
  }
}

async function inTime<T>(answer: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new PulseError("UNAUTHENTICATED", `getToken did not answer within ${TIMING.token / 1000} s`));
    }, TIMING.token);
  });
  try {
    return await Promise.race([answer, late]);
  } catch (thrown) {
    if (thrown instanceof PulseError) throw thrown;
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    throw new PulseError("UNAUTHENTICATED", `getToken failed: ${message}`, { cause: thrown });
  } finally {
    clearTimeout(timer);
  }
}
