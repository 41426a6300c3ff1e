import { useGraphiQL } from "@graphiql/react";
import { useEffect, useRef } from "react";

/**
 * Writes the chosen `Authorization` into the headers editor: when it changes, and into each tab that is opened or shown
 * with none of its own. A header that the person wrote stays until they choose again.
 */
export function Authorization({ value }: { value: string | undefined }) {
  const editor = useGraphiQL((state) => state.headerEditor);
  const tab = useGraphiQL((state) => state.tabs[state.activeTabIndex]?.id);
  const given = useRef(new Set<string>());
  const last = useRef<string | undefined>(undefined);

  useEffect(() => {
    if (!editor) return;
    const changed = last.current !== value;
    last.current = value;
    const headers = parse(editor.getValue());
    const name = Object.keys(headers).find((key) => key.toLowerCase() === "authorization") ?? "Authorization";
    const there = headers[name];
    const ours = there === undefined || given.current.has(String(there));
    if (!changed && !ours) return;
    // Before anything is chosen the editor shows how a token is written.
    if (!changed && value === undefined) return;
    if (value === undefined) {
      delete headers[name];
    } else {
      given.current.add(value);
      headers[name] = value;
    }
    const text = Object.keys(headers).length === 0 ? "" : JSON.stringify(headers, null, 2);
    if (text !== editor.getValue()) editor.setValue(text);
  }, [editor, tab, value]);

  return null;
}

/** The headers of the editor; what is not an object of them is written anew. */
function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
  } catch {
    return {};
  }
}
