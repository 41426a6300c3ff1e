import { isDevelopment } from "../../pages/development";
import { useSession } from "../session/SessionProvider";
import { Icon } from "../ui/Icon";
import { ThemeToggle } from "../ui/ThemeToggle";
import { DevelopmentForm } from "./DevelopmentForm";
import { Pitch } from "./Pitch";
import { TokenForm } from "./TokenForm";

/** The way in: what Pulse is, and as whom to look at it. */
export function SignIn() {
  const { ended } = useSession();
  return (
    <div className="signin">
      <title>Pulse</title>
      <header className="signin-pitch">
        <Pitch />
      </header>
      <main className="signin-main">
        <div className="signin-theme">
          <ThemeToggle />
        </div>
        <div className="signin-card">
          <h2>Sign in</h2>
          {ended !== null && (
            <div className="callout callout-warning" role="alert">
              <Icon name="info" size={18} />
              <p>
                <strong>Your session ended.</strong> {ended}
              </p>
            </div>
          )}
          {isDevelopment ? (
            <>
              <DevelopmentForm />
              <details className="signin-other">
                <summary>Sign in with a token instead</summary>
                <TokenForm />
              </details>
            </>
          ) : (
            <TokenForm />
          )}
        </div>
        <nav className="signin-links" aria-label="Elsewhere">
          <a href="/graphiql">GraphiQL</a>
          <a href="/docs/api">REST docs</a>
        </nav>
      </main>
    </div>
  );
}
