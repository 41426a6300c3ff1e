import { useState } from "react";
import { useAnalytics } from "../../react/index";
import { TextField } from "../ui/Field";
import { useToasts } from "../ui/Toasts";
import { plural } from "../ui/time";
import { Form } from "./Form";
import { useSubmit, wholeIn } from "./useSubmit";

/** Sets the streak. */
export function StreakForm() {
  const { updateStreak } = useAnalytics();
  const toasts = useToasts();
  const [current, setCurrent] = useState("");
  const [longest, setLongest] = useState("");
  const { busy, errorOf, otherError, submit } = useSubmit(["currentStreak", "longestStreak"]);

  const set = async () => {
    const done = await submit(() => {
      const days = wholeIn("currentStreak", current, "The streak");
      const most = longest.trim() === "" ? days : wholeIn("longestStreak", longest, "The longest streak");
      return updateStreak(days, most);
    });
    if (!done) return;
    toasts.done(`The streak is ${plural(Number(current), "day")}.`);
    setCurrent("");
    setLongest("");
  };
  return (
    <Form label="Set the streak" action="Set streak" busy={busy} error={otherError} onSubmit={() => void set()}>
      <TextField
        label="Current streak, in days"
        inputMode="numeric"
        value={current}
        error={errorOf("currentStreak")}
        placeholder="7"
        onChange={(event) => setCurrent(event.target.value)}
      />
      <TextField
        label="Longest streak"
        optional
        inputMode="numeric"
        value={longest}
        error={errorOf("longestStreak")}
        hint="It never falls: the largest one counts."
        onChange={(event) => setLongest(event.target.value)}
      />
    </Form>
  );
}
