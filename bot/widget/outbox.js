import { expected, isAway, LONGEST_RETRY_SECONDS, memory, newId } from "./server.js";

// Without live messages nothing says that a message is stored: the next one follows then.
const STAGGER_MILLISECONDS = 400;

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/**
 * What the customer said and the server has not answered yet, in order.
 *
 * Each message goes as soon as the one before is stored, so that a burst is read
 * together; its `client_message_id` makes sure that it acts once. What could not be sent
 * stays in the browser over reloads, and is tried again by itself.
 */
export class Outbox {
  /** `on` hears of each item: `state`, `answer` and `refusal`. */
  constructor(on) {
    this.on = on;
    this.items = [];
    addEventListener("online", () => this.retry());
  }

  get isBusy() {
    return this.items.some((item) => item.isPosting);
  }

  /** Go on with this conversation; gives what was said in it and never sent. */
  open(conversation) {
    this.conversation = conversation;
    const known = new Set(this.items.map((item) => item.id));
    const kept = (memory.read().unsent || []).filter((item) => item.conversation === conversation.id && !known.has(item.id));
    this.items = [...kept.map((item) => this.ready(item)), ...this.items];
    for (const item of this.items) item.conversation = conversation.id;
    this.keep();
    return this.items;
  }

  ready(item) {
    item.stored = new Promise((resolve) => (item.markStored = resolve));
    return item;
  }

  add(body, shown) {
    const item = this.ready({ id: newId(), body, shown, conversation: this.conversation?.id });
    this.items.push(item);
    this.keep();
    return item;
  }

  keep() {
    memory.write({ unsent: this.items.map(({ id, body, shown, conversation }) => ({ id, body, shown, conversation })) });
  }

  drop(item) {
    this.items = this.items.filter((each) => each !== item);
    this.keep();
  }

  /** Send what waits. */
  async pump() {
    if (this.isPumping || this.isHalted || !this.conversation) return;
    this.isPumping = true;
    let item;
    while (!this.isHalted && (item = this.items.find((each) => !each.isPosting))) {
      const ahead = this.items[this.items.indexOf(item) - 1];
      if (ahead) await Promise.race([ahead.stored, pause(STAGGER_MILLISECONDS)]);
      if (!this.isHalted && this.items.includes(item)) this.post(item);
    }
    this.isPumping = false;
  }

  async post(item) {
    item.isPosting = true;
    this.on.state(item, "sending");
    try {
      const answer = await this.conversation.post("messages", { ...item.body, client_message_id: item.id });
      this.retrySeconds = 1;
      this.drop(item);
      this.on.answer(item, answer);
    } catch (problem) {
      expected(problem);
      if (isAway(problem) || problem.status === 429) {
        this.halt(item, problem);
      } else {
        this.drop(item);
        this.on.refusal(item, problem);
      }
    }
    item.isPosting = false;
    item.markStored();
  }

  halt(failed, problem) {
    this.isHalted = true;
    this.on.state(failed, navigator.onLine ? "failed" : "queued", problem);
    this.retrySeconds = Math.min(LONGEST_RETRY_SECONDS, (this.retrySeconds || 1) * 2);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.retry(), this.retrySeconds * 1000);
  }

  retry() {
    clearTimeout(this.timer);
    this.isHalted = false;
    this.pump();
  }

  /** The item that the server calls so, which it has stored. */
  acknowledge(id) {
    const item = this.items.find((each) => each.id === id);
    item?.markStored();
    return item;
  }

  clear() {
    clearTimeout(this.timer);
    this.isHalted = false;
    this.conversation = null;
    this.items = [];
    this.keep();
  }
}
