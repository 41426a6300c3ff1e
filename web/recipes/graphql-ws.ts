import type { Client } from "graphql-ws";
import { isExpired } from "./resuming.js";

export interface Activity {
  id: string;
  title: string;
  cursor: string;
}

const CREATED = `subscription ($after: String) {
  activityCreated(after: $after) { id title cursor }
}`;

/**
 * Shows a user's activities: `readPage` reads the newest ones and the cursor of the page, `show` is called with the
 * whole list. Gives how to stop.
 */
export function showActivities(
  client: Client,
  readPage: () => Promise<{ activities: Activity[]; cursor: string }>,
  show: (activities: Activity[]) => void,
): () => void {
  let stop = () => {};
  let stopped = false;

  const begin = async () => {
    // First the page, then the subscription from its cursor: nothing is lost in between.
    const page = await readPage();
    let activities = page.activities;
    show(activities);
    if (stopped) return;
    const refused = (error: unknown) => {
      // The database was replaced: the list is replaced too.
      if (isExpired(error)) void begin();
      else console.warn("the subscription was refused", error);
    };
    stop = client.subscribe<{ activityCreated: Activity }>({ query: CREATED, variables: { after: page.cursor } }, {
      next({ data, errors }) {
        // Over event streams a refusal is a result, over a WebSocket an error.
        if (errors) refused(errors);
        if (!data) return;
        activities = [data.activityCreated, ...activities];
        show(activities);
      },
      error: refused,
      complete() {},
    });
  };
  void begin();
  return () => {
    stopped = true;
    stop();
  };
}
