/** What the clients of graphql-ws and graphql-sse have in common. */
interface Subscriber {
  subscribe(request: { query: string; variables?: Record<string, unknown> | null }, sink: Sink): () => void;
}

interface Sink {
  next(result: { data?: Record<string, unknown> | null }): void;
  error(error: unknown): void;
  complete(): void;
}

/**
 * The same client, with subscriptions that go on after the last item they received. Both libraries send the request
 * object again when they reconnect, so it is enough to keep the last cursor in its variables. The document takes
 * `$after` and selects `cursor`.
 */
export function resuming<Client extends Subscriber>(client: Client): Client {
  return {
    ...client,
    subscribe(request, sink) {
      const current = { ...request, variables: { ...request.variables } };
      return client.subscribe(current, {
        next(result) {
          const [item] = Object.values(result.data ?? {}) as ({ cursor?: string } | undefined)[];
          if (item?.cursor) current.variables["after"] = item.cursor;
          sink.next(result);
        },
        error: (error) => sink.error(error),
        complete: () => sink.complete(),
      });
    },
  } as Client;
}

/** Whether a subscription was refused because its cursor is of another database: then read a fresh page. */
export function isExpired(error: unknown): boolean {
  const errors = Array.isArray(error) ? error : ((error as { errors?: unknown[] } | null)?.errors ?? [error]);
  return (errors as ({ extensions?: { code?: string } } | null)[]).some(
    (one) => one?.extensions?.code === "CURSOR_EXPIRED",
  );
}
