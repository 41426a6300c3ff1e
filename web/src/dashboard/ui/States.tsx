import type { ReactNode } from "react";
import { Icon, type IconName } from "./Icon";
import { sentenceOf } from "./Toasts";

interface EmptyProps {
  readonly icon: IconName;
  readonly title: string;
  readonly children?: ReactNode;
  readonly actions?: ReactNode;
}

/** Nothing is there yet: why, and what to do. */
export function Empty({ icon, title, children, actions }: EmptyProps) {
  return (
    <div className="state">
      <span className="state-icon">
        <Icon name={icon} size={26} />
      </span>
      <h3>{title}</h3>
      {children}
      {actions && <div className="state-actions">{actions}</div>}
    </div>
  );
}

interface FailedProps {
  readonly what: string;
  readonly error: Error;
  retry(): Promise<void>;
}

/** Something could not be read: why, and a way to try again. */
export function Failed({ what, error, retry }: FailedProps) {
  return (
    <div className="state state-failed" role="alert">
      <span className="state-icon">
        <Icon name="warning" size={26} />
      </span>
      <h3>{what} could not be read</h3>
      <p>{sentenceOf(error)}</p>
      <div className="state-actions">
        {/* Why it failed again is shown in the same place. */}
        <button type="button" className="button" onClick={() => void retry().catch(() => undefined)}>
          <Icon name="retry" size={16} />
          Try again
        </button>
      </div>
    </div>
  );
}

/** Where rows will be. */
export function SkeletonRows({ count, label }: { count: number; label: string }) {
  return (
    <div className="skeleton-rows" role="status">
      <span className="visually-hidden">{label}</span>
      {Array.from({ length: count }, (_, index) => (
        <div key={index} className="skeleton-row" aria-hidden="true">
          <span className="skeleton skeleton-kind" />
          <span className="skeleton-lines">
            <span className="skeleton skeleton-title" />
            <span className="skeleton skeleton-line" />
          </span>
        </div>
      ))}
    </div>
  );
}
