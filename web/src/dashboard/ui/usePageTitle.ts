import { useEffect } from "react";

/** The title of the page while this is shown: how much is unread, and whose it is. */
export function usePageTitle(unread: number, user: string): void {
  useEffect(() => {
    document.title = `${unread > 0 ? `(${unread > 99 ? "99+" : unread}) ` : ""}${user} · Pulse`;
    return () => {
      document.title = "Pulse";
    };
  }, [unread, user]);
}
