import { Composer } from "./composer.js";
import { button, icon, make } from "./dom.js";
import { Drawing } from "./drawing.js";
import { Ending } from "./ending.js";
import { Feed } from "./feed.js";
import { Log } from "./log.js";
import { Outbox } from "./outbox.js";
import { ask, base, Conversation, expected, isAway, memory, newId, script, takeTicket } from "./server.js";

// The widget then covers the page: as in widget.css.
const COVERS = matchMedia("(max-width: 480px), (max-height: 420px)");
// A focus in the box would bring up a keyboard over what is to be read.
const TOUCHES = matchMedia("(pointer: coarse)");
const RATABLE = "filed";

class GuichetWidget extends HTMLElement {
  constructor() {
    super();
    this.attachShadow({ mode: "open" });
    this.drawing = new Drawing({
      choose: (choice) => this.choose(choice),
      save: (file) => this.attempt(() => this.conversation.save(`attachments/${file.id}`, file.name)),
      link: (place) => this.attempt(async () => this.showLink(place, await this.conversation.post("link"))),
      thumb: (message, helpful, comment) => this.attempt(() => this.conversation.post("feedback", { message_id: message.id, helpful, comment })),
      rate: (satisfaction) => this.attempt(() => this.rate(satisfaction)),
    });
    this.log = new Log(this.drawing);
    this.composer = new Composer({
      say: (text) => this.enqueue({ text }, text),
      attach: (files) => this.attach(files),
      typing: () => this.outbox.isBusy && this.feed.tellTyping(),
    });
    this.ending = new Ending({ restart: () => this.restart(), goOn: () => this.goOn() });
    this.outbox = new Outbox({
      state: (item, state, problem) => this.onState(item, state, problem),
      answer: (item, answer) => this.onAnswer(item, answer),
      refusal: (item, problem) => this.onRefusal(item, problem),
    });
    this.feed = new Feed({ catchUp: () => this.catchUp(), hear: (message) => this.hear(message) });
  }

  connectedCallback() {
    if (this.root) return;
    this.build();
    this.start();
  }

  disconnectedCallback() {
    this.feed.close();
  }

  get texts() {
    return this.drawing.words.texts;
  }

  get language() {
    return this.drawing.words?.language;
  }

  // Building

  build() {
    const styles = make("link", { rel: "stylesheet", href: `${base}/widget.css` });
    styles.addEventListener("load", () => this.root.removeAttribute("hidden"));
    this.launcherText = make("span");
    this.launcher = button("launcher", () => (this.panel.hidden ? this.open({ opener: this.launcher }) : this.close()), icon("open"), this.launcherText);
    this.launcher.setAttribute("aria-controls", "panel");
    this.launcher.setAttribute("aria-expanded", "false");
    this.heading = make("h2", { id: "title" });
    this.subtitle = make("p", { class: "subtitle" });
    this.menu = make("select", { class: "language", onchange: () => this.changeLanguage(this.menu.value) });
    this.saver = button("tool", () => this.attempt(() => this.conversation.save(`transcript?language=${this.language}`, `${this.heading.textContent}.txt`)), icon("save"));
    this.again = button("tool", () => this.askToEnd(), icon("again"));
    this.closer = button("tool", () => this.close(), icon("close"));
    this.notice = make("p", { class: "notice", role: "alert" });
    this.privacy = make("p", { class: "privacy", id: "privacy" });
    this.panel = make(
      "section",
      { id: "panel", class: "panel", role: "dialog", "aria-labelledby": "title", hidden: true, onkeydown: (event) => this.onPanelKey(event) },
      make("div", { class: "head" }, make("div", { class: "heading" }, this.heading, this.subtitle), make("div", { class: "tools" }, this.menu, this.saver, this.again, this.closer)),
      this.log.element,
      make("div", { class: "foot" }, this.notice, this.ending.element, this.composer.element, this.privacy),
    );
    this.root = make("div", { class: "root", hidden: true }, this.panel, this.launcher);
    this.shadowRoot.append(styles, this.root);
  }

  async start() {
    const ticket = takeTicket();
    try {
      await this.loadTexts(memory.read().language || this.getAttribute("language"));
    } catch (problem) {
      if (!isAway(problem)) throw problem;
      return; // The server is away: no button is better than a dead one.
    }
    for (const opener of document.querySelectorAll("[data-guichet-open]")) {
      opener.hidden = false;
      opener.addEventListener("click", () => this.open({ opener }));
    }
    if (ticket) await this.exchange(ticket);
    else if (memory.read().isOpen) await this.open({ takeFocus: false });
  }

