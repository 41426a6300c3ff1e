import { useEffect, useRef } from "react";

/** Asks once more: what is cleared does not come back. */
export function ConfirmClear({ confirm, cancel }: { confirm(): void; cancel(): void }) {
  const first = useRef<HTMLButtonElement>(null);
  useEffect(() => first.current?.focus(), []);
  return (
    <div
      className="confirm"
      role="alertdialog"
      aria-labelledby="confirm-clear"
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        // The panel stays open.
        event.preventDefault();
        event.stopPropagation();
        cancel();
      }}
    >
      <p id="confirm-clear">Delete all notifications, for good?</p>
      <div className="confirm-actions">
        <button ref={first} type="button" className="button button-small" onClick={cancel}>
          Keep them
        </button>
        <button type="button" className="button button-danger button-small" onClick={confirm}>
          Delete all
        </button>
      </div>
    </div>
  );
}
