/** Asks the person for the PIN in the page's own panel, beside everything else: no dialog stands before Stop. */
class Pin {
  wanted = $state(false);

  #waiting: ((given: boolean) => void)[] = [];

  /** True once the server has taken the PIN, false when the person gives up. */
  ask(): Promise<boolean> {
    this.wanted = true;
    return new Promise((tell) => this.#waiting.push(tell));
  }

  settle(given: boolean): void {
    this.wanted = false;
    for (const tell of this.#waiting.splice(0)) tell(given);
  }
}

export const pin = new Pin();
