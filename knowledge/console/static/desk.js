// What keeps the desk alive: who else is here, what is new. Everything works without it.
"use strict";

const SIGN_OF_LIFE_MS = 10_000;

// A case that is open: says so every ten seconds, and shows what came meanwhile.
const { presence, version, messages } = document.body.dataset;
if (presence) {
  const others = document.getElementById("presence");
  const movedOn = document.getElementById("moved-on");

  async function tell() {
    if (document.hidden) return;
    const response = await fetch(presence, { method: "POST" }).catch(() => null);
    if (!response?.ok) return;
    const now = await response.json();
    others.hidden = !now.others.length;
    const text = others.dataset.text.replace("{names}", now.others.join(", "));
    if (others.textContent !== text) others.textContent = text;
    movedOn.hidden = now.version === Number(version) && now.messages === Number(messages);
  }

  tell();
  // Again soon: the page before this one may have said goodbye later than this said hello.
  setTimeout(tell, 2000);
  setInterval(tell, SIGN_OF_LIFE_MS);
  document.addEventListener("visibilitychange", tell);
  addEventListener("pagehide", () => navigator.sendBeacon(`${presence}?leave=1`));
}

// The composer: a template is there as soon as it is chosen, Ctrl+Enter sends, and a
// draft outlives a reload of this tab until it is sent.
const draftKey = `guichet-draft:${document.body.dataset.case}`;
const SENT = ["sent", "asked_notice", "closed_notice"];
if (SENT.includes(new URLSearchParams(location.search).get("notice")))
  sessionStorage.removeItem(draftKey);

// The next thing to do with an answer that came back.
function selectBlank(text) {
  const blank = /\{[^{}\n]+\}/.exec(text.value);
  text.focus();
  if (blank) text.setSelectionRange(blank.index, blank.index + blank[0].length);
}

const answer = document.querySelector("[data-draft]");
if (answer) {
  const template = document.getElementById("template");
  const kept = sessionStorage.getItem(draftKey);
  if (!answer.value && kept) answer.value = kept;
  answer.addEventListener("input", () => sessionStorage.setItem(draftKey, answer.value));
  template?.form.querySelector("button").setAttribute("hidden", "");
  template?.addEventListener("keydown", (event) => {
    if (!event.key.startsWith("Arrow") || !template.showPicker) return;
    event.preventDefault();
    template.showPicker();
  });
  template?.addEventListener("change", () => {
    const { text, purpose } = template.selectedOptions[0].dataset;
    if (text === undefined) return;
    answer.value = text;
    answer.form.elements.purpose.value = purpose;
    answer.dispatchEvent(new Event("input", { bubbles: true }));
    selectBlank(answer);
    template.value = "";
  });
  // Not before the address's fragment is scrolled to, which takes the focus away.
  addEventListener("load", () => setTimeout(() => {
    const warned = answer.form.elements.all_the_same;
    const first = document.querySelector("[data-first]");
    if (first) first.focus();
    else if (answer.getAttribute("aria-invalid")) selectBlank(answer);
    else if (warned) warned.focus();
    else document.querySelector(".letter")?.focus({ preventScroll: true });
  }));
}

// Ctrl+Enter sends what one writes; with no field of its own, the answer.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  const form = event.target.closest("form.stack") ?? answer?.form;
  if (!form) return;
  event.preventDefault();
  form.requestSubmit(form.querySelector("[data-send]"));
});

// After a correction the keyboard is where it was.
const chosenKey = "guichet-chosen";
document.querySelector(".verdicts")?.addEventListener("submit", (event) => {
  const { name, value } = event.submitter;
  sessionStorage.setItem(chosenKey, `[name="${name}"][value="${value}"]`);
});
const chosen = sessionStorage.getItem(chosenKey);
if (chosen) {
  sessionStorage.removeItem(chosenKey);
  const button = document.querySelector(`.verdicts button${chosen}`);
  button?.closest("details")?.setAttribute("open", "");
  button?.focus();
}

// A list or a conversation that is open: asks every few seconds whether anything has
// changed, which costs the server next to nothing, and only then takes what is new.
// Polled rather than streamed: a browser keeps at most six streams to one server open,
// and an agent has more tabs than that.
const { changes, often } = document.body.dataset;
if (changes) {
  let { token } = document.body.dataset;
  let shownAt = Date.now();
  const isOld = () => Date.now() - shownAt > 60_000;

  // What was said last is in view, unless one reads further up.
  const log = document.querySelector("[role=log]");
  const toEnd = () => log?.scrollTo({ top: log.scrollHeight });
  toEnd();

  // Puts the fresh parts of a page in the place of the old ones.
  window.takeFresh = async (response) => {
    const isAtEnd = log && log.scrollHeight - log.scrollTop - log.clientHeight < 40;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const focused = document.activeElement?.getAttribute("href");
    for (const part of document.querySelectorAll("[data-fresh]")) {
      const fresh = page.querySelector(`[data-fresh="${part.dataset.fresh}"]`);
      if (fresh && fresh.innerHTML !== part.innerHTML) part.innerHTML = fresh.innerHTML;
    }
    if (focused && document.activeElement === document.body)
      document.querySelector(`[data-fresh] a[href="${CSS.escape(focused)}"]`)?.focus();
    if (isAtEnd) toEnd();
    token = page.body.dataset.token;
    shownAt = Date.now();
  };

  async function look() {
    if (document.hidden) return;
    const asked = await fetch(changes).catch(() => null);
    if (!asked?.ok) return;
    const now = (await asked.json()).token;
    if (now === token && !isOld()) return;
    const response = await fetch(location.href).catch(() => null);
    if (response?.ok) await window.takeFresh(response);
  }

  setInterval(look, often ? 1500 : 4000);
  document.addEventListener("visibilitychange", look);
}

// What is said in a conversation leaves without a reload; Enter sends it.
const quiet = document.querySelector("form[data-quiet]");
if (quiet) {
  const words = quiet.elements.text;
  quiet.addEventListener("submit", async (event) => {
    event.preventDefault();
    const body = new URLSearchParams(new FormData(quiet));
    const response = await fetch(quiet.action, { method: "POST", body }).catch(() => null);
    if (!response?.ok) return quiet.submit();
    words.value = "";
    words.focus();
    await window.takeFresh(response);
  });
  words.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    quiet.requestSubmit();
  });
}
