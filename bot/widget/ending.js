import { button, make } from "./dom.js";

/** Asks whether the conversation is to end, and how it was. */
export class Ending {
  /** `on` has what the buttons do: `restart` and `goOn`. */
  constructor(on) {
    this.on = on;
    this.element = make("section", { class: "ending", "aria-labelledby": "ending", hidden: true, onkeydown: (event) => this.onKey(event) });
  }

  /** `rating` is left out where the customer has rated already. */
  ask(texts, rating) {
    const heading = make("h3", { id: "ending", tabindex: "-1" }, texts.ending);
    const choices = make("div", { class: "choices" }, button("", this.on.restart, texts.restart), button("", this.on.goOn, texts.go_on));
    this.element.replaceChildren(heading, ...(rating ? [rating] : []), choices);
    this.element.hidden = false;
    heading.focus();
  }

  close() {
    this.element.hidden = true;
  }

  onKey(event) {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    this.on.goOn();
  }
}
