import { button, icon, make, withLinks } from "./dom.js";
import { Drawing } from "./drawing.js";
import { Feed } from "./feed.js";
import { Outbox } from "./outbox.js";
import { ask, base, Conversation, expected, isAway, memory, script } from "./server.js";

// The widget then covers the page: as in widget.css.
const COVERS = matchMedia("(max-width: 480px), (max-height: 420px)");
const TICKET = "#resume:";
const RATABLE = "filed";

class GuichetWidget extends HTMLElement {
  constructor() {
    super();
    this.attachShadow({ mode: "open" });
    this.seen = new Set();
    this.drawing = new Drawing({
      choose: (choice) => this.choose(choice),
      save: (file) => this.attempt(() => this.conversation.save(`attachments/${file.id}`, file.name)),
      link: (place) => this.attempt(async () => this.showLink(place, await this.conversation.post("link"))),
      thumb: (message, helpful, comment) => this.attempt(() => this.conversation.post("feedback", { message_id: message.id, helpful, comment })),
      rate: (satisfaction) => this.attempt(() => this.rate(satisfaction)),
    });
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
    this.log = make("ol", { class: "log" });
    this.said = make("div", { class: "said", role: "log", "aria-live": "polite", tabindex: "0" }, this.log);
    this.typing = make("p", { class: "typing", role: "status" });
    this.area = make("div", { class: "scroll" }, this.said, this.typing);
    this.notice = make("p", { class: "notice", role: "alert" });
    this.ending = make("section", { class: "ending", "aria-labelledby": "ending", hidden: true, onkeydown: (event) => this.onEndingKey(event) });
    this.picker = make("input", { type: "file", multiple: true, hidden: true, onchange: () => this.attach(this.picker.files) });
    this.clip = button("clip", () => this.picker.click(), icon("clip"));
    this.box = make("textarea", { rows: "1", enterkeyhint: "send", "aria-describedby": "privacy", oninput: () => this.onInput(), onkeydown: (event) => this.onKey(event), onpaste: (event) => this.attach(event.clipboardData.files) });
    this.sender = make("button", { class: "send", type: "submit" }, icon("send"));
    this.privacy = make("p", { class: "privacy", id: "privacy" });
    this.form = make("form", { class: "composer", onsubmit: (event) => this.onSubmit(event) }, this.clip, this.picker, this.box, this.sender);
    this.panel = make(
      "section",
      { id: "panel", class: "panel", role: "dialog", "aria-labelledby": "title", hidden: true, onkeydown: (event) => this.onPanelKey(event) },
      make("div", { class: "head" }, make("div", { class: "heading" }, this.heading, this.subtitle), make("div", { class: "tools" }, this.menu, this.saver, this.again, this.closer)),
      this.area,
      make("div", { class: "foot" }, this.notice, this.ending, this.form, this.privacy),
    );
    this.root = make("div", { class: "root", hidden: true }, this.panel, this.launcher);
    this.shadowRoot.append(styles, this.root);
  }

  async start() {
    const ticket = this.takeTicket();
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
    this.box.placeholder = texts.placeholder;
    this.privacy.textContent = texts.privacy;
    this.picker.accept = words.attachments.types.join();
    const labels = [[this.menu, "language"], [this.saver, "download"], [this.again, "restart"], [this.closer, "close"], [this.sender, "send"], [this.clip, "attach"], [this.picker, "attach"], [this.box, "message_label"], [this.said, "log_label"]];
    for (const [element, key] of labels) element.setAttribute("aria-label", texts[key]);
    for (const [element, key] of [[this.saver, "download"], [this.again, "restart"], [this.closer, "close"]]) element.title = texts[key];
    this.clip.title = `${texts.attach}. ${texts.attach_hint.replace("{megabytes}", Math.floor(words.attachments.largest_bytes / 2 ** 20))}`;
    this.menu.replaceChildren(...words.languages.map(({ tag, name }) => make("option", { value: tag, lang: tag, selected: tag === words.language }, name)));
  }

  // Opening and closing

