import { button, icon, make, withQuotes } from "./dom.js";
import { base } from "./server.js";

// What a choice sends that agrees.
export const YES = "/affirm";

/** The language that an answer was quoted in; none of what is no answer to be judged, as a verdict with its clause. */
function answerLanguage({ citations, choices }) {
  return choices?.length ? null : citations?.[0]?.language;
}

function languageName(tag, language) {
  return new Intl.DisplayNames(language, { type: "language" }).of(tag);
}

/**
 * Draws messages.
 *
 * `words` has what the server gave for the chosen language: texts, locale, time zone.
 * `act` has what buttons do: choose, rate, thumb, save, link.
 */
export class Drawing {
  constructor(act) {
    this.act = act;
  }

  sender(message) {
    const { bot, agent, you } = this.words.texts;
    return { bot, agent, customer: you }[message.sender];
  }

  day(time) {
    const { locale, time_zone: timeZone } = this.words;
    return new Intl.DateTimeFormat(locale, { dateStyle: "long", timeZone }).format(new Date(time));
  }

  /** `asked` is the id of the answer that the message's choices say yes or no to. */
  message(message, asked) {
    const { language } = this.words;
    const isAgent = message.sender === "agent";
    const entry = make(
      "li",
      { class: message.sender, lang: message.language },
      make("span", { class: isAgent ? "sender" : "sender hidden", lang: language }, this.sender(message)),
      message.attachments?.length ? this.files(message.attachments) : make("p", { class: "words", dir: "auto", lang: answerLanguage(message) }, ...withQuotes(message)),
      ...(message.citations || []).map((citation) => this.citation(citation, message.text)),
      answerLanguage(message) ? this.thumbs(message) : null,
      message.case ? this.receipt(message.case) : null,
      message.choices?.length ? this.choices(message, asked) : null,
    );
    if (message.id) entry.dataset.id = message.id;
    if (message.sender === "customer") entry.append(make("span", { class: "state", lang: language, "aria-live": "off" }));
    return entry;
  }

  /** Where an answer stands; the quote is left out where the message holds it. */
  citation(citation, text) {
    const { texts, language } = this.words;
    const address = new URL(citation.url, base);
    const isForeign = citation.language && citation.language !== language;
    const isClause = /^\d+(\.\d+)*$/.test(citation.section);
    return make(
      "figure",
      { class: "citation", lang: citation.language },
      make("figcaption", { lang: language }, texts.source, isForeign ? ` (${languageName(citation.language, language)})` : null),
      make(
        "a",
        { href: /^https?:$/.test(address.protocol) ? address.href : null, target: "_blank", rel: "noopener", title: texts.open_source },
        citation.title,
        isClause ? make("span", { class: "clause" }, ` ${citation.section}`) : null,
      ),
      text.includes(citation.quote) ? null : make("blockquote", {}, citation.quote),
    );
  }

  files(attachments) {
    const size = (bytes) => new Intl.NumberFormat(this.words.locale, { style: "unit", unit: "kilobyte", maximumFractionDigits: 0 }).format(Math.max(1, bytes / 1000));
    return make(
      "ul",
      { class: "files", "aria-label": this.words.texts.attachments, lang: this.words.language },
      ...attachments.map((file) =>
        make("li", {}, button("file", () => this.act.save(file), icon("clip"), make("span", {}, file.name), make("small", {}, size(file.size)))),
      ),
    );
  }

  receiptRows(filed) {
    // As the server wrote them; messages of earlier releases have the moments alone.
    const opened = filed.opened || (filed.opened_at && this.day(filed.opened_at));
    const due = filed.answer_due || (filed.answer_due_at && this.day(filed.answer_due_at));
    const rows = [["opened_at", opened], ["answer_due_at", due], ["queue_position", filed.queue_position]];
    return rows.filter(([, value]) => value != null);
  }

  receipt(filed) {
    const { texts, language } = this.words;
    const place = make("div", { class: "device" }, button("plain", () => this.act.link(place), texts.device));
    return make(
      "section",
      { class: "receipt", "aria-label": texts.receipt, lang: language },
      make("p", { class: "reference" }, make("span", {}, texts.reference), make("strong", {}, filed.reference)),
      make("dl", {}, ...this.receiptRows(filed).map(([key, value]) => make("div", {}, make("dt", {}, texts[key]), make("dd", {}, String(value))))),
      place,
    );
  }

  /** A link for another device, to be copied. */
  link({ url, expires, expires_at: expiresAt }) {
    const { texts } = this.words;
    const hint = make("p", { id: `until-${expiresAt}` }, texts.device_hint.replace("{date}", expires));
    const line = make("input", { readonly: true, value: url, "aria-label": texts.device, "aria-describedby": hint.id, onfocus: () => line.select() });
    const copy = button("plain", async () => {
      line.select();
      // Not every page may: the link is then marked, to be copied by hand.
      const isCopied = await navigator.clipboard?.writeText(url).then(() => true, () => false);
      if (isCopied) copy.textContent = texts.copied;
    }, texts.copy);
    return [hint, line, copy];
  }

  choices(message, asked) {
    const choose = (choice) => {
      if (asked) this.act.thumb({ id: asked }, choice.payload === YES);
      this.act.choose(choice);
    };
    return make(
      "div",
      { class: "choices", role: "group", "aria-label": this.words.texts.choices_label },
      ...message.choices.map((choice) => button("", () => choose(choice), choice.title)),
    );
  }

  /** Whether an answer helped; a comment where it did not. */
  thumbs(message) {
    const { texts, language } = this.words;
    const thanks = make("span", { class: "thanks", role: "status" });
    const thumb = (name, helpful) => {
      const each = button("thumb", () => give(each, helpful), icon(name));
      each.setAttribute("aria-pressed", "false");
      each.setAttribute("aria-label", helpful ? texts.helpful_yes : texts.helpful_no);
      each.title = each.getAttribute("aria-label");
      return each;
    };
    const give = (pressed, helpful, comment) => {
      for (const each of group.querySelectorAll(".thumb")) each.setAttribute("aria-pressed", String(each === pressed));
      this.act.thumb(message, helpful, comment);
      group.querySelector("form")?.remove();
      thanks.textContent = helpful || comment != null ? texts.helpful_thanks : "";
      if (helpful || comment != null) return;
      const field = make("input", { maxlength: "2000", id: `why-${message.id}` });
      group.append(
        make(
          "form",
          { onsubmit: (event) => (event.preventDefault(), give(pressed, false, field.value), pressed.focus()) },
          make("label", { for: field.id }, texts.comment_label),
          make("div", {}, field, make("button", { class: "plain", type: "submit" }, texts.comment_send)),
        ),
      );
      field.focus();
    };
    const group = make("div", { class: "thumbs", role: "group", "aria-label": texts.helpful_label, lang: language }, thumb("up", true), thumb("down", false), thanks);
    return group;
  }

  /** How the conversation was, from 1 to 5. */
  rating() {
    const { texts, language } = this.words;
    const place = make(
      "div",
      { class: "rating", role: "group", "aria-label": texts.rating_label, lang: language },
      make("p", {}, texts.rating_label),
      make("div", { class: "choices" }, ...[5, 4, 3, 2, 1].map((score) => button("", () => {
        this.act.rate(score);
        const thanks = make("p", { tabindex: "-1", role: "status" }, texts.rating_thanks);
        place.replaceChildren(thanks);
        thanks.focus();
      }, texts[`rating_${score}`]))),
    );
    return place;
  }
}
