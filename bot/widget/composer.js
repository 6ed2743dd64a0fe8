import { button, icon, make } from "./dom.js";

/** Where the customer writes and picks files. */
export class Composer {
  /** `on` hears `say` with a text, `attach` with files, and `typing`. */
  constructor(on) {
    this.on = on;
    this.picker = make("input", { type: "file", multiple: true, hidden: true, onchange: () => this.pick() });
    this.clip = button("clip", () => this.picker.click(), icon("clip"));
    this.box = make("textarea", { rows: "1", enterkeyhint: "send", "aria-describedby": "privacy", oninput: () => this.onInput(), onkeydown: (event) => this.onKey(event), onpaste: (event) => on.attach(event.clipboardData.files) });
    this.sender = make("button", { class: "send", type: "submit" }, icon("send"));
    this.element = make("form", { class: "composer", onsubmit: (event) => this.onSubmit(event) }, this.clip, this.picker, this.box, this.sender);
  }

  label({ texts, attachments }) {
    for (const [element, key] of [[this.sender, "send"], [this.clip, "attach"], [this.picker, "attach"], [this.box, "message_label"]]) element.setAttribute("aria-label", texts[key]);
    this.box.placeholder = texts.placeholder;
    this.picker.accept = attachments.types.join();
    this.clip.title = `${texts.attach}. ${texts.attach_hint.replace("{megabytes}", Math.floor(attachments.largest_bytes / 2 ** 20))}`;
  }

  /** What files may be attached, in words. */
  get hint() {
    return this.clip.title;
  }

  focus() {
    this.box.focus();
  }

  /** Give the box this text, such as one that was not taken. */
  write(text) {
    this.box.value = text;
    this.grow();
  }

  pick() {
    this.on.attach(this.picker.files);
    this.picker.value = "";
  }

  onKey(event) {
    // Enter that ends a word being composed is no sending; Safari knows it by its code.
    const isComposing = event.isComposing || event.keyCode === 229;
    if (event.key === "Enter" && !event.shiftKey && !isComposing) {
      event.preventDefault();
      this.element.requestSubmit();
    }
  }

  onInput() {
    this.grow();
    this.on.typing();
  }

  onSubmit(event) {
    event.preventDefault();
    const text = this.box.value.trim();
    this.focus();
    if (!text) return;
    this.write("");
    this.on.say(text);
  }

  grow() {
    this.box.rows = Math.min(6, this.box.value.split("\n").length + Math.floor(this.box.value.length / 60));
  }
}
