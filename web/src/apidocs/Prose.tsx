/** Text of the document: backticks mark code. */
export function Prose({ text, inline = false }: { text: string; inline?: boolean }) {
  const parts = text.split("`");
  const content = parts.map((part, index) =>
    // An odd number of parts means that each backtick has its partner.
    index % 2 === 1 && parts.length % 2 === 1 ? <code key={index}>{part}</code> : part,
  );
  return inline ? <span>{content}</span> : <p>{content}</p>;
}
