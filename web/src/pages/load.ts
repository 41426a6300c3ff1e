import type { ReactNode } from "react";
import { createRoot } from "react-dom/client";

/**
 * Puts a page that is loaded lazily into the element `#id`, which already says that it comes. Where it does not come,
 * the element says that, too.
 */
export function load(id: string, name: string, page: Promise<ReactNode>): void {
  const container = document.getElementById(id);
  if (!container) throw new Error(`the page has no #${id}`);
  page.then(
    (node) => createRoot(container).render(node),
    (error: unknown) => {
      console.error(error);
      const notice = document.createElement("p");
      notice.className = "notice";
      notice.setAttribute("role", "alert");
      notice.textContent = `${name} could not be loaded. Reload the page to try again.`;
      container.replaceChildren(notice);
    },
  );
}
