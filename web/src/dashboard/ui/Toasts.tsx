import { type ReactNode, createContext, useCallback, useContext, useEffect, useMemo, useRef, useState } from "react";
import { PulseError } from "../../index";
import { Icon } from "./Icon";

/** How long a toast stays. */
const SHOWN_MS = { done: 5_000, failed: 12_000 };
/** How many are shown at once. */
const MOST = 3;

type ToastKind = keyof typeof SHOWN_MS;

interface Toast {
  readonly id: number;
  readonly kind: ToastKind;
  readonly text: string;
}

interface Toaster {
  /** Says that something is done. */
  done(text: string): void;
  /** Says why something failed. */
  failed(thrown: unknown): void;
}

const Context = createContext<Toaster | null>(null);

/** Short words about what was done, in a corner, for a few seconds. */
export function Toasts({ children }: { children: ReactNode }) {
  const [toasts, setToasts] = useState<readonly Toast[]>([]);
  const next = useRef(0);
  const show = useCallback((kind: ToastKind, text: string) => {
    next.current += 1;
    const toast = { id: next.current, kind, text };
    setToasts((shown) => [...shown.slice(1 - MOST), toast]);
  }, []);
  const dismiss = useCallback((id: number) => setToasts((shown) => shown.filter((toast) => toast.id !== id)), []);
  const toaster = useMemo(
    () => ({
      done: (text: string) => show("done", text),
      failed: (thrown: unknown) => show("failed", sentenceOf(thrown)),
    }),
    [show],
  );
  const of = (kind: ToastKind) =>
    toasts
      .filter((toast) => toast.kind === kind)
      .map((toast) => <ToastCard key={toast.id} toast={toast} dismiss={dismiss} />);
  return (
    <Context value={toaster}>
      {children}
      <div className="toasts">
        <div role="status">{of("done")}</div>
        <div role="alert">{of("failed")}</div>
      </div>
    </Context>
  );
}

export function useToasts(): Toaster {
  const toaster = useContext(Context);
  if (!toaster) throw new Error("there is no <Toasts> above this component");
  return toaster;
}

function ToastCard({ toast, dismiss }: { toast: Toast; dismiss(id: number): void }) {
  useEffect(() => {
    const timer = setTimeout(() => dismiss(toast.id), SHOWN_MS[toast.kind]);
    return () => clearTimeout(timer);
  }, [toast, dismiss]);
  return (
    <div className={`toast toast-${toast.kind}`}>
      <Icon name={toast.kind === "done" ? "check" : "warning"} size={18} />
      <p>{toast.text}</p>
      <button
        type="button"
        className="icon-button icon-button-small"
        aria-label="Dismiss"
        onClick={() => dismiss(toast.id)}
      >
        <Icon name="close" size={16} />
      </button>
    </div>
  );
}

/** What to tell people of something that was thrown. */
export function sentenceOf(thrown: unknown): string {
  if (thrown instanceof PulseError && thrown.code === "NETWORK") return "The server cannot be reached just now.";
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  const sentence = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(sentence) ? sentence : `${sentence}.`;
}
