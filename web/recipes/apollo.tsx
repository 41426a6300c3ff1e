import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql, type TypedDocumentNode } from "@apollo/client";
import { SetContextLink } from "@apollo/client/link/context";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { useMutation, useQuery } from "@apollo/client/react";
import { OperationTypeNode } from "graphql";
import { useEffect, type ReactElement } from "react";
import { isExpired } from "./resuming.js";
import { createSocket, type SocketOptions } from "./socket.js";

interface Activity {
  __typename: "Activity";
  id: string;
  title: string;
  cursor: string;
}
interface Page {
  activities: { __typename: "ActivityPage"; cursor: string; activities: Activity[] };
}

const PAGE: TypedDocumentNode<Page, object> = gql`
  query Page { activities(limit: 20) { cursor activities { id title cursor } } }
`;
const CREATED: TypedDocumentNode<{ activityCreated: Activity }, { after: string }> = gql`
  subscription Created($after: String) { activityCreated(after: $after) { id title cursor } }
`;
const CREATE: TypedDocumentNode<{ createActivity: Activity }, { title: string }> = gql`
  mutation Create($title: String!) { createActivity(input: { type: LOGIN, title: $title }) { id title cursor } }
`;

/** A client for `<ApolloProvider client={...}>`: HTTP for what is asked once, a socket for what lives. */
export function createApolloClient(url: string, { getToken, webSocketImpl }: Omit<SocketOptions, "url">): ApolloClient {
  const authorize = new SetContextLink(async ({ headers }) => ({
    headers: { ...(headers as object), authorization: `Bearer ${await getToken()}` },
  }));
  const socket = createSocket({ url: url.replace(/^http/, "ws"), getToken, webSocketImpl });
  return new ApolloClient({
    link: ApolloLink.split(
      ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
      new GraphQLWsLink(socket),
      authorize.concat(new HttpLink({ uri: url })),
    ),
    cache: new InMemoryCache(),
  });
}

/** The page with one more activity, unless it has it: an item that was created here comes by its event too. */
function withActivity(page: Page, activity: Activity): Page {
  if (page.activities.activities.some(({ id }) => id === activity.id)) return page;
  return { activities: { ...page.activities, activities: [activity, ...page.activities.activities] } };
}

/** The list: a page, what arrives after it, and what is being created. */
export function Activities(): ReactElement {
  const { data, error, refetch, subscribeToMore } = useQuery(PAGE);
  const after = data?.activities.cursor;
  useEffect(() => {
    if (after === undefined) return undefined;
    return subscribeToMore({
      document: CREATED,
      // The page's cursor: nothing is lost between the page and the subscription.
      variables: { after },
      updateQuery: (page, { subscriptionData }) =>
        withActivity(page as Page, (subscriptionData.data as { activityCreated: Activity }).activityCreated),
      onError: (problem) => {
        // The database was replaced: a fresh page, and on from its cursor.
        if (isExpired(problem)) void refetch();
      },
    });
  }, [after, refetch, subscribeToMore]);

  const [create, { error: refused }] = useMutation(CREATE, {
    optimisticResponse: ({ title }) => ({
      createActivity: { __typename: "Activity" as const, id: "draft", title: `${title} (saving)`, cursor: "" },
    }),
    update(cache, { data: answer }) {
      const created = answer?.createActivity;
      if (created) cache.updateQuery({ query: PAGE }, (page) => (page ? withActivity(page, created) : undefined));
    },
  });
  const onCreate = (title: string) => void create({ variables: { title } }).catch(() => undefined);

  if (error) return <p role="alert">{error.message}</p>;
  return (
    <section>
      <button onClick={() => onCreate("A new login")}>Create</button>
      <button onClick={() => onCreate("")}>Create without a title</button>
      <p role="alert">{refused?.message}</p>
      <ul>{data?.activities.activities.map(({ id, title }) => <li key={id}>{title}</li>)}</ul>
    </section>
  );
}
