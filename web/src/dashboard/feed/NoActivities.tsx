import { useState } from "react";
import { Empty } from "../ui/States";

interface NoActivitiesProps {
  readonly isFiltered: boolean;
  showAll(): void;
  startCreating(): void;
  createFirst(): Promise<void>;
}

/** No activity is there, or none that fits. */
export function NoActivities({ isFiltered, showAll, startCreating, createFirst }: NoActivitiesProps) {
  const [busy, setBusy] = useState(false);
  if (isFiltered) {
    return (
      <Empty
        icon="feed"
        title="Nothing fits"
        actions={
          <button type="button" className="button" onClick={showAll}>
            Show all activities
          </button>
        }
      >
        <p>No activity of yours is of this kind. One that comes will show here at once.</p>
      </Empty>
    );
  }
  return (
    <Empty
      icon="pulse"
      title="This is where it happens"
      actions={
        <>
          <button
            type="button"
            className="button button-primary"
            disabled={busy}
            onClick={() => {
              setBusy(true);
              void createFirst().finally(() => setBusy(false));
            }}
          >
            Create a first activity
          </button>
          <button type="button" className="button" onClick={startCreating}>
            Write one yourself
          </button>
        </>
      }
    >
      <p>
        Whatever you do shows here the moment it is saved, in each of your windows. Nothing has happened yet: begin
        here, or fill the server with a demo by <code>pulse seed</code>.
      </p>
    </Empty>
  );
}
