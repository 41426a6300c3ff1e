import { useState } from "react";
import type { ActivityType } from "../../index";
import { useActivities } from "../../react/index";
import type { Session } from "../session/session";
import { Select, TextArea, TextField } from "../ui/Field";
import { ACTIVITY_LOOKS, ACTIVITY_TYPES } from "../ui/kinds";
import { useToasts } from "../ui/Toasts";
import { ForWhom, whomOf } from "./ForWhom";
import { Form } from "./Form";
import { textIn, useSubmit } from "./useSubmit";

/** Creates an activity. */
export function ActivityForm({ session }: { session: Session }) {
  const { createActivity } = useActivities({ enabled: false });
  const toasts = useToasts();
  const [type, setType] = useState<ActivityType>("log_created");
  const [title, setTitle] = useState("");
  const [description, setDescription] = useState("");
  const [whom, setWhom] = useState("");
  const { busy, errorOf, otherError, submit } = useSubmit(["type", "title", "description", "userId"]);

  const create = async () => {
    const done = await submit(() =>
      createActivity({
        type,
        title: textIn("title", title, "A title"),
        ...(description.trim() === "" ? {} : { description: description.trim() }),
        ...whomOf(whom),
      }));
    if (!done) return;
    setTitle("");
    setDescription("");
    toasts.done("Activity created.");
  };
  return (
    <Form label="New activity" action="Create activity" busy={busy} error={otherError} onSubmit={() => void create()}>
      <TextField
        label="Title"
        value={title}
        error={errorOf("title")}
        placeholder="Read a chapter on async Rust"
        onChange={(event) => setTitle(event.target.value)}
      />
      <Select
        label="Type"
        value={type}
        error={errorOf("type")}
        onChange={(event) => setType(event.target.value as ActivityType)}
      >
        {ACTIVITY_TYPES.map((one) => (
          <option key={one} value={one}>
            {ACTIVITY_LOOKS[one].label}
          </option>
        ))}
      </Select>
      <TextArea
        label="Description"
        optional
        value={description}
        error={errorOf("description")}
        onChange={(event) => setDescription(event.target.value)}
      />
      <ForWhom session={session} value={whom} error={errorOf("userId")} onChange={setWhom} />
    </Form>
  );
}
