// The editor looks at the draft as it is written. Everything works without it.
"use strict";

const editor = document.getElementById("editor");

async function show(path, target) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "Guichet-Fragment": "1" },
    body: new URLSearchParams(new FormData(editor)),
  });
  if (answer.ok) target.innerHTML = await answer.text();
  return answer.ok;
}

// A new page is named after its title until somebody names it otherwise.
function nameByTitle({ title, id, url, language }) {
  let isNamed = title.value !== "";
  let isAddressed = isNamed;
  id.addEventListener("input", () => (isNamed = true));
  url.addEventListener("input", () => (isAddressed = true));
  const name = () => {
    const words = title.value.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
    const slug = words.replace(/[^a-z0-9]+/g, "-").slice(0, 60).replace(/^-|-$/g, "");
    if (!isNamed) id.value = slug || "new-page";
    if (!isAddressed) url.value = `/help/${language.value}/${id.value}`;
  };
  for (const field of [title, id, language]) field.addEventListener("input", name);
}

if (editor) {
  const preview = document.getElementById("preview");
  const tried = document.getElementById("tried");
  const question = document.getElementById("question");
  let waiting;
  let latest = 0;

  const showPreview = () => show("/knowledge/preview", preview);
  const showAnswer = async () => {
    if (!question.value.trim()) return;
    const mine = ++latest;
    tried.setAttribute("aria-busy", "true");
    const box = document.createElement("div");
    const isDone = await show("/knowledge/try", box);
    if (mine !== latest) return;
    tried.removeAttribute("aria-busy");
    if (isDone) tried.replaceChildren(...box.childNodes);
  };

  for (const id of ["title", "body", "markdown"]) {
    document.getElementById(id)?.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(showPreview, 400);
    });
  }
  // Ctrl+Enter saves what one writes.
  editor.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    editor.requestSubmit(editor.querySelector("button.primary"));
  });
  if ("new" in editor.dataset) nameByTitle(editor.elements);
  document.getElementById("preview-button").hidden = true;
  document.getElementById("try-button").addEventListener("click", (event) => {
    event.preventDefault();
    showAnswer();
  });
  question.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    showAnswer();
  });
  for (const button of document.querySelectorAll("[data-question]")) {
    button.addEventListener("click", () => {
      question.value = button.textContent;
      showAnswer();
    });
  }
  showPreview().then(() => {
    // A question that was asked stands at the end of the page, to be answered there.
    if (!new URLSearchParams(location.search).has("gap")) return;
    const body = document.getElementById("body");
    body.focus();
    body.setSelectionRange(body.value.length, body.value.length);
    body.scrollTop = body.scrollHeight;
    preview.scrollTop = preview.scrollHeight;
  });
}

// A template of an answer: its letter is shown as it is written.
const template = document.getElementById("template-editor");
if (template) {
  const { text } = template.elements;
  let waiting;
  const preview = async () => {
    const answer = await fetch(template.dataset.preview, {
      method: "POST",
      headers: { "Guichet-Fragment": "1" },
      body: new URLSearchParams(new FormData(template)),
    });
    if (answer.ok)
      document.getElementById(template.dataset.into).innerHTML = await answer.text();
  };
  document.getElementById("preview-button").hidden = true;
  template.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(preview, 400);
  });
  for (const button of template.querySelectorAll("[data-insert]")) {
    button.addEventListener("click", () => {
      text.setRangeText(button.dataset.insert, text.selectionStart, text.selectionEnd, "end");
      text.focus();
      text.dispatchEvent(new Event("input", { bubbles: true }));
    });
  }
}

// Publishing takes some seconds: the button shows it, and is not pressed twice.
for (const form of document.querySelectorAll("form[data-slow]")) {
  form.addEventListener("submit", ({ submitter }) => {
    // Once the form is sent: a disabled button is not part of it.
    setTimeout(() => {
      submitter.disabled = true;
      submitter.setAttribute("aria-busy", "true");
    });
  });
}
addEventListener("pageshow", ({ persisted }) => {
  if (!persisted) return;
  for (const button of document.querySelectorAll("button[aria-busy]")) {
    button.disabled = false;
    button.removeAttribute("aria-busy");
  }
});

// One list of files at a time: a folder, or files.
const files = [document.getElementById("files"), document.getElementById("folder")];
for (const [place, input] of files.entries()) {
  input?.addEventListener("change", () => {
    if (input.files.length) files[1 - place].value = "";
  });
}
