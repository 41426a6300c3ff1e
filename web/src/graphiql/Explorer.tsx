import "./workers";
import "@graphiql/react/style.css";
import "@graphiql/plugin-doc-explorer/style.css";
import "@graphiql/plugin-history/style.css";
import "graphiql/graphiql.css";
import "./explorer.css";

import { GraphiQL } from "graphiql";
import examples from "./examples.graphql?raw";
import { fetcher } from "./fetcher";

/** GraphiQL on this server's API. Headers are never stored: a token is gone with the page. */
export function Explorer() {
  return (
    <GraphiQL
      fetcher={fetcher}
      defaultQuery={examples}
      defaultEditorToolsVisibility="headers"
      shouldPersistHeaders={false}
    >
      <GraphiQL.Logo>Pulse</GraphiQL.Logo>
    </GraphiQL>
  );
}