  async open({ opener, takeFocus = true } = {}) {
    this.opener = opener || this.launcher;
    this.panel.hidden = false;
    this.panel.setAttribute("aria-modal", String(COVERS.matches));
    this.launcher.setAttribute("aria-expanded", "true");
    memory.write({ isOpen: true });
    if (takeFocus) this.box.focus();
    if (!this.conversation) await this.resume();
    if (this.conversation) this.feed.open(this.conversation);
    this.scrollDown();
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

  /** The ticket of a link, which leaves the address at once. */
  takeTicket() {
    if (!location.hash.startsWith(TICKET)) return null;
    const ticket = location.hash.slice(1);
    history.replaceState(null, "", location.pathname + location.search);
    return ticket;
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
    // What was said before is not read out again.
    this.said.setAttribute("aria-busy", "true");
    for (const message of messages) this.show(message);
    for (const item of this.outbox.open(conversation)) if (!item.entry) this.drawUnsent(item);
    this.said.removeAttribute("aria-busy");
    this.outbox.pump();
  }

  // Ending

  askToEnd() {
    if (!this.log.querySelector("li.customer")) return this.restart();
    const { texts } = this;
    this.ending.replaceChildren(
      make("h3", { id: "ending", tabindex: "-1" }, texts.ending),
      ...(memory.read().rated ? [] : [this.drawing.rating()]),
      make("div", { class: "choices" }, button("", () => this.restart(), texts.restart), button("", () => this.goOn(), texts.go_on)),
    );
    this.showEnding(true);
    this.ending.querySelector("h3").focus();
  }

  showEnding(isShown) {
    this.ending.hidden = !isShown;
    this.form.hidden = isShown;
  }

  onEndingKey(event) {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    this.goOn();
  }

  goOn() {
    this.showEnding(false);
    this.box.focus();
  }

  async restart() {
    this.feed.close();
    this.outbox.clear();
    this.conversation = this.latest = null;
    this.seen.clear();
    this.log.replaceChildren();
    this.typing.textContent = "";
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
    if (text) this.scrollDown();
  }

  showLink(place, link) {
    const parts = this.drawing.link(link);
    place.replaceChildren(...parts);
    parts[1].focus();
  }

  // Sending

  onKey(event) {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      this.form.requestSubmit();
    }
  }

  onInput() {
    this.grow();
    if (this.outbox.isBusy) this.feed.tellTyping();
  }

  onSubmit(event) {
    event.preventDefault();
    const text = this.box.value.trim();
    this.box.focus();
    if (!text) return;
    this.box.value = "";
    this.grow();
    this.enqueue({ text }, text);
  }

  choose(choice) {
    this.enqueue({ choice: choice.payload }, choice.title);
    this.box.focus();
  }

  changeLanguage(tag) {
    this.enqueue({ choice: `/change_language{"language":"${tag}"}` }, this.menu.selectedOptions[0].textContent);
  }

  enqueue(body, shown) {
    this.withdrawChoices();
    this.drawUnsent(this.outbox.add(body, shown));
    this.scrollDown();
    if (this.conversation) this.outbox.pump();
    else this.open({ opener: this.opener }); // The server was away when it was opened.
  }

  /** What the customer says is shown at once, and then how it fares. */
  drawUnsent(item) {
    item.entry = this.drawing.message({ sender: "customer", text: item.shown, language: this.language });
    this.log.append(item.entry);
    this.setState(item.entry, navigator.onLine ? "sending" : "queued");
  }

  onState(item, state, problem) {
    this.setState(item.entry, state, () => this.outbox.retry());
    this.showTyping(state === "sending");
    if (problem?.detail && problem.status < 500) this.tell(problem.detail);
    else if (problem) this.tellAway();
  }

  async onAnswer(item, answer) {
    this.adopt(item.entry, answer.message_id);
    this.showTyping(this.outbox.isBusy && this.outbox.items.length);
    this.tell("");
    this.stage = answer.stage;
    for (const message of answer.messages) this.show(message);
    memory.write({ language: answer.language });
    if (answer.language !== this.language) await this.attempt(() => this.loadTexts(answer.language));
    if (answer.stage === RATABLE && !memory.read().rated && !this.log.querySelector(".rating")) {
      this.log.append(make("li", { class: "bot" }, this.drawing.rating()));
    }
  }

  onRefusal(item, problem) {
    if (item.body.text) this.box.value = item.body.text;
    this.grow();
    item.entry.remove();
    this.showTyping(false);
    this.tell(problem.detail || this.texts.failed);
  }

