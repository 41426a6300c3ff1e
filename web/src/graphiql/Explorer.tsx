import "./workers";
import "@graphiql/react/style.css";
import "@graphiql/plugin-doc-explorer/style.css";
import "@graphiql/plugin-history/style.css";
import "graphiql/graphiql.css";
import "./explorer.css";

import { DOC_EXPLORER_PLUGIN, DocExplorerStore } from "@graphiql/plugin-doc-explorer";
import { HISTORY_PLUGIN, HistoryStore } from "@graphiql/plugin-history";
import { GraphiQLProvider } from "@graphiql/react";
import { GraphiQL, GraphiQLInterface } from "graphiql";
import { useState } from "react";
import { isDevelopment } from "../pages/development";
import { RunAs } from "../pages/RunAs";
import { TopBar } from "../pages/TopBar";
import { Authorization } from "./Authorization";
import examples from "./examples.graphql?raw";
import { createFetcher } from "./fetcher";
import { SystemTheme } from "./SystemTheme";
import { THEMES } from "./themes";

const PLACEHOLDER = '{\n  "Authorization": "Bearer <token>"\n}';

/** GraphiQL on this server's API. Headers are never stored: a token is gone with the page. */
export function Explorer() {
  const [authorization, setAuthorization] = useState<string>();
  const [refused, setRefused] = useState<string>();
  // Another fetcher would make GraphiQL ask for the schema again.
  const [fetcher] = useState(() => createFetcher(setRefused));
  // In production nobody may ask for the schema without a token: until there is one, the page does not.
  const schema = isDevelopment || authorization !== undefined ? undefined : null;
  return (
    <GraphiQLProvider
      fetcher={fetcher}
      defaultQuery={examples}
      plugins={PLUGINS}
      referencePlugin={DOC_EXPLORER_PLUGIN}
      editorTheme={THEMES}
      shouldPersistHeaders={false}
      {...(isDevelopment ? {} : { initialHeaders: PLACEHOLDER })}
      {...(schema === null ? { schema } : {})}
    >
      <HistoryStore>
        <DocExplorerStore>
          <TopBar current="/graphiql">
            <RunAs onChange={setAuthorization} refused={refused} />
          </TopBar>
          <Authorization value={authorization} />
          <SystemTheme />
          <main className="explorer">
            <h1 className="visually-hidden">GraphiQL</h1>
            <GraphiQLInterface defaultEditorToolsVisibility="headers" showPersistHeadersSettings={false}>
              {/* The bar has the name. */}
              <GraphiQL.Logo>{""}</GraphiQL.Logo>
            </GraphiQLInterface>
          </main>
        </DocExplorerStore>
      </HistoryStore>
    </GraphiQLProvider>
  );
}

const PLUGINS = [DOC_EXPLORER_PLUGIN, HISTORY_PLUGIN];
