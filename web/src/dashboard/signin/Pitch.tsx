import { Icon, type IconName } from "../ui/Icon";

const POINTS: readonly { readonly icon: IconName; readonly title: string; readonly text: string }[] = [
  {
    icon: "window",
    title: "In every window at once",
    text: "What happens in one shows in all the others of the same person, and in nobody else’s.",
  },
  {
    icon: "retry",
    title: "Nothing lost, nothing twice",
    text: "After an outage each window goes on exactly where it stopped.",
  },
  {
    icon: "code",
    title: "Three doors, one truth",
    text: "GraphQL with subscriptions, REST and Socket.IO lead to the same services.",
  },
];

/** What Pulse is, for who sees it for the first time. */
export function Pitch() {
  return (
    <div className="pitch">
      <p className="brand">
        <Icon name="pulse" size={26} />
        Pulse
      </p>
      <h1>Everything your learners do, live.</h1>
      <p className="pitch-lead">Activities, analytics and notifications, in real time, from one binary.</p>
      <svg className="pitch-line" viewBox="0 0 480 80" preserveAspectRatio="xMinYMid meet" aria-hidden="true">
        <path d="M0 44h92l10-22 20 48 12-26h70l8-14 14 28 10-14h64l12-34 22 62 12-28h134" pathLength={100} />
      </svg>
      <ul>
        {POINTS.map(({ icon, title, text }) => (
          <li key={title}>
            <Icon name={icon} />
            <div>
              <h2>{title}</h2>
              <p>{text}</p>
            </div>
          </li>
        ))}
      </ul>
    </div>
  );
}
