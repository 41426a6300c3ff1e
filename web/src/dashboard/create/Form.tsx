import type { FormEvent, ReactNode } from "react";
import { Icon } from "../ui/Icon";

interface FormProps {
  readonly label: string;
  readonly action: string;
  readonly busy: boolean;
  readonly error: string | undefined;
  readonly children: ReactNode;
  onSubmit(): void;
}

/** A form of the create panel: its fields, what is wrong with none of them, and the button. */
export function Form({ label, action, busy, error, children, onSubmit }: FormProps) {
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    onSubmit();
  };
  return (
    <form className="create-form" aria-label={label} onSubmit={submit} noValidate>
      {children}
      {error !== undefined && (
        <p className="field-error" role="alert">
          <Icon name="warning" size={16} />
          {error}
        </p>
      )}
      <button type="submit" className="button button-primary button-wide" disabled={busy}>
        {busy ? <span className="spinner" /> : <Icon name="plus" size={16} />}
        {action}
      </button>
    </form>
  );
}
