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
  setInterval(tell, SIGN_OF_LIFE_MS);
  document.addEventListener("visibilitychange", tell);
  addEventListener("pagehide", () => navigator.sendBeacon(`${presence}?leave=1`));
}

// The composer: a template is there as soon as it is chosen, Ctrl+Enter sends, and a
// draft outlives a reload of this tab.
const answer = document.querySelector("[data-draft]");
if (answer) {
  const key = `guichet-draft:${answer.dataset.draft}`;
  const template = document.getElementById("template");
  const kept = sessionStorage.getItem(key);
  if (!answer.value && kept) answer.value = kept;
  answer.addEventListener("input", () => sessionStorage.setItem(key, answer.value));
  answer.form.addEventListener("submit", () => sessionStorage.removeItem(key));
  answer.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    answer.form.requestSubmit(answer.form.querySelector("[data-send]"));
  });
  template?.form.querySelector("button").setAttribute("hidden", "");
  template?.addEventListener("change", () => {
    const { text, purpose } = template.selectedOptions[0].dataset;
    if (text === undefined) return;
    answer.value = text;
    answer.form.elements.purpose.value = purpose;
    answer.dispatchEvent(new Event("input", { bubbles: true }));
    const blank = /\{[^{}\n]+\}/.exec(text);
    answer.focus();
    if (blank) answer.setSelectionRange(blank.index, blank.index + blank[0].length);
    template.value = "";
  });
}
