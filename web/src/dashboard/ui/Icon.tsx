/** Every icon, as the paths of a 24 x 24 drawing in lines. */
const PATHS = {
  pulse: "M2.5 12.5h4l2.5-7 5 13 2.5-6h5",
  bell: "M6 9.5a6 6 0 0 1 12 0c0 5 2 6.5 2 6.5H4s2-1.5 2-6.5M10 19.5a2.2 2.2 0 0 0 4 0",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8M12 2.5v2M12 19.5v2M4.2 4.2l1.5 1.5M18.3 18.3l1.5 1.5M2.5 12h2M19.5 12h2M4.2 19.8l1.5-1.5M18.3 5.7l1.5-1.5",
  moon: "M20 14.2A8.2 8.2 0 0 1 9.8 4 8.2 8.2 0 1 0 20 14.2",
  check: "M4.5 12.5 9.5 17.5 19.5 6.5",
  checkAll: "M2 12.5 7 17.5 16 7.5M12.5 16 14 17.5 22.5 7.5",
  trash: "M4 6.5h16M9 6.5V4h6v2.5M6 6.5 7 20h10l1-13.5M10 10.5v6M14 10.5v6",
  close: "M6 6l12 12M18 6 6 18",
  plus: "M12 5v14M5 12h14",
  chevron: "M6.5 9.5 12 15l5.5-5.5",
  arrowUp: "M12 19V5M6 11l6-6 6 6",
  external: "M14 4h6v6M20 4 11 13M18 14v5.5H4.5V6H10",
  login: "M13.5 4H19v16h-5.5M4 12h10.5M10.5 7.5 15 12l-4.5 4.5",
  log: "M6 3.5h8.5L19 8v12.5H6ZM14 3.5V8.5h5M9 12.5h7M9 16.5h5",
  goal: "M6 21V4M6 4.5c4-2 7 2 12 0v9c-5 2-8-2-12 0",
  skill: "M12 3.5l2.6 5.3 5.9.9-4.2 4.1 1 5.8-5.3-2.7-5.3 2.7 1-5.8-4.2-4.1 5.9-.9Z",
  portfolio: "M4 8h16v11.5H4ZM9 8V4.5h6V8M4 13h16",
  email: "M3.5 6h17v12.5h-17ZM4 6.5 12 13l8-6.5",
  achievement: "M7.5 4h9v6a4.5 4.5 0 0 1-9 0ZM7.5 5.5H4c0 3.5 1.5 5 3.8 5M16.5 5.5H20c0 3.5-1.5 5-3.8 5M12 14.5v3M8.5 20.5h7M10 17.5h4",
  milestone: "M12 3.5v17M12 5h6.5l2 2.5-2 2.5H12M12 11.5H5.5l-2 2.5 2 2.5H12",
  reminder: "M12 4a8 8 0 1 0 0 16.5A8 8 0 0 0 12 4M12 8v4.5l3 2",
  system: "M4 7h10M18 7h2M4 17h2M10 17h10M14 4.5v5h4v-5ZM6 14.5v5h4v-5Z",
  social: "M9 4.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7M2.5 20c0-4 3-5.5 6.5-5.5s6.5 1.5 6.5 5.5M15.5 4.8a3.5 3.5 0 0 1 0 6.4M18 14.8c2.2.7 3.5 2.4 3.5 5.2",
  users: "M12 4.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7M5 20c0-4 3-5.5 7-5.5s7 1.5 7 5.5",
  hours: "M12 4a8 8 0 1 0 0 16.5A8 8 0 0 0 12 4M12 8v4.5l3 2",
  streak: "M12 3c1 4 5 5.5 5 10.5a5 5 0 0 1-10 0c0-2 1-3.5 2-4.5 0 2 1 3 2 3 0-3-1-5 1-9",
  trophy: "M7.5 4h9v6a4.5 4.5 0 0 1-9 0ZM7.5 5.5H4c0 3.5 1.5 5 3.8 5M16.5 5.5H20c0 3.5-1.5 5-3.8 5M12 14.5v3M8.5 20.5h7",
  chart: "M4 20h16M6.5 16.5v-5M12 16.5V5M17.5 16.5V9",
  feed: "M4 6.5h16M4 12h16M4 17.5h10",
  offline: "M4 4l16 16M8.5 15.5a5 5 0 0 1 5-1M5 12a10 10 0 0 1 4.5-2.5M14 9.2A10 10 0 0 1 19 12M2.5 8.5A14 14 0 0 1 6 6.2M10.5 4.8a14 14 0 0 1 11 3.7M12 19h.01",
  warning: "M12 4 21.5 20h-19ZM12 10v4.5M12 17.2h.01",
  info: "M12 4a8 8 0 1 0 0 16.5A8 8 0 0 0 12 4M12 11.5v5M12 8.2h.01",
  copy: "M8.5 8.5h11v11h-11ZM15.5 8.5v-4h-11v11h4",
  signOut: "M10.5 4H5v16h5.5M20 12H9.5M16 7.5 20.5 12 16 16.5",
  key: "M8 11.5a4 4 0 1 0 0 8 4 4 0 0 0 0-8M11 12.8 19.5 4.5M16 8l3 3",
  terminal: "M3.5 5h17v14.5h-17ZM7 9.5l3 2.7-3 2.8M12.5 15.5h4.5",
  code: "M8.5 7.5 4 12l4.5 4.5M15.5 7.5 20 12l-4.5 4.5",
  window: "M3.5 5h17v14.5h-17ZM3.5 9.5h17",
  retry: "M19.5 12a7.5 7.5 0 1 1-2.2-5.3M19.5 3.5v4.2h-4.2",
} as const;

export type IconName = keyof typeof PATHS;

/** A drawing beside words: it says nothing that they do not say. */
export function Icon({ name, size = 20 }: { name: IconName; size?: number }) {
  return (
    <svg
      aria-hidden="true"
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.75"
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
