import { type KeyboardEvent, useRef } from "react";

interface TabsProps<Name extends string> {
  readonly label: string;
  readonly tabs: readonly { readonly name: Name; readonly label: string }[];
  readonly selected: Name;
  /** The panel's id is this and the tab's name. */
  readonly prefix: string;
  onSelect(name: Name): void;
}

/** Tabs, with the arrow keys between them. */
export function Tabs<Name extends string>({ label, tabs, selected, prefix, onSelect }: TabsProps<Name>) {
  const list = useRef<HTMLDivElement>(null);
  const moved = (event: KeyboardEvent): void => {
    const at = tabs.findIndex(({ name }) => name === selected);
    const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    const tab = tabs[(next + tabs.length) % tabs.length];
    if (!tab) return;
    onSelect(tab.name);
    list.current?.querySelector<HTMLElement>(`#${prefix}-tab-${tab.name}`)?.focus();
  };
  return (
    <div className="tabs" role="tablist" aria-label={label} ref={list} onKeyDown={moved}>
      {tabs.map((tab) => (
        <button
          key={tab.name}
          type="button"
          role="tab"
          id={`${prefix}-tab-${tab.name}`}
          className="tab"
          aria-selected={tab.name === selected}
          aria-controls={`${prefix}-${tab.name}`}
          tabIndex={tab.name === selected ? 0 : -1}
          onClick={() => onSelect(tab.name)}
        >
          {tab.label}
        </button>
      ))}
    </div>
  );
}
