import { useState } from "react";
import type { NotificationType } from "../../index";
import { useNotifications } from "../../react/index";
import type { Session } from "../session/session";
import { Select, TextArea, TextField } from "../ui/Field";
import { NOTIFICATION_LOOKS, NOTIFICATION_TYPES } from "../ui/kinds";
import { useToasts } from "../ui/Toasts";
import { ForWhom, whomOf } from "./ForWhom";
import { Form } from "./Form";
import { textIn, useSubmit } from "./useSubmit";

/** Creates a notification: for oneself, and as a service for anybody. */
export function NotificationForm({ session }: { session: Session }) {
  const { createNotification } = useNotifications({ enabled: false });
  const toasts = useToasts();
  const [type, setType] = useState<NotificationType>("reminder");
  const [title, setTitle] = useState("");
  const [message, setMessage] = useState("");
  const [actionUrl, setActionUrl] = useState("");
  const [whom, setWhom] = useState("");
  const { busy, errorOf, otherError, submit } = useSubmit(["type", "title", "message", "actionUrl", "userId"]);

  const create = async () => {
    const done = await submit(() =>
      createNotification({
        type,
        title: textIn("title", title, "A title"),
        message: textIn("message", message, "A message"),
        ...(actionUrl.trim() === "" ? {} : { actionUrl: actionUrl.trim() }),
        ...whomOf(whom),
      }));
    if (!done) return;
    setTitle("");
    setMessage("");
    setActionUrl("");
    toasts.done("Notification sent.");
  };
  return (
    <Form label="New notification" action="Send notification" busy={busy} error={otherError} onSubmit={() => void create()}>
      <TextField
        label="Title"
        value={title}
        error={errorOf("title")}
        placeholder="Time to study"
        onChange={(event) => setTitle(event.target.value)}
      />
      <TextArea
        label="Message"
        value={message}
        error={errorOf("message")}
        onChange={(event) => setMessage(event.target.value)}
      />
      <Select
        label="Type"
        value={type}
        error={errorOf("type")}
        onChange={(event) => setType(event.target.value as NotificationType)}
      >
        {NOTIFICATION_TYPES.map((one) => (
          <option key={one} value={one}>
            {NOTIFICATION_LOOKS[one].label}
          </option>
        ))}
      </Select>
      <TextField
        label="Link"
        optional
        value={actionUrl}
        error={errorOf("actionUrl")}
        placeholder="/goals or https://…"
        autoCapitalize="none"
        spellCheck={false}
        onChange={(event) => setActionUrl(event.target.value)}
      />
      <ForWhom session={session} value={whom} error={errorOf("userId")} onChange={setWhom} />
    </Form>
  );
}
