/**
 * What somebody writes but has not sent, kept in the tab's storage: it survives a reload, a crash and a refusal.
 */
export interface Draft {
  text: string;
  anonymous: boolean;
}

interface Stored extends Draft {
  returned: Draft[];
}

export class Drafts {
  private value: Stored;

  constructor(
    private readonly storage: Pick<Storage, "getItem" | "setItem" | "removeItem">,
    private readonly key: string,
  ) {
    this.value = this.read();
  }

  get current(): Draft {
    return { text: this.value.text, anonymous: this.value.anonymous };
  }

  /** Questions that the server refused and that did not fit back into the box. */
  get returned(): readonly Draft[] {
    return this.value.returned;
  }

  write(draft: Draft): void {
    this.value = { ...this.value, ...draft };
    this.save();
  }

  /** Takes back a refused question: into the box when that is empty, else beside it. */
  giveBack(draft: Draft): void {
    if (this.value.text.trim() === "") this.value = { ...this.value, ...draft };
    else this.value = { ...this.value, returned: [...this.value.returned, draft] };
    this.save();
  }

  /** Removes a returned question and answers it. */
  take(index: number): Draft | undefined {
    const draft = this.value.returned[index];
    this.value = { ...this.value, returned: this.value.returned.filter((_draft, i) => i !== index) };
    this.save();
    return draft;
  }

  private read(): Stored {
    const empty: Stored = { text: "", anonymous: false, returned: [] };
    try {
      const stored = JSON.parse(this.storage.getItem(this.key) ?? "null") as Partial<Stored> | null;
      if (!stored || typeof stored.text !== "string") return empty;
      const returned = Array.isArray(stored.returned) ? stored.returned : [];
      return { text: stored.text, anonymous: stored.anonymous === true, returned };
    } catch {
      return empty;
    }
  }

  private save(): void {
    try {
      const { text, returned } = this.value;
      if (text === "" && returned.length === 0) this.storage.removeItem(this.key);
      else this.storage.setItem(this.key, JSON.stringify(this.value));
    } catch {
      // Without storage the words live as long as the page.
    }
  }
}
