import { saveFile } from "./dom.js";

export const script = document.currentScript;
export const base = new URL(script.src).origin;
export const LONGEST_RETRY_SECONDS = 30;

/** What survives a reload: the conversation with its token, and what was not sent yet. */
export const memory = {
  key: `guichet:${base}`,
  kept: {},
  read() {
    try {
      return JSON.parse(localStorage.getItem(this.key)) || {};
    } catch {
      return this.kept;
    }
  },
  write(changes) {
    this.kept = { ...this.read(), ...changes };
    try {
      localStorage.setItem(this.key, JSON.stringify(this.kept));
    } catch {
      // Private windows may forbid it: the conversation then ends with the page.
    }
  },
};

export class Problem extends Error {
  constructor(status, detail) {
    super(detail || `status ${status}`);
    this.status = status;
    this.detail = detail;
  }
}

export class Offline extends Error {}

/** Whether the server could not be reached or was in trouble itself. */
export function isAway(problem) {
  return problem instanceof Offline || (problem instanceof Problem && problem.status >= 500);
}

/** Let pass only what the server or the network may do to us. */
export function expected(problem) {
  if (!(problem instanceof Problem || problem instanceof Offline)) throw problem;
  return problem;
}

async function request(path, { body, token } = {}) {
  const headers = {};
  const isForm = body instanceof FormData;
  if (body && !isForm) headers["Content-Type"] = "application/json";
  if (token) headers.Authorization = `Bearer ${token}`;
  const response = await fetch(base + path, {
    method: body ? "POST" : "GET",
    headers,
    body: body && !isForm ? JSON.stringify(body) : body,
  }).catch(() => {
    throw new Offline();
  });
  if (response.ok) return response;
  const { detail } = await response.json().catch(() => ({}));
  throw new Problem(response.status, detail);
}

/** Ask the server; throws Problem for a refusal, Offline when nothing answers. */
export async function ask(path, options) {
  const response = await request(path, options);
  return response.status === 204 ? null : response.json();
}

/** One conversation. */
export class Conversation {
  constructor({ conversation, token }) {
    this.id = conversation;
    this.token = token;
    this.path = `/api/v1/conversations/${conversation}`;
  }

  post(place, body = {}) {
    return ask(`${this.path}/${place}`, { body, token: this.token });
  }

  since(id) {
    const query = id ? `?after=${encodeURIComponent(id)}` : "";
    return ask(`${this.path}/messages${query}`, { token: this.token });
  }

  attach(file, id) {
    const form = new FormData();
    form.append("client_message_id", id);
    form.append("file", file, file.name);
    return this.post("attachments", form);
  }

  async save(place, name) {
    const response = await request(`${this.path}/${place}`, { token: this.token });
    saveFile(await response.blob(), name);
  }

  watch() {
    return new WebSocket(`${base.replace(/^http/, "ws")}${this.path}/events`, ["guichet", this.token]);
  }
}

/** A new id; crypto.randomUUID is missing on pages without TLS. */
export function newId() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The ticket of a link, which leaves the address at once. */
export function takeTicket() {
  const [, ticket] = location.hash.match(/^#resume:(.*)$/) ?? [];
  if (ticket === undefined) return null;
  history.replaceState(null, "", location.pathname + location.search);
  return ticket;
}
