import { Dashboard } from "./shell/Dashboard";
import { SessionProvider, useSession } from "./session/SessionProvider";
import { SignIn } from "./signin/SignIn";
import { Toasts } from "./ui/Toasts";

/** The page: who is signed in sees the dashboard, everybody else the way in. */
export function App() {
  return (
    <Toasts>
      <SessionProvider>
        <Gate />
      </SessionProvider>
    </Toasts>
  );
}

function Gate() {
  const { session } = useSession();
  // Another user is another dashboard: nothing of the one before stays.
  return session ? <Dashboard key={session.key} session={session} /> : <SignIn />;
}
