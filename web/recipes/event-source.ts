/**
 * A browser's own EventSource: it reconnects and resumes by itself, because the id of each event is its cursor. It
 * cannot send a header, so it is for a server in development, or behind a proxy of yours that adds the token.
 */
export function followActivities(
  url: string,
  after: string,
  show: (activity: { id: string; title: string }) => void,
  EventSourceImpl: typeof EventSource = EventSource,
): () => void {
  const query = `subscription ($userId: ID, $after: String) {
    activityCreated(userId: $userId, after: $after) { id title }
  }`;
  const address = new URL(url);
  address.searchParams.set("query", query);
  address.searchParams.set("variables", JSON.stringify({ userId: "ada", after }));
  const events = new EventSourceImpl(address);
  events.addEventListener("next", (event) => show(JSON.parse(event.data).data.activityCreated));
  // The server says that there is no more, because it refused: an EventSource would ask again without an end.
  events.addEventListener("complete", () => events.close());
  return () => events.close();
}
