import type { ReactNode } from "react";
import { Icon, type IconName } from "../ui/Icon";

interface StatTileProps {
  readonly icon: IconName;
  readonly label: string;
  readonly value: string;
  readonly unit?: string;
  readonly action?: ReactNode;
}

/** One number. */
export function StatTile({ icon, label, value, unit, action }: StatTileProps) {
  return (
    <div className="tile">
      <dt>
        <Icon name={icon} size={16} />
        {label}
      </dt>
      <dd>
        {/* Anew with each value: so that a change is noticed. */}
        <span key={value} className="tile-value numeric">
          {value}
        </span>
        {unit && <span className="tile-unit"> {unit}</span>}
        {action}
      </dd>
    </div>
  );
}