  /** An entry has its place in the server's transcript. */
  adopt(entry, id, text) {
    this.seen.add(id);
    this.setState(entry, "sent");
    // It may have come already, from before a reload.
    if (id && this.log.querySelector(`[data-id="${id}"]`) && entry.dataset.id !== id) return entry.remove();
    if (id) entry.dataset.id = id;
    // As the server stored it: with what is nobody's business masked.
    if (text != null) entry.querySelector(".words")?.replaceChildren(...withLinks(text));
  }

  setState(entry, state, retry) {
    const line = entry.querySelector(".state");
    line.replaceChildren(this.texts[state]);
    entry.dataset.state = state;
    if (state === "failed" || state === "queued") {
      if (retry) line.append(" ", button("", retry, this.texts.retry));
    }
  }

  showTyping(isTyping) {
    this.typing.textContent = isTyping && this.stage !== "handed_over" ? this.texts.typing : "";
    if (isTyping) this.scrollDown();
  }

  attach(files) {
    for (const file of files) this.attachOne(file, crypto.randomUUID());
    this.picker.value = "";
  }

  async attachOne(file, id, entry) {
    if (!this.conversation) return this.tellAway();
    if (file.size > this.drawing.words.attachments.largest_bytes) {
      return this.tell(`${this.texts.attach_failed.replace("{name}", file.name)} ${this.clip.title}`);
    }
    if (!entry) {
      entry = this.drawing.message({ sender: "customer", text: file.name, language: this.language });
      this.log.append(entry);
    }
    entry.dataset.client = id;
    this.setState(entry, "sending");
    this.scrollDown();
    try {
      const { message, messages } = await this.conversation.attach(file, id);
      this.tell("");
      this.place(entry, message);
      for (const each of messages) this.show(each);
    } catch (problem) {
      if (isAway(expected(problem))) return this.setState(entry, "failed", () => this.attachOne(file, id, entry));
      entry.remove();
      this.tell(problem.detail || this.texts.attach_failed.replace("{name}", file.name));
    }
  }

  /** Put the server's message in the place of what was shown at once. */
  place(entry, message) {
    if (entry.dataset.id) return;
    this.withdrawChoices();
    const drawn = this.drawing.message(message);
    entry.replaceWith(drawn);
    this.adopt(drawn, message.id);
  }

  // Showing

  /** One live message; the customer's own are known by the id they were sent with. */
  hear(message) {
    const id = message.client_message_id;
    const item = id && this.outbox.acknowledge(id);
    if (item) return this.adopt(item.entry, message.id, message.text);
    const entry = id && this.log.querySelector(`[data-client="${id}"]`);
    if (entry) return this.place(entry, message);
    this.show(message);
  }

  show(message) {
    if (this.seen.has(message.id)) return;
    this.seen.add(message.id);
    this.latest = message.id;
    if (message.sender === "customer") this.withdrawChoices();
    const drawn = this.drawing.message(message);
    // What is said now answers what was sent; what is still to be sent comes after.
    const unsent = this.outbox.items.find((item) => item.entry && !item.entry.dataset.id && !item.isPosting);
    this.log.insertBefore(drawn, unsent ? unsent.entry : null);
    this.scrollDown();
  }

  /** Choices answer what was said last: once the customer speaks they are gone. */
  withdrawChoices() {
    for (const group of this.log.querySelectorAll("li > .choices")) group.remove();
  }

  /** To the end, but never past what the customer said last: answers are read from their start. */
  scrollDown() {
    const mine = [...this.log.querySelectorAll(":scope > li.customer, :scope > li.agent")].pop();
    const end = this.area.scrollHeight - this.area.clientHeight;
    this.area.scrollTop = mine ? Math.min(end, mine.offsetTop - 12) : end;
  }

  grow() {
    this.box.rows = Math.min(6, this.box.value.split("\n").length + Math.floor(this.box.value.length / 60));
  }

  /** Fetch what was missed. What is just being answered comes with its answer. */
  async catchUp() {
    if (this.outbox.isBusy || !this.conversation) return;
    const { messages, stage } = await this.conversation.since(this.latest);
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