  async loadTexts(language) {
    const wanted = language || (navigator.language || "en").split("-")[0];
    let words;
    try {
      words = await ask(`/widget/texts/${encodeURIComponent(wanted)}`);
    } catch (problem) {
      if (problem.status !== 404) throw problem; // A language that is not offered.
      words = await ask("/widget/texts/default");
    }
    this.drawing.words = words;
    const { texts } = words;
    this.root.lang = words.language;
    this.launcherText.textContent = texts.launcher;
    this.heading.textContent = words.operator;
    this.subtitle.textContent = texts.subtitle;
    this.privacy.textContent = texts.privacy;
    this.composer.label(words);
    this.menu.setAttribute("aria-label", texts.language);
    this.log.said.setAttribute("aria-label", texts.log_label);
    for (const [tool, key] of [[this.saver, "download"], [this.again, "restart"], [this.closer, "close"]]) {
      tool.setAttribute("aria-label", texts[key]);
      tool.title = texts[key];
    }
    this.menu.replaceChildren(...words.languages.map(({ tag, name }) => make("option", { value: tag, lang: tag, selected: tag === words.language }, name)));
  }

  // Opening and closing

  async open({ opener, takeFocus = true } = {}) {
    this.opener = opener || this.launcher;
    this.panel.hidden = false;
    this.panel.setAttribute("aria-modal", String(COVERS.matches));
    this.launcher.setAttribute("aria-expanded", "true");
    memory.write({ isOpen: true });
    if (takeFocus) this.restFocus();
    if (!this.conversation) await this.resume();
    if (this.conversation) this.feed.open(this.conversation);
    this.log.scrollDown();
  }

  /** Where the next thing is read or written. */
  restFocus() {
    (TOUCHES.matches ? this.log.said : this.composer).focus();
  }

  close() {
    this.panel.hidden = true;
    this.launcher.setAttribute("aria-expanded", "false");
    memory.write({ isOpen: false });
    this.opener.focus();
  }

  onPanelKey(event) {
    if (event.key === "Escape") this.close();
    if (event.key !== "Tab" || !COVERS.matches) return;
    // The page behind is covered: the focus goes round in here.
    const stops = [...this.panel.querySelectorAll("a[href], button, input, select, textarea, [tabindex='0']")].filter((each) => each.checkVisibility());
    const [first, last] = [stops[0], stops.at(-1)];
    if (this.shadowRoot.activeElement !== (event.shiftKey ? first : last)) return;
    event.preventDefault();
    (event.shiftKey ? last : first).focus();
  }

  async exchange(ticket) {
    try {
      memory.write(await ask("/api/v1/conversations/resume", { body: { ticket } }));
      await this.open();
      this.tell(this.texts.resumed);
    } catch (problem) {
      expected(problem);
      await this.open();
      if (isAway(problem)) this.tellAway();
      else this.tell(this.texts.link_expired, this.link("status", "reference"));
    }
  }

  /** Go on with the stored conversation, or begin one. */
  async resume() {
    const stored = memory.read();
    if (!stored.token) return this.begin();
    try {
      const conversation = new Conversation(stored);
      const found = await conversation.since();
      if (found.language !== this.language) await this.loadTexts(found.language);
      this.enter(conversation, found.messages, found.stage);
    } catch (problem) {
      if (isAway(expected(problem))) this.tellAway();
      else await this.begin();
    }
  }

  async begin() {
    try {
      const opened = await ask("/api/v1/conversations", { body: { language: this.language } });
      const { conversation, token, language } = opened;
      memory.write({ conversation, token, language, rated: false });
      this.enter(new Conversation(opened), opened.messages);
    } catch (problem) {
      expected(problem);
      this.tellAway();
    }
  }

  enter(conversation, messages, stage) {
    this.conversation = conversation;
    this.stage = stage;
    this.log.showEarlier(() => {
      for (const message of messages) this.show(message);
      for (const item of this.outbox.open(conversation)) if (!item.entry) this.drawUnsent(item);
    });
    this.outbox.pump();
  }

  // Ending

  askToEnd() {
    if (!this.log.hasCustomer) return this.restart();
    this.composer.element.hidden = true;
    this.log.withdrawRating();
    this.ending.ask(this.texts, memory.read().rated ? null : this.drawing.rating());
  }

  goOn() {
    this.ending.close();
    this.composer.element.hidden = false;
    this.restFocus();
  }

  async restart() {
    this.feed.close();
    this.outbox.clear();
    this.conversation = null;
    this.log.clear();
    this.tell("");
    this.goOn();
    await this.begin();
    if (this.conversation) this.feed.open(this.conversation);
  }

  async rate(satisfaction) {
    memory.write({ rated: true });
    await this.conversation.post("feedback", { scope: "conversation", satisfaction });
  }

  // Telling

  /** Do what the customer pressed; say so when it does not work. */
  async attempt(action) {
    try {
      await action();
    } catch (problem) {
      if (isAway(expected(problem))) this.tellAway();
      else this.tell(problem.detail || this.texts.failed);
    }
  }

