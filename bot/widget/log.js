import { button, make, withLinks } from "./dom.js";
import { YES } from "./drawing.js";

/** What was said, in order, each message once. */
export class Log {
  constructor(drawing) {
    this.drawing = drawing;
    this.seen = new Set();
    this.latest = null;
    this.list = make("ol", { class: "log" });
    this.said = make("div", { class: "said", role: "log", "aria-live": "polite", tabindex: "0" }, this.list);
    this.typing = make("p", { class: "typing", role: "status" });
    this.element = make("div", { class: "scroll" }, this.said, this.typing);
  }

  get hasCustomer() {
    return this.list.querySelector("li.customer") != null;
  }

  clear() {
    this.seen.clear();
    this.latest = null;
    this.list.replaceChildren();
    this.typing.textContent = "";
  }

  /** What `draw` shows was said before, and is not read out again. */
  showEarlier(draw) {
    this.said.setAttribute("aria-busy", "true");
    draw();
    this.said.removeAttribute("aria-busy");
  }

  /** Show a message of the server, before the entry of one that is still to be sent. */
  show(message, unsent) {
    if (this.seen.has(message.id)) return;
    this.seen.add(message.id);
    this.latest = message.id;
    if (message.sender === "customer") this.withdrawChoices();
    this.list.insertBefore(this.drawing.message(message, this.askedAbout(message, unsent)), unsent || null);
    this.scrollDown();
  }

  /**
   * The id of the answer right above that this yes-or-no question asks about. Its thumbs
   * give way: an answer is asked about once.
   */
  askedAbout(message, unsent) {
    if (message.choices?.map(({ payload }) => payload).join() !== `${YES},/deny`) return null;
    const above = unsent ? unsent.previousElementSibling : this.list.lastElementChild;
    const thumbs = above?.querySelector(":scope > .thumbs");
    thumbs?.remove();
    return thumbs ? above.dataset.id : null;
  }

  /** What the customer says is shown at once, and then how it fares. */
  add(text) {
    const entry = this.drawing.message({ sender: "customer", text, language: this.drawing.words.language });
    this.list.append(entry);
    return entry;
  }

  askForRating() {
    if (!this.list.querySelector(".rating")) this.list.append(make("li", { class: "bot" }, this.drawing.rating()));
  }

  withdrawRating() {
    this.list.querySelector("li:has(.rating)")?.remove();
  }

  /** The entry of what was sent with this id of ours. */
  sentAs(id) {
    return id && this.list.querySelector(`[data-client="${id}"]`);
  }

  /** An entry has its place in the server's transcript. */
  adopt(entry, id, text) {
    this.seen.add(id);
    this.setState(entry, "sent");
    // It may have come already, from before a reload.
    if (id && this.list.querySelector(`[data-id="${id}"]`) && entry.dataset.id !== id) return entry.remove();
    if (id) entry.dataset.id = id;
    // As the server stored it: with what is nobody's business masked.
    if (text != null) entry.querySelector(".words")?.replaceChildren(...withLinks(text));
  }

  /** Put the server's message in the place of what was shown at once. */
  replace(entry, message) {
    if (entry.dataset.id) return;
    this.withdrawChoices();
    const drawn = this.drawing.message(message);
    entry.replaceWith(drawn);
    this.adopt(drawn, message.id);
  }

  setState(entry, state, retry) {
    const { texts } = this.drawing.words;
    const line = entry.querySelector(".state");
    line.replaceChildren(texts[state]);
    entry.dataset.state = state;
    if (retry && (state === "failed" || state === "queued")) line.append(" ", button("", retry, texts.retry));
  }

  showTyping(isTyping, text) {
    this.typing.textContent = text;
    if (isTyping) this.scrollDown();
  }

  /** Choices answer what was said last: once the customer speaks they are gone. */
  withdrawChoices() {
    for (const group of this.list.querySelectorAll("li > .choices")) group.remove();
  }

  /**
   * To the end, but never past what the customer said last: answers, and the greeting,
   * are read from their start. Of the customer's words at most a third of the height stays.
   */
  scrollDown() {
    const mine = [...this.list.querySelectorAll(":scope > li.customer, :scope > li.agent")].pop();
    const { scrollHeight, clientHeight } = this.element;
    const end = scrollHeight - clientHeight;
    const own = mine?.matches(".customer") ? Math.max(0, mine.offsetHeight - clientHeight / 3) : 0;
    this.element.scrollTop = mine ? Math.min(end, mine.offsetTop + own - 12) : 0;
  }
}
