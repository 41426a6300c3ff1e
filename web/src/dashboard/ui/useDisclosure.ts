import { type FocusEvent, type KeyboardEvent, type RefObject, useCallback, useEffect, useRef, useState } from "react";

interface Disclosure {
  readonly isOpen: boolean;
  readonly root: RefObject<HTMLDivElement | null>;
  readonly button: RefObject<HTMLButtonElement | null>;
  toggle(): void;
  close(): void;
  /** For the root, which holds the button and what it opens. */
  readonly rootProps: {
    onKeyDown(event: KeyboardEvent): void;
    onBlur(event: FocusEvent): void;
  };
}

/**
 * Something that a button opens: Escape, a click elsewhere and focus that moves elsewhere close it; Escape gives the
 * focus back to the button.
 */
export function useDisclosure(): Disclosure {
  const [isOpen, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const close = useCallback(() => {
    setOpen(false);
    if (root.current?.contains(document.activeElement)) button.current?.focus();
  }, []);
  useEffect(() => {
    if (!isOpen) return;
    const pressed = ({ target }: PointerEvent): void => {
      if (target instanceof Node && !root.current?.contains(target)) setOpen(false);
    };
    document.addEventListener("pointerdown", pressed);
    return () => document.removeEventListener("pointerdown", pressed);
  }, [isOpen]);
  return {
    isOpen,
    root,
    button,
    toggle: () => setOpen((open) => !open),
    close,
    rootProps: {
      onKeyDown: (event) => {
        if (!isOpen || event.key !== "Escape" || event.defaultPrevented) return;
        event.preventDefault();
        close();
      },
      onBlur: ({ relatedTarget }) => {
        // Nothing at all has the focus after a click on plain text: that is not elsewhere.
        if (relatedTarget instanceof Node && !root.current?.contains(relatedTarget)) setOpen(false);
      },
    },
  };
}
