import { useEffect, useMemo, useOptimistic, useState, useTransition, type ReactElement } from "react";
import { Client, fetchExchange, gql, subscriptionExchange, useClient, useMutation, useQuery } from "urql";
import { isExpired } from "./resuming.js";
import { createSocket, type SocketOptions } from "./socket.js";

interface Activity {
  id: string;
  title: string;
  cursor: string;
}

/** What has arrived since a page. */
interface Live {
  after: string | undefined;
  items: Activity[];
}

const PAGE = gql<{ activities: { cursor: string; activities: Activity[] } }, object>`
  query Page { activities(limit: 20) { cursor activities { id title cursor } } }
`;
const CREATED = gql<{ activityCreated: Activity }, { after: string }>`
  subscription Created($after: String) { activityCreated(after: $after) { id title cursor } }
`;
const CREATE = gql<{ createActivity: Activity }, { title: string }>`
  mutation Create($title: String!) { createActivity(input: { type: LOGIN, title: $title }) { id title cursor } }
`;

/** A client for `<Provider value={...}>`. */
export function createUrqlClient(url: string, { getToken, webSocketImpl }: Omit<SocketOptions, "url">): Client {
  const socket = createSocket({ url: url.replace(/^http/, "ws"), getToken, webSocketImpl });
  return new Client({
    url,
    preferGetMethod: false,
    // Asked at every request, so a token that was renewed is used at once.
    fetch: async (input, init) => fetch(input, {
      ...init,
      headers: { ...(init?.headers as Record<string, string>), authorization: `Bearer ${await getToken()}` },
    }),
    exchanges: [
      subscriptionExchange({
        forwardSubscription: ({ query = "", variables }) => ({
          subscribe: (sink) => ({
            unsubscribe: socket.subscribe<Record<string, unknown>>({ query, variables: { ...variables } }, {
              ...sink,
              next: (result) => sink.next(result as Parameters<typeof sink.next>[0]),
            }),
          }),
        }),
      }),
      fetchExchange,
    ],
  });
}

/** The list: a page, what arrives after it, and what is being created. */
export function Activities(): ReactElement {
  const [{ data, error }, readPage] = useQuery({ query: PAGE, requestPolicy: "network-only" });
  const after = data?.activities.cursor;
  const [live, setLive] = useState<Live>({ after, items: [] });
  const client = useClient();
  useEffect(() => {
    if (after === undefined) return undefined;
    // The page's cursor: nothing is lost between the page and the subscription.
    return client.subscription(CREATED, { after }).subscribe(({ data: arrived, error: refused }) => {
      // The database was replaced: a fresh page, and on from its cursor.
      if (isExpired(refused?.graphQLErrors)) readPage({ requestPolicy: "network-only" });
      // A result with an error repeats the data before it.
      if (refused || !arrived) return;
      setLive((before) => ({
        after, items: [arrived.activityCreated, ...(before.after === after ? before.items : [])],
      }));
    }).unsubscribe;
  }, [client, after, readPage]);

  const items = useMemo(() => {
    const arrived = live.after === after ? live.items : [];
    const known = new Set(arrived.map(({ id }) => id));
    return [...arrived, ...(data?.activities.activities ?? []).filter(({ id }) => !known.has(id))];
  }, [live, after, data]);
  const [shown, addDraft] = useOptimistic(items, (before, draft: Activity) => [draft, ...before]);

  const [, create] = useMutation(CREATE);
  const [failure, setFailure] = useState("");
  const [, startCreating] = useTransition();
  const onCreate = (title: string) => startCreating(async () => {
    // Gone when the mutation is answered: by then the event has brought the item, or the error says why not.
    addDraft({ id: "draft", title: `${title} (saving)`, cursor: "" });
    const answer = await create({ title });
    setFailure(answer.error?.graphQLErrors[0]?.message ?? answer.error?.message ?? "");
  });

  if (error) return <p role="alert">{error.message}</p>;
  return (
    <section>
      <button onClick={() => onCreate("A new login")}>Create</button>
      <button onClick={() => onCreate("")}>Create without a title</button>
      <p role="alert">{failure}</p>
      <ul>{shown.map(({ id, title }) => <li key={id}>{title}</li>)}</ul>
    </section>
  );
}