  link(page, text) {
    return make("a", { href: `${base}/${page}?language=${this.language}` }, this.texts[text]);
  }

  tellAway() {
    if (navigator.onLine) this.tell(this.texts.unavailable, this.link("contact", "contact"));
    else this.tell(this.texts.offline);
  }

  tell(text, link) {
    this.notice.replaceChildren(text, ...(link ? [" ", link] : []));
    if (text) this.log.scrollDown();
  }

  showLink(place, link) {
    const parts = this.drawing.link(link);
    place.replaceChildren(...parts);
    parts[1].focus();
  }

  // Sending

  choose(choice) {
    this.enqueue({ choice: choice.payload }, choice.title);
    this.restFocus();
  }

  changeLanguage(tag) {
    this.enqueue({ choice: `/change_language{"language":"${tag}"}` }, this.menu.selectedOptions[0].textContent);
  }

  enqueue(body, shown) {
    this.log.withdrawChoices();
    this.drawUnsent(this.outbox.add(body, shown));
    this.log.scrollDown();
    if (this.conversation) this.outbox.pump();
    else this.open({ opener: this.opener }); // The server was away when it was opened.
  }

  drawUnsent(item) {
    item.entry = this.log.add(item.shown);
    this.log.setState(item.entry, navigator.onLine ? "sending" : "queued");
  }

  onState(item, state, problem) {
    this.log.setState(item.entry, state, () => this.outbox.retry());
    this.showTyping(state === "sending");
    if (problem?.detail && problem.status < 500) this.tell(problem.detail);
    else if (problem) this.tellAway();
  }

  async onAnswer(item, answer) {
    this.log.adopt(item.entry, answer.message_id);
    this.showTyping(this.outbox.isBusy && this.outbox.items.length);
    this.tell("");
    this.stage = answer.stage;
    for (const message of answer.messages) this.show(message);
    memory.write({ language: answer.language });
    if (answer.language !== this.language) await this.attempt(() => this.loadTexts(answer.language));
    if (answer.stage === RATABLE && !memory.read().rated) this.log.askForRating();
  }

  onRefusal(item, problem) {
    if (item.body.text) this.composer.write(item.body.text);
    item.entry.remove();
    this.showTyping(false);
    this.tell(problem.detail || this.texts.failed);
  }

  showTyping(isTyping) {
    this.log.showTyping(isTyping, isTyping && this.stage !== "handed_over" ? this.texts.typing : "");
  }

  attach(files) {
    for (const file of files) this.attachOne(file, newId());
  }

  async attachOne(file, id, entry) {
    if (!this.conversation) return this.tellAway();
    if (file.size > this.drawing.words.attachments.largest_bytes) {
      return this.tell(`${this.texts.attach_failed.replace("{name}", file.name)} ${this.composer.hint}`);
    }
    entry ||= this.log.add(file.name);
    entry.dataset.client = id;
    this.log.setState(entry, "sending");
    this.log.scrollDown();
    try {
      const { message, messages } = await this.conversation.attach(file, id);
      this.tell("");
      this.log.replace(entry, message);
      for (const each of messages) this.show(each);
    } catch (problem) {
      if (isAway(expected(problem))) return this.log.setState(entry, "failed", () => this.attachOne(file, id, entry));
      entry.remove();
      this.tell(problem.detail || this.texts.attach_failed.replace("{name}", file.name));
    }
  }

  // Showing

  /** One live message; the customer's own are known by the id they were sent with. */
  hear(message) {
    const id = message.client_message_id;
    const item = id && this.outbox.acknowledge(id);
    if (item) return this.log.adopt(item.entry, message.id, message.text);
    const entry = this.log.sentAs(id);
    if (entry) return this.log.replace(entry, message);
    this.show(message);
  }

  /** What is said now answers what was sent; what is still to be sent comes after. */
  show(message) {
    const unsent = this.outbox.items.find((item) => item.entry && !item.entry.dataset.id && !item.isPosting);
    this.log.show(message, unsent?.entry);
  }

  /** Fetch what was missed. What is just being answered comes with its answer. */
  async catchUp() {
    if (this.outbox.isBusy || !this.conversation) return;
    const { messages, stage } = await this.conversation.since(this.log.latest);
    this.stage = stage;
    for (const message of messages) this.show(message);
    this.outbox.retry();
  }
}

customElements.define("guichet-widget", GuichetWidget);
if (!document.querySelector("guichet-widget")) {
  const widget = document.createElement("guichet-widget");
  if (script.dataset.language) widget.setAttribute("language", script.dataset.language);
  const place = () => document.body.append(widget);
  if (document.body) place();
  else document.addEventListener("DOMContentLoaded", place);
}
