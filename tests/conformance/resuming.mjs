// How a client of graphql-ws or graphql-sse resumes: both send the same object again when they reconnect, so it is
// enough to keep the last cursor in its variables.

/** The cursor of the item that a result holds. */
export function cursorOf(result) {
  return Object.values(result.data ?? {}).find((item) => item?.cursor)?.cursor;
}

/** `client` with subscriptions that go on after the last item they received, however often the connection breaks. */
export function resuming(client) {
  return {
    ...client,
    subscribe(request, sink) {
      const current = { ...request, variables: { ...request.variables } };
      return client.subscribe(current, {
        next(result) {
          const cursor = cursorOf(result);
          if (cursor) current.variables.after = cursor;
          sink.next(result);
        },
        error: (error) => sink.error(error),
        complete: () => sink.complete(),
      });
    },
  };
}
