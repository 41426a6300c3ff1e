import { isDevelopment } from "../../pages/development";
import type { Session } from "../session/session";
import { useSession } from "../session/SessionProvider";
import { Avatar } from "../ui/Avatar";
import { Icon } from "../ui/Icon";
import { useNow } from "../ui/now";
import { exactTime, relativeTime } from "../ui/time";
import { useDisclosure } from "../ui/useDisclosure";

/** Who one is, until when, and where to go from here. */
export function UserMenu({ session }: { session: Session }) {
  const { signOut } = useSession();
  const { isOpen, root, button, toggle, rootProps } = useDisclosure();
  return (
    <div className="disclosure" ref={root} {...rootProps}>
      <button
        ref={button}
        type="button"
        className="user-button"
        aria-label={`Menu of ${session.user}`}
        aria-expanded={isOpen}
        aria-controls="user-menu"
        onClick={toggle}
      >
        <Avatar user={session.user} />
        <span className="user-button-name">{session.user}</span>
        <Icon name="chevron" size={16} />
      </button>
      {isOpen && (
        <div id="user-menu" className="popover user-menu">
          <div className="user-menu-who">
            <p className="user-menu-name">{session.user}</p>
            <p className="soft">
              {session.role !== "user" && <>Acts as {session.role === "admin" ? "an admin" : "a service"}. </>}
              <TokenEnd session={session} />
            </p>
          </div>
          <ul>
            <li>
              {/* The opener's session is copied into the window: it is signed in as the same user. */}
              <a href="/" target="_blank" rel="opener">
                <Icon name="window" size={18} />
                Open a second window
              </a>
            </li>
            <li>
              <a href="/" target="_blank" rel="noopener">
                <Icon name="users" size={18} />
                Open one as another user
              </a>
            </li>
            <li>
              <a href="/graphiql">
                <Icon name="code" size={18} />
                GraphiQL
              </a>
            </li>
            <li>
              <a href="/docs/api">
                <Icon name="terminal" size={18} />
                REST docs
              </a>
            </li>
            <li>
              <button type="button" onClick={() => signOut()}>
                <Icon name="signOut" size={18} />
                Sign out
              </button>
            </li>
          </ul>
        </div>
      )}
    </div>
  );
}

function TokenEnd({ session: { expires, development } }: { session: Session }) {
  const now = useNow();
  if (development && isDevelopment) return <>A development token, renewed by itself.</>;
  if (expires === null) return <>The token does not end.</>;
  return (
    <>
      The token {expires <= now ? "ended" : "ends"}{" "}
      <time dateTime={new Date(expires).toISOString()} title={exactTime(expires)}>
        {relativeTime(expires, now)}
      </time>
      .
    </>
  );
}
