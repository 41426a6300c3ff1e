import type { ReactNode } from "react";

const PAGES = [
  { path: "/graphiql", name: "GraphiQL" },
  { path: "/docs/api", name: "REST docs" },
] as const;

interface TopBarProps {
  /** The path of the page that shows it. */
  current: (typeof PAGES)[number]["path"];
  /** Controls at its end. */
  children?: ReactNode;
}

/** The way from page to page, and what holds for the whole page. */
export function TopBar({ current, children }: TopBarProps) {
  return (
    <header className="top-bar">
      <a className="brand" href="/">
        Pulse
      </a>
      <nav aria-label="Pages">
        {PAGES.map(({ path, name }) => (
          <a key={path} href={path} aria-current={path === current ? "page" : undefined}>
            {name}
          </a>
        ))}
      </nav>
      {children}
    </header>
  );
}
