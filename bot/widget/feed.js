import { expected, LONGEST_RETRY_SECONDS } from "./server.js";

const POLL_SECONDS = 4;
const TYPING_SECONDS = 1;

/** Messages as they are said: over a WebSocket, and by asking while there is none. */
export class Feed {
  /** `catchUp` fetches what was missed; `hear` takes one live message. */
  constructor({ catchUp, hear }) {
    this.catchUp = () => catchUp().catch(expected);
    this.hear = hear;
  }

  open(conversation) {
    if (this.conversation === conversation && this.socket) return;
    this.close();
    this.conversation = conversation;
    this.connect();
  }

  connect() {
    clearTimeout(this.timer);
    const socket = (this.socket = this.conversation.watch());
    socket.addEventListener("open", () => {
      this.retrySeconds = 1;
      clearInterval(this.poller);
      this.poller = null;
      this.catchUp();
    });
    socket.addEventListener("message", (event) => this.hear(JSON.parse(event.data)));
    socket.addEventListener("close", () => {
      if (this.socket !== socket) return;
      this.socket = null;
      this.poller ||= setInterval(this.catchUp, POLL_SECONDS * 1000);
      this.retrySeconds = Math.min(LONGEST_RETRY_SECONDS, (this.retrySeconds || 1) * 2);
      this.timer = setTimeout(() => this.connect(), this.retrySeconds * 1000);
    });
  }

  /** Tell the server that the customer goes on writing. */
  tellTyping() {
    if (this.socket?.readyState !== WebSocket.OPEN || Date.now() - (this.told || 0) < TYPING_SECONDS * 1000) return;
    this.told = Date.now();
    this.socket.send('{"typing":true}');
  }

  close() {
    const { socket } = this;
    this.socket = this.conversation = null;
    clearInterval(this.poller);
    clearTimeout(this.timer);
    this.poller = null;
    socket?.close();
  }
}
