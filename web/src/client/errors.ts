import type { CombinedError } from "@urql/core";

/**
 * What went wrong. The first line are the server's codes (docs of the API); of the client's own:
 * NETWORK (the server was not reached or did not answer in time), ABORTED (the client was disposed of).
 */
export type PulseErrorCode =
  | "BAD_USER_INPUT" | "UNAUTHENTICATED" | "FORBIDDEN" | "NOT_FOUND" | "METHOD_NOT_ALLOWED" | "CONFLICT"
  | "REQUEST_TIMEOUT" | "NOT_IMPLEMENTED" | "PERSISTED_QUERY_NOT_SUPPORTED"
  | "PAYLOAD_TOO_LARGE" | "UNSUPPORTED_MEDIA_TYPE" | "RATE_LIMITED" | "INTERNAL" | "UNAVAILABLE" | "CURSOR_EXPIRED"
  | "GRAPHQL_PARSE_FAILED" | "GRAPHQL_VALIDATION_FAILED"
  | "NETWORK" | "ABORTED";

/** Every error that the library throws, rejects with or shows. */
export class PulseError extends Error {
  override readonly name = "PulseError";
  /** Stable: to decide by. */
  readonly code: PulseErrorCode;
  /** The input that is at fault, where it is one. */
  readonly field: string | undefined;

  constructor(code: PulseErrorCode, message: string, options: { field?: string | undefined; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.field = options.field;
  }

  /** Whether the same call may succeed later without anybody changing anything. */
  get retryable(): boolean {
    return ["NETWORK", "UNAVAILABLE", "RATE_LIMITED", "INTERNAL"].includes(this.code);
  }
}

/** An error as GraphQL sends it. */
export interface GraphQLErrorLike {
  readonly message: string;
  readonly extensions?: { readonly [key: string]: unknown } | undefined;
}

/** The first of the errors of a GraphQL answer. */
export function fromGraphQLErrors(errors: readonly GraphQLErrorLike[]): PulseError {
  const [first] = errors;
  if (!first) return new PulseError("INTERNAL", "the server answered with an empty list of errors");
  const { code, field } = first.extensions ?? {};
  return new PulseError(
    typeof code === "string" ? (code as PulseErrorCode) : "INTERNAL",
    first.message,
    { field: typeof field === "string" ? field : undefined, cause: first },
  );
}

/** The error of a query or mutation. */
export function fromCombinedError(error: CombinedError): PulseError {
  if (error.graphQLErrors.length > 0) return fromGraphQLErrors(error.graphQLErrors);
  if (error.networkError instanceof PulseError) return error.networkError;
  return new PulseError("NETWORK", error.networkError?.message ?? error.message, { cause: error });
}

/** Whatever was thrown, as a PulseError. */
export function toPulseError(thrown: unknown): PulseError {
  if (thrown instanceof PulseError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new PulseError("NETWORK", message, { cause: thrown });
}
