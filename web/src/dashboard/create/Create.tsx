import type { ReactNode, Ref } from "react";
import type { Session } from "../session/session";
import { Icon } from "../ui/Icon";
import { Tabs } from "../ui/Tabs";
import { ActivityForm } from "./ActivityForm";
import { HoursForm } from "./HoursForm";
import { NotificationForm } from "./NotificationForm";
import { StreakForm } from "./StreakForm";

export type CreateTab = "activity" | "notification" | "hours" | "streak";

const TABS: readonly { readonly name: CreateTab; readonly label: string }[] = [
  { name: "activity", label: "Activity" },
  { name: "notification", label: "Notify" },
  { name: "hours", label: "Hours" },
  { name: "streak", label: "Streak" },
];

interface CreateProps {
  readonly session: Session;
  readonly tab: CreateTab;
  readonly ref: Ref<HTMLElement>;
  onTab(tab: CreateTab): void;
}

/** Makes things happen, so that one sees them arrive. */
export function Create({ session, tab, ref, onTab }: CreateProps) {
  const forms: Readonly<Record<CreateTab, ReactNode>> = {
    activity: <ActivityForm session={session} />,
    notification: <NotificationForm session={session} />,
    hours: <HoursForm />,
    streak: <StreakForm />,
  };
  return (
    <section className="panel create" data-part="create" aria-labelledby="create-title" ref={ref}>
      <div className="panel-head">
        <h2 id="create-title">Create</h2>
      </div>
      <Tabs label="What to create" tabs={TABS} selected={tab} prefix="create" onSelect={onTab} />
      {/* A form that is not shown keeps what was typed. */}
      {TABS.map(({ name }) => (
        <div key={name} id={`create-${name}`} role="tabpanel" aria-labelledby={`create-tab-${name}`} hidden={name !== tab}>
          {forms[name]}
        </div>
      ))}
      <a className="create-window" href="/" target="_blank" rel="opener">
        <Icon name="window" size={18} />
        Open a second window to watch
      </a>
    </section>
  );
}
