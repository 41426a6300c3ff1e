import { defineConfig } from "vite";

// Each page is an HTML file in this folder; the server embeds dist/ and serves dist/assets/ at /assets/.
export default defineConfig({
  base: "/",
  resolve: {
    alias: {
      // GraphiQL asks for Prettier's parsers by their old names, which lead to a second, CommonJS copy of each.
      "prettier/parser-babel": "prettier/plugins/babel",
      "prettier/parser-graphql": "prettier/plugins/graphql",
    },
  },
  worker: { format: "es" },
  build: {
    // Icons and fonts as files of their own: they are cached, and need no data: URL.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // Monaco, the editor behind GraphiQL, is one lazy chunk of about 3 MB before compression.
    chunkSizeWarningLimit: 3000,
    rolldownOptions: {
      // The list is explicit, so that a page that is added is a change of this file: build.rs looks at it.
      input: ["index.html", "graphiql.html", "apidocs.html"],
      // Hundreds of files of the libraries begin with "use client", which says nothing to a page like these.
      checks: { moduleLevelDirective: false },
    },
  },
});
