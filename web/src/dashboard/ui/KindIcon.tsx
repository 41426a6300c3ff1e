import { Icon } from "./Icon";
import type { Look } from "./kinds";

/** The icon of a kind of thing, on its colour. */
export function KindIcon({ look }: { look: Look }) {
  return (
    <span className={`kind kind-${look.tone}`} title={look.label}>
      <Icon name={look.icon} size={18} />
    </span>
  );
}
