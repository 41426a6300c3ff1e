import { useUnreadCounts } from "../../react/index";
import { Icon, type IconName } from "../ui/Icon";

/** A part of the board: on a phone one of them is shown at a time. */
export type Part = "feed" | "progress" | "create" | "leaders";

const PARTS: readonly { readonly part: Part; readonly label: string; readonly icon: IconName }[] = [
  { part: "feed", label: "Activity", icon: "feed" },
  { part: "progress", label: "Progress", icon: "chart" },
  { part: "create", label: "Create", icon: "plus" },
  { part: "leaders", label: "Leaders", icon: "trophy" },
];

/** The way between the parts, on a phone. */
export function BottomNav({ part: shown, onPart }: { part: Part; onPart(part: Part): void }) {
  const { activities } = useUnreadCounts();
  return (
    <nav className="bottom-nav" aria-label="Parts of the dashboard">
      {PARTS.map(({ part, label, icon }) => (
        <button key={part} type="button" aria-current={part === shown ? "true" : undefined} onClick={() => onPart(part)}>
          <span className="bottom-nav-icon">
            <Icon name={icon} size={22} />
            {part === "feed" && activities > 0 && <span className="bottom-nav-dot" />}
          </span>
          {label}
        </button>
      ))}
    </nav>
  );
}
