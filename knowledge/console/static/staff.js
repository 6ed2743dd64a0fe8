// Keys for the desk and the console. Everything works without them.
"use strict";

const sheet = document.getElementById("keys");
const opener = document.getElementById("show-keys");
opener.hidden = false;
opener.addEventListener("click", () => sheet.showModal());

// Who speaks to the browser, or hits keys by accident, turns single keys off.
const KEYS_OFF = "guichet-keys-off";
const single = document.getElementById("single-keys");
single.checked = !localStorage.getItem(KEYS_OFF);
single.addEventListener("change", () =>
  single.checked ? localStorage.removeItem(KEYS_OFF) : localStorage.setItem(KEYS_OFF, "1"),
);

const isTyping = (target) =>
  target.isContentEditable ||
  target.matches?.("textarea, select, input:not([type=checkbox], [type=radio])");

function moveRow(step) {
  const links = [...document.querySelectorAll("[data-row] a")];
  if (!links.length) return;
  const at = links.indexOf(document.activeElement);
  const next = at < 0 ? (step > 0 ? 0 : links.length - 1) : at + step;
  links[Math.max(0, Math.min(links.length - 1, next))].focus();
}

// A list of choices opens at once: arrows on a closed one would choose the next.
function enter(field) {
  field.focus();
  if (field.matches("select")) field.showPicker?.();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || sheet.open) return;
  if (event.key === "Escape" && isTyping(event.target)) event.target.blur();
  if (isTyping(event.target) || !single.checked) return;
  const wanted = CSS.escape(event.key);
  const field = document.querySelector(`[data-focus-key="${wanted}"]`);
  const control = document.querySelector(`[data-key="${wanted}"]`);
  if (event.key === "?") sheet.showModal();
  else if (event.key === "/") document.getElementById("search")?.focus();
  else if (event.key === "j") moveRow(1);
  else if (event.key === "k") moveRow(-1);
  else if (field) enter(field);
  else if (control) control.click();
  else return;
  event.preventDefault();
});

// A form that was changed is not lost by accident; sending it is no accident.
let isDirty = false;
for (const form of document.querySelectorAll("form.stack")) {
  form.addEventListener("input", () => (isDirty = true));
  form.addEventListener("submit", () => (isDirty = false));
}
addEventListener("beforeunload", (event) => isDirty && event.preventDefault());

// A click anywhere on a row opens it; the link is what keyboard and readers use.
document.addEventListener("click", (event) => {
  const row = event.target.closest("[data-row]");
  if (row && !event.target.closest("a") && !getSelection().toString())
    row.querySelector("a").click();
});
