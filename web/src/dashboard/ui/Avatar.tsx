/** The first letter of a user, as a picture. */
export function Avatar({ user }: { user: string }) {
  return (
    <span className="avatar" aria-hidden="true">
      {/* By characters: half of an emoji is none. */}
      {[...user][0]}
    </span>
  );
}
