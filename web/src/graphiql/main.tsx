import { createRoot } from "react-dom/client";

const container = document.getElementById("graphiql");
if (!container) throw new Error("graphiql.html has no #graphiql");

// Both are large, so they load side by side while the page already says that they do. GraphiQL would ask for the
// editor by itself, but later, and wait for ever where it does not come.
Promise.all([import("./Explorer"), import("monaco-graphql/esm/monaco-editor.js")]).then(
  ([{ Explorer }]) => createRoot(container).render(<Explorer />),
  (error: unknown) => {
    console.error(error);
    const notice = document.createElement("p");
    notice.className = "notice";
    notice.setAttribute("role", "alert");
    notice.textContent = "GraphiQL could not be loaded. Reload the page to try again.";
    container.replaceChildren(notice);
  },
);
