/*
 * Guichet's chat widget: one custom element, no dependencies.
 *
 *   <script src="https://…/widget.js" data-language="sv" defer></script>
 *
 * It talks to the server that it was loaded from. Theme it from outside with the
 * --guichet-* variables of widget.css. Elements with `data-guichet-open` open it.
 */
(() => {
  "use strict";

  const script = document.currentScript;
  const base = new URL(script.src).origin;
  const POLL_SECONDS = 4;
  const LONGEST_RETRY_SECONDS = 30;

  /** What survives a reload: the conversation's id and token. */
  const memory = {
    key: `guichet:${base}`,
    read() {
      try {
        return JSON.parse(localStorage.getItem(this.key)) || {};
      } catch {
        return this.kept || {};
      }
    },
    write(value) {
      this.kept = value;
      try {
        localStorage.setItem(this.key, JSON.stringify(value));
      } catch {
        // Private windows may forbid it: the conversation then ends with the page.
      }
    },
  };

  class Problem extends Error {
    constructor(status, detail) {
      super(detail || `status ${status}`);
      this.status = status;
      this.detail = detail;
    }
  }

  class Offline extends Error {}

  /** The customer API. Throws Problem for a refusal, Offline when nothing answers. */
  class Api {
    constructor(opened) {
      this.opened = opened;
    }

    get path() {
      return `/api/v1/conversations/${this.opened.conversation}`;
    }

    static async call(path, body, token) {
      const headers = {};
      if (body !== undefined) headers["Content-Type"] = "application/json";
      if (token) headers.Authorization = `Bearer ${token}`;
      const request = { method: body === undefined ? "GET" : "POST", headers };
      if (body !== undefined) request.body = JSON.stringify(body);
      const response = await fetch(base + path, request).catch(() => {
        throw new Offline();
      });
      const answer = await response.json().catch(() => ({}));
      if (!response.ok) throw new Problem(response.status, answer.detail);
      return answer;
    }

    send(body) {
      return Api.call(`${this.path}/messages`, body, this.opened.token);
    }

    since(id) {
      const query = id ? `?after=${encodeURIComponent(id)}` : "";
      return Api.call(`${this.path}/messages${query}`, undefined, this.opened.token);
    }

    watch() {
      const url = base.replace(/^http/, "ws") + `${this.path}/events`;
      return new WebSocket(url, ["guichet", this.opened.token]);
    }
  }

  /** Whether the server could not be reached or was in trouble itself. */
  function isAway(problem) {
    return problem instanceof Offline || (problem instanceof Problem && problem.status >= 500);
  }

  /** Makes an element: attributes, then children; text is always plain text. */
  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (value === true) element.setAttribute(name, "");
      else if (value !== false && value != null) element.setAttribute(name, value);
    }
    element.append(...children.filter((child) => child != null));
    return element;
  }

  /** Text with its links made clickable; nothing else is interpreted. */
  function withLinks(text) {
    return text.split(/(https?:\/\/[^\s<>"]+[^\s<>".,;:!?)])/).map((part, place) =>
      place % 2 ? make("a", { href: part, target: "_blank", rel: "noopener" }, part.replace(/^https?:\/\/|[?#].*$/g, "")) : part,
    );
  }

  /** A message's text, in which the sentences that its citations quote are marked. */
  function withQuotes({ text, citations }) {
    const quote = citations?.map((citation) => citation.quote).find((each) => each && each !== text && text.includes(each));
    if (!quote) return withLinks(text);
    const [before, ...after] = text.split(quote);
    return [...withLinks(before), make("mark", {}, ...withLinks(quote)), ...withLinks(after.join(quote))];
  }

  function icon(path) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    const shape = document.createElementNS(svg.namespaceURI, "path");
    shape.setAttribute("d", path);
    svg.append(shape);
    return svg;
  }

  const ICONS = {
    open: "M4 5h16v11H9l-5 4z",
    close: "M6 6l12 12M18 6L6 18",
    send: "M4 12h14M12 5.5l6.5 6.5-6.5 6.5",
    save: "M12 4v11M7 10.5l5 5 5-5M5 20h14",
    again: "M19 12a7 7 0 1 1-2.2-5.1M19 3v4.5h-4.5",
  };

  class GuichetWidget extends HTMLElement {
    constructor() {
      super();
      this.attachShadow({ mode: "open" });
      this.seen = new Set();
      this.unsent = [];
      this.isSending = false;
    }

    connectedCallback() {
      if (this.texts) return;
      this.language = memory.read().language || this.getAttribute("language") || "";
      this.build();
      this.start();
      window.addEventListener("online", () => this.flush());
    }

    disconnectedCallback() {
      this.stopWatching();
    }

    // Building

    build() {
      const styles = make("link", { rel: "stylesheet", href: `${base}/widget.css` });
      styles.addEventListener("load", () => this.root.removeAttribute("hidden"));
      this.launcher = make(
        "button",
        { class: "launcher", type: "button", "aria-expanded": "false", "aria-controls": "panel", onclick: () => this.toggle() },
        icon(ICONS.open),
        (this.launcherText = make("span")),
      );
      this.heading = make("h2", { id: "title" });
      this.subtitle = make("p", { class: "subtitle" });
      this.menu = make("select", { class: "language", onchange: () => this.changeLanguage(this.menu.value) });
      this.saver = make("button", { class: "tool", type: "button", onclick: () => this.save() }, icon(ICONS.save));
      this.again = make("button", { class: "tool", type: "button", onclick: () => this.restart() }, icon(ICONS.again));
      this.closer = make("button", { class: "tool", type: "button", onclick: () => this.close() }, icon(ICONS.close));
      this.log = make("ol", { class: "log" });
      this.said = make("div", { class: "said", role: "log", "aria-live": "polite", tabindex: "0" }, this.log);
      this.typing = make("p", { class: "typing", role: "status" });
      this.notice = make("p", { class: "notice", role: "alert" });
      this.box = make("textarea", { rows: "1", enterkeyhint: "send", "aria-describedby": "privacy", oninput: () => this.grow(), onkeydown: (event) => this.onKey(event) });
      this.sender = make("button", { class: "send", type: "submit" }, icon(ICONS.send));
      this.privacy = make("p", { class: "privacy", id: "privacy" });
      this.form = make("form", { class: "composer", onsubmit: (event) => this.onSubmit(event) }, this.box, this.sender);
      this.panel = make(
        "section",
        { id: "panel", class: "panel", role: "dialog", "aria-labelledby": "title", hidden: true, onkeydown: (event) => event.key === "Escape" && this.close() },
        make("div", { class: "head" }, make("div", { class: "heading" }, this.heading, this.subtitle), this.menu, this.saver, this.again, this.closer),
        (this.area = make("div", { class: "scroll" }, this.said, this.typing)),
        make("div", { class: "foot" }, this.notice, this.form, this.privacy),
      );
      this.root = make("div", { class: "root", hidden: true }, this.panel, this.launcher);
      this.shadowRoot.append(styles, this.root);
    }

    async start() {
      try {
        await this.loadTexts(this.language);
      } catch (problem) {
        if (!isAway(problem)) throw problem;
        return; // The server is away: no button is better than a dead one.
      }
      for (const opener of document.querySelectorAll("[data-guichet-open]")) {
        opener.hidden = false;
        opener.addEventListener("click", () => this.open());
      }
      if (memory.read().isOpen) this.open({ takeFocus: false });
    }

    async loadTexts(language) {
      const wanted = language || (navigator.language || "en").split("-")[0];
      let loaded;
      try {
        loaded = await Api.call(`/widget/texts/${encodeURIComponent(wanted)}`);
      } catch (problem) {
        if (problem.status !== 404) throw problem; // A language that is not offered.
        loaded = await Api.call("/widget/texts/default");
      }
      this.texts = loaded.texts;
      this.language = loaded.language;
      this.locale = loaded.locale;
      this.timeZone = loaded.time_zone;
      this.root.lang = loaded.language;
      this.launcherText.textContent = this.texts.launcher;
      this.heading.textContent = loaded.operator;
      this.subtitle.textContent = this.texts.subtitle;
      this.box.placeholder = this.texts.placeholder;
      this.privacy.textContent = this.texts.privacy;
      const labels = [[this.menu, "language"], [this.saver, "download"], [this.again, "restart"], [this.closer, "close"], [this.sender, "send"], [this.box, "message_label"], [this.said, "log_label"]];
      for (const [element, key] of labels) element.setAttribute("aria-label", this.texts[key]);
      this.saver.title = this.texts.download;
      this.again.title = this.texts.restart;
      this.closer.title = this.texts.close;
      this.menu.replaceChildren(
        ...loaded.languages.map(({ tag, name }) => make("option", { value: tag, lang: tag, selected: tag === loaded.language }, name)),
      );
    }

    // Opening and closing

    toggle() {
      if (this.panel.hidden) this.open();
      else this.close();
    }

    async open({ takeFocus = true } = {}) {
      this.panel.hidden = false;
      this.launcher.setAttribute("aria-expanded", "true");
      this.remember({ isOpen: true });
      if (takeFocus) this.box.focus();
      if (!this.api) await this.resume();
      this.watch();
    }

    close() {
      this.panel.hidden = true;
      this.launcher.setAttribute("aria-expanded", "false");
      this.remember({ isOpen: false });
      this.launcher.focus();
    }

    remember(changes) {
      memory.write({ ...memory.read(), ...changes });
    }

    /** Go on with the stored conversation, or begin one. */
    async resume() {
      const stored = memory.read();
      try {
        if (stored.token) {
          const api = new Api(stored);
          const { messages } = await api.since();
          this.api = api;
          this.showAll(messages);
          return;
        }
      } catch (problem) {
        if (isAway(problem)) return this.tellAway();
        if (!(problem instanceof Problem)) throw problem;
      }
      await this.begin();
    }

    async begin() {
      try {
        const opened = await Api.call("/api/v1/conversations", { language: this.language });
        this.api = new Api(opened);
        this.remember({ conversation: opened.conversation, token: opened.token, language: opened.language });
        this.showAll(opened.messages);
      } catch (problem) {
        if (!(problem instanceof Problem) && !isAway(problem)) throw problem;
        this.tellAway();
      }
    }

    async restart() {
      this.stopWatching();
      this.api = null;
      this.unsent = [];
      this.seen.clear();
      this.log.replaceChildren();
      this.tell("");
      await this.begin();
      this.watch();
      this.box.focus();
    }

    /** The whole conversation as a text file; made here, from what the server has. */
    async save() {
      if (!this.api) return;
      try {
        const { messages } = await this.api.since();
        const file = new Blob([this.transcript(messages)], { type: "text/plain;charset=utf-8" });
        const address = URL.createObjectURL(file);
        make("a", { href: address, download: `${this.heading.textContent}.txt` }).click();
        setTimeout(() => URL.revokeObjectURL(address), 1000);
      } catch (problem) {
        if (!(problem instanceof Problem) && !isAway(problem)) throw problem;
        this.tellAway();
      }
    }

    transcript(messages) {
      const time = new Intl.DateTimeFormat(this.locale, { dateStyle: "medium", timeStyle: "short", timeZone: this.timeZone });
      const entries = messages.map((message) =>
        [
          `${time.format(new Date(message.sent_at))}  ${this.senderOf(message)}`,
          message.text,
          ...message.citations.map((citation) => `→ ${citation.title}: ${new URL(citation.url, base)}`),
          ...(message.case ? [["reference", message.case.reference], ...this.receiptRows(message.case)].map(([key, value]) => `${this.texts[key]}: ${value}`) : []),
        ].join("\n"),
      );
      return `${this.heading.textContent}\n\n${entries.join("\n\n")}\n`;
    }

    senderOf(message) {
      return { bot: this.texts.bot, agent: this.texts.agent, customer: this.texts.you }[message.sender];
    }

    tellAway() {
      this.tell(this.texts.unavailable, make("a", { href: `${base}/contact?language=${this.language}` }, this.texts.contact));
    }

    tell(text, link) {
      this.notice.replaceChildren(text, ...(link ? [" ", link] : []));
    }

    // Sending

    onKey(event) {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        this.form.requestSubmit();
      }
    }

    onSubmit(event) {
      event.preventDefault();
      const text = this.box.value.trim();
      if (!text) return this.box.focus();
      this.box.value = "";
      this.grow();
      this.enqueue({ text }, text);
      this.box.focus();
    }

    choose(choice) {
      this.enqueue({ choice: choice.payload }, choice.title);
      this.box.focus();
    }

    changeLanguage(tag) {
      const name = this.menu.selectedOptions[0].textContent;
      this.enqueue({ choice: `/change_language{"language":"${tag}"}` }, name);
    }

    /** Show what the customer says at once, and send it as soon as possible, in order. */
    enqueue(body, shown) {
      const message = { sender: "customer", text: shown, language: this.language };
      const item = { body: { ...body, client_message_id: crypto.randomUUID() }, entry: this.draw(message) };
      this.withdrawChoices();
      this.unsent.push(item);
      this.setState(item.entry, "sending");
      this.log.append(item.entry);
      this.scrollDown();
      this.flush();
    }

    async flush() {
      if (this.isSending || !this.api) return;
      this.isSending = true;
      while (this.unsent.length) {
        const item = this.unsent[0];
        this.typing.textContent = this.texts.typing;
        this.scrollDown();
        try {
          const answer = await this.api.send(item.body);
          this.unsent.shift();
          this.setState(item.entry, "sent");
          this.tell("");
          this.showAll(answer.messages);
          if (answer.language !== this.language) await this.loadTexts(answer.language);
          this.remember({ language: answer.language });
        } catch (problem) {
          this.fail(item, problem);
          break;
        }
      }
      this.typing.textContent = "";
      this.isSending = false;
    }

    fail(item, problem) {
      if (!(problem instanceof Problem) && !isAway(problem)) throw problem;
      const isRefused = !isAway(problem) && problem.status !== 429;
      if (isRefused) {
        this.unsent.shift();
        if (item.body.text) this.box.value = item.body.text;
        this.grow();
        item.entry.remove();
        this.tell(problem.detail || this.texts.failed);
        return;
      }
      this.setState(item.entry, "failed");
      if (problem instanceof Problem) this.tell(problem.detail || this.texts.failed);
      else this.tell(navigator.onLine ? this.texts.unavailable : this.texts.offline);
    }

    setState(entry, state) {
      const line = entry.querySelector(".state");
      line.replaceChildren(this.texts[state]);
      entry.dataset.state = state;
      if (state === "failed") {
        line.append(" ", make("button", { type: "button", onclick: () => this.flush() }, this.texts.retry));
      }
    }

    // Showing

    showAll(messages) {
      for (const message of messages) this.show(message);
    }

    show(message) {
      if (this.seen.has(message.id)) return;
      this.seen.add(message.id);
      this.latest = message.id;
      if (message.sender === "customer") {
        this.withdrawChoices();
        if (this.adopt(message)) return;
      }
      this.log.append(this.draw(message));
      this.scrollDown();
    }

    /** The server's copy of what was shown at once: masked, and with its own id. */
    adopt(message) {
      const mine = this.log.querySelector("li.customer:not([data-id])");
      if (!mine) return false;
      mine.dataset.id = message.id;
      mine.querySelector(".words").replaceChildren(...withLinks(message.text));
      return true;
    }

    draw(message) {
      const entry = make(
        "li",
        { class: message.sender, lang: message.language },
        make("span", { class: message.sender === "agent" ? "sender" : "sender hidden" }, this.senderOf(message)),
        make("p", { class: "words" }, ...withQuotes(message)),
        ...(message.citations || []).map((citation) => this.drawCitation(citation, message.text)),
        message.case ? this.drawReceipt(message.case) : null,
        message.choices?.length ? this.drawChoices(message) : null,
      );
      if (message.id) entry.dataset.id = message.id;
      if (message.sender === "customer") entry.append(make("span", { class: "state" }));
      return entry;
    }

    /** Where an answer stands; the quote is left out where the message holds it. */
    drawCitation(citation, text) {
      const address = new URL(citation.url, base);
      const isClause = /^\d+(\.\d+)*$/.test(citation.section);
      return make(
        "figure",
        { class: "citation", lang: citation.language },
        make("figcaption", { lang: this.language }, this.texts.source),
        make(
          "a",
          { href: /^https?:$/.test(address.protocol) ? address.href : null, target: "_blank", rel: "noopener", title: this.texts.open_source },
          citation.title,
          isClause ? make("span", { class: "clause" }, ` ${citation.section}`) : null,
        ),
        text.includes(citation.quote) ? null : make("blockquote", {}, citation.quote),
      );
    }

    receiptRows(filed) {
      const day = (time) => time && new Intl.DateTimeFormat(this.locale, { dateStyle: "long", timeZone: this.timeZone }).format(new Date(time));
      const rows = [["opened_at", day(filed.opened_at)], ["answer_due_at", day(filed.answer_due_at)], ["queue_position", filed.queue_position]];
      return rows.filter(([, value]) => value != null);
    }

    drawReceipt(filed) {
      return make(
        "section",
        { class: "receipt", "aria-label": this.texts.receipt },
        make("p", { class: "reference" }, make("span", {}, this.texts.reference), make("strong", {}, filed.reference)),
        make("dl", {}, ...this.receiptRows(filed).map(([key, value]) => make("div", {}, make("dt", {}, this.texts[key]), make("dd", {}, String(value))))),
      );
    }

    drawChoices(message) {
      return make(
        "div",
        { class: "choices", role: "group", "aria-label": this.texts.choices_label },
        ...message.choices.map((choice) => make("button", { type: "button", onclick: () => this.choose(choice) }, choice.title)),
      );
    }

    /** Choices answer what was said last: once the customer speaks they are gone. */
    withdrawChoices() {
      for (const group of this.log.querySelectorAll(".choices")) group.remove();
    }

    /** To the end, but never past what the customer said last: answers are read from their start. */
    scrollDown() {
      const mine = [...this.log.querySelectorAll("li.customer, li.agent")].pop();
      const end = this.area.scrollHeight - this.area.clientHeight;
      this.area.scrollTop = mine ? Math.min(end, mine.offsetTop - 12) : end;
    }

    grow() {
      this.box.rows = Math.min(6, this.box.value.split("\n").length + Math.floor(this.box.value.length / 60));
    }

    // Live messages

    watch() {
      if (!this.api || this.socket) return;
      const socket = (this.socket = this.api.watch());
      socket.addEventListener("open", () => {
        this.retrySeconds = 1;
        clearInterval(this.poller);
        this.poller = null;
        this.catchUp();
      });
      socket.addEventListener("message", (event) => this.show(JSON.parse(event.data)));
      socket.addEventListener("close", () => {
        if (this.socket !== socket) return;
        this.socket = null;
        this.poller ||= setInterval(() => this.catchUp(), POLL_SECONDS * 1000);
        this.retrySeconds = Math.min(LONGEST_RETRY_SECONDS, (this.retrySeconds || 1) * 2);
        this.retry = setTimeout(() => this.watch(), this.retrySeconds * 1000);
      });
    }

    stopWatching() {
      const socket = this.socket;
      this.socket = null;
      clearInterval(this.poller);
      clearTimeout(this.retry);
      this.poller = null;
      socket?.close();
    }

    /** Fetch what was missed. What is just being answered comes with its answer. */
    async catchUp() {
      if (this.isSending || !this.api) return;
      try {
        this.showAll((await this.api.since(this.latest)).messages);
        if (this.unsent.length) this.flush();
      } catch (problem) {
        if (!(problem instanceof Problem) && !isAway(problem)) throw problem;
        // The next round tries again.
      }
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
})();
