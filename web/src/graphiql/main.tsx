import { load } from "../pages/load";
import { defineThemes } from "./themes";

// Both are large, so they load side by side while the page already says that they do. GraphiQL would ask for the
// editor by itself, but later, and wait for ever where it does not come.
const parts = Promise.all([import("./Explorer"), import("monaco-graphql/esm/monaco-editor.js")]);
load(
  "graphiql",
  "GraphiQL",
  parts.then(([{ Explorer }, monaco]) => {
    defineThemes(monaco);
    return <Explorer />;
  }),
);
