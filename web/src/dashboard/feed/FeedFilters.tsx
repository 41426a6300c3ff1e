import type { ActivityType } from "../../index";
import { ACTIVITY_LOOKS, ACTIVITY_TYPES } from "../ui/kinds";

interface FeedFiltersProps {
  readonly type: ActivityType | undefined;
  readonly unreadOnly: boolean;
  onType(type: ActivityType | undefined): void;
  onUnreadOnly(unreadOnly: boolean): void;
}

/** Which activities are shown. */
export function FeedFilters({ type, unreadOnly, onType, onUnreadOnly }: FeedFiltersProps) {
  return (
    <div className="filters" role="group" aria-label="Show">
      <Chip label="Unread" pressed={unreadOnly} onPress={() => onUnreadOnly(!unreadOnly)} />
      <span className="filters-gap" />
      <Chip label="All" pressed={type === undefined} onPress={() => onType(undefined)} />
      {ACTIVITY_TYPES.map((one) => (
        <Chip
          key={one}
          label={ACTIVITY_LOOKS[one].label}
          pressed={one === type}
          onPress={() => onType(one === type ? undefined : one)}
        />
      ))}
    </div>
  );
}

function Chip({ label, pressed, onPress }: { label: string; pressed: boolean; onPress(): void }) {
  return (
    <button type="button" className="chip" aria-pressed={pressed} onClick={onPress}>
      {label}
    </button>
  );
}
