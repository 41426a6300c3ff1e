import { useState } from "react";
import { useAnalytics } from "../../react/index";
import { nameOfDay, today } from "../analytics/days";
import { TextField } from "../ui/Field";
import { useToasts } from "../ui/Toasts";
import { formatHours } from "../ui/time";
import { Form } from "./Form";
import { numberIn, textIn, useSubmit } from "./useSubmit";

/** Logs hours of learning: to a day, and to the total. */
export function HoursForm() {
  const { addWeeklyData, updateLearningHours } = useAnalytics();
  const toasts = useToasts();
  const [hours, setHours] = useState("");
  const [date, setDate] = useState(() => today(Date.now()));
  const { busy, errorOf, otherError, submit } = useSubmit(["hoursLogged", "hours", "date"]);

  const log = async () => {
    const done = await submit(async () => {
      const value = numberIn("hoursLogged", hours, "Hours");
      // The day is stricter (24 hours): where it refuses, the total stays as it is.
      await addWeeklyData({ date: textIn("date", date, "A day"), hoursLogged: value, logsCount: 1 });
      if (value !== 0) await updateLearningHours(value);
    });
    if (!done) return;
    setHours("");
    toasts.done(`${formatHours(Number(hours.replace(",", ".")))} h logged on ${nameOfDay(date)}.`);
  };
  return (
    <Form label="Log hours" action="Log hours" busy={busy} error={otherError} onSubmit={() => void log()}>
      <TextField
        label="Hours"
        inputMode="decimal"
        value={hours}
        error={errorOf("hoursLogged") ?? errorOf("hours")}
        placeholder="1.5"
        hint="They are added to the day, and to your total."
        onChange={(event) => setHours(event.target.value)}
      />
      <TextField
        label="Day"
        type="date"
        value={date}
        error={errorOf("date")}
        onChange={(event) => setDate(event.target.value)}
      />
    </Form>
  );
}
