import { useActiveUsers } from "../../react/index";
import { Bell } from "../notifications/Bell";
import type { Session } from "../session/session";
import { Icon } from "../ui/Icon";
import { ThemeToggle } from "../ui/ThemeToggle";
import { plural } from "../ui/time";
import { Connection } from "./Connection";
import { UserMenu } from "./UserMenu";

/** The bar at the top: the connection, who is there, what is new, who one is. */
export function Header({ session }: { session: Session }) {
  return (
    <header className="header">
      <a className="brand header-brand" href="/" aria-label="Pulse">
        <span className="header-logo">
          <Icon name="pulse" size={20} />
        </span>
        <span className="header-name">Pulse</span>
      </a>
      <Connection />
      <ActiveUsers />
      <div className="header-end">
        <ThemeToggle />
        <Bell />
        <UserMenu session={session} />
      </div>
    </header>
  );
}

function ActiveUsers() {
  const { activeUsers } = useActiveUsers();
  if (activeUsers === null) return null;
  const words = `${plural(activeUsers, "user")} active`;
  return (
    <span className="active-users" title={`${words}: with at least one open window`}>
      <Icon name="users" size={18} />
      <span aria-hidden="true" className="numeric">
        {activeUsers}
        <span className="active-users-word"> active</span>
      </span>
      <span className="visually-hidden">{words}</span>
    </span>
  );
}
