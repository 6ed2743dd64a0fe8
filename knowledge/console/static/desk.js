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
