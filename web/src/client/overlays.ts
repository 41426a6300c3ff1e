import type { FeedItem } from "./kinds.js";

interface Added<Item> {
  /** The draft, and once it is answered, the item. */
  item: Item;
  /** Whether the server has answered. */
  confirmed: boolean;
  /** An item that arrived live and is probably what became of the draft. */
  bound: string | null;
}

type Change<Item> = (item: Item) => Item | null;

/** A change that is under way. */
export type Overlay<Item> = Added<Item> | { readonly change: Change<Item> };

/** The changes of a feed that are under way, on top of what the server has said. */
export class Overlays<Item extends FeedItem> {
  #added: Added<Item>[] = [];
  #changes = new Set<{ readonly change: Change<Item> }>();

  /** An item is being created. */
  add(draft: Item): Overlay<Item> {
    const added = { item: draft, confirmed: false, bound: null };
    this.#added = [added, ...this.#added];
    return added;
  }

  /** Items are being changed. */
  change(change: Change<Item>): Overlay<Item> {
    const overlay = { change };
    this.#changes.add(overlay);
    return overlay;
  }

  drop(overlay: Overlay<Item>): void {
    if ("change" in overlay) this.#changes.delete(overlay);
    else this.#added = this.#added.filter((added) => added !== overlay);
  }

  /**
   * An item arrived live: the draft that it came of is not shown any more. Its answer says later whether that was
   * right; until then the kind of the item decides.
   */
  bind(item: Item, same: (draft: Item, item: Item) => boolean): void {
    const draft = this.#added.findLast(
      (added) => !added.confirmed && added.bound === null && same(added.item, item),
    );
    if (draft) draft.bound = item.id;
  }

  /**
   * The creation was answered. The item stays on top until its event says between which others it belongs; where no
   * event will come, or it has, it is not needed here.
   */
  confirm(overlay: Overlay<Item>, item: Item, delivered: boolean): void {
    if ("change" in overlay) return;
    if (delivered || overlay.bound === item.id) return this.drop(overlay);
    overlay.item = item;
    overlay.confirmed = true;
    overlay.bound = null;
  }

  /** The item of this id is in the lists now. */
  delivered(id: string): void {
    this.#added = this.#added.filter((added) => !added.confirmed || added.item.id !== id);
  }

  /** What was created and answered so far is in every page that is read from now on, or gone again. */
  confirmed(): ReadonlySet<string> {
    return new Set(this.#added.filter(({ confirmed }) => confirmed).map(({ item }) => item.id));
  }

  forget(ids: ReadonlySet<string>): void {
    this.#added = this.#added.filter((added) => !added.confirmed || !ids.has(added.item.id));
  }

  forgetConfirmed(): void {
    this.forget(this.confirmed());
  }

  /** A change succeeded: items that are still on top are changed as those in the lists are. */
  settleAdded(change: Change<Item>): void {
    this.#added = this.#added.flatMap((added) => {
      const item = change(added.item);
      if (item) added.item = item;
      return item ? [added] : [];
    });
  }

  /** What is to be shown for these items of the server. */
  over(base: readonly Item[]): readonly Item[] {
    const present = new Set(base.map(({ id }) => id));
    const added = this.#added.filter(({ item, bound }) => !present.has(item.id) && !present.has(bound ?? ""));
    const changes = [...this.#changes];
    if (added.length === 0 && changes.length === 0) return base;
    return [...added.map(({ item }) => item), ...base].flatMap((item) => {
      let shown: Item | null = item;
      for (const { change } of changes) shown = shown && change(shown);
      return shown ? [shown] : [];
    });
  }
}
