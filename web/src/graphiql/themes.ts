import type * as Monaco from "monaco-graphql/esm/monaco-editor.js";

type Colours = Monaco.editor.IStandaloneThemeData["colors"];

/** The editors' themes by the scheme that they are for. */
export const THEMES = { dark: "pulse-dark", light: "pulse-light" };

/** Defines them: Monaco's own on GraphiQL's backgrounds, with comments and arguments that keep enough contrast there. */
export function defineThemes({ editor }: typeof Monaco): void {
  editor.defineTheme(THEMES.dark, {
    base: "vs-dark",
    inherit: true,
    colors: colours("#212a3b", "#ff8bd0", "#ff8bd026", "#a9b5cc"),
    rules: [
      { token: "comment", foreground: "#94bb7c" },
      { token: "argument.identifier.gql", foreground: "#aba6ff" },
    ],
  });
  editor.defineTheme(THEMES.light, {
    base: "vs",
    inherit: true,
    colors: colours("#ffffff", "#b3047a", "#b3047a1a", "#4a5873"),
    rules: [
      { token: "comment", foreground: "#2c6e2f" },
      { token: "argument.identifier.gql", foreground: "#5652c4" },
    ],
  });
}

function colours(paper: string, accent: string, chosen: string, faint: string): Colours {
  const clear = "#ffffff00";
  return {
    "editor.background": clear,
    "scrollbar.shadow": clear,
    "editorLineNumber.foreground": faint,
    "editorWidget.background": paper,
    "editorHoverWidget.background": paper,
    "editorSuggestWidget.background": paper,
    "menu.background": paper,
    "quickInput.background": paper,
    "editorSuggestWidget.selectedBackground": chosen,
    "list.hoverBackground": chosen,
    "menu.selectionBackground": chosen,
    "quickInputList.focusBackground": chosen,
    "editorSuggestWidget.selectedForeground": accent,
    "list.highlightForeground": accent,
    "list.focusHighlightForeground": accent,
    "textLink.foreground": accent,
    "textLink.activeForeground": accent,
    focusBorder: accent,
  };
}
