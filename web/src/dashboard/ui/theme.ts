import { useSyncExternalStore } from "react";

export type Theme = "light" | "dark";

const KEY = "pulse:theme";
const dark = matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();
/** What the visitor chose; nothing where the system decides. */
let chosen = kept();

/** Shows the theme that was chosen at an earlier visit. */
export function applyTheme(): void {
  if (chosen) document.documentElement.dataset["theme"] = chosen;
  else delete document.documentElement.dataset["theme"];
}

/** The theme that is shown, and how to show the other one from now on. */
export function useTheme(): { theme: Theme; toggle(): void } {
  const theme = useSyncExternalStore(subscribe, shown);
  return { theme, toggle: () => choose(theme === "dark" ? "light" : "dark") };
}

function shown(): Theme {
  return chosen ?? (dark.matches ? "dark" : "light");
}

function choose(theme: Theme): void {
  // Who chooses what the system says follows the system again.
  chosen = theme === (dark.matches ? "dark" : "light") ? null : theme;
  try {
    if (chosen) localStorage.setItem(KEY, chosen);
    else localStorage.removeItem(KEY);
  } catch {
    // The browser refuses to store anything: the choice lasts as long as the page.
  }
  changed();
}

function changed(): void {
  applyTheme();
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  // Another window may choose, and the system may change.
  const stored = ({ key }: StorageEvent): void => {
    if (key !== KEY) return;
    chosen = kept();
    changed();
  };
  listeners.add(listener);
  dark.addEventListener("change", listener);
  addEventListener("storage", stored);
  return () => {
    listeners.delete(listener);
    dark.removeEventListener("change", listener);
    removeEventListener("storage", stored);
  };
}

function kept(): Theme | null {
  try {
    const theme = localStorage.getItem(KEY);
    return theme === "light" || theme === "dark" ? theme : null;
  } catch {
    return null;
  }
}
