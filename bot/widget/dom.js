/** Makes an element: attributes, then children; text is always plain text. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child != null));
  return element;
}

export function button(className, onclick, ...children) {
  return make("button", { class: className, type: "button", onclick }, ...children);
}

/** Text with its links made clickable and references kept on a line; no more is interpreted. */
export function withLinks(text) {
  return text.split(/(https?:\/\/[^\s<>"]+[^\s<>".,;:!?)]|\b[A-Z]{1,8}-\d{4}-\d{6}\b)/).map((part, place) => {
    if (place % 2 === 0) return part;
    if (!part.startsWith("http")) return make("span", { class: "whole" }, part);
    return make("a", { href: part, target: "_blank", rel: "noopener" }, part.replace(/^https?:\/\/|[?#].*$/g, ""));
  });
}

/** A message's text, in which the sentences that its citations quote are marked. */
export function withQuotes({ text, citations }) {
  const quote = citations?.map((citation) => citation.quote).find((each) => each && each !== text && text.includes(each));
  if (!quote) return withLinks(text);
  const [before, ...after] = text.split(quote);
  return [...withLinks(before), make("mark", {}, ...withLinks(quote)), ...withLinks(after.join(quote))];
}

const ICONS = {
  open: "M4 5h16v11H9l-5 4z",
  close: "M6 6l12 12M18 6L6 18",
  send: "M4 12h14M12 5.5l6.5 6.5-6.5 6.5",
  save: "M12 4v11M7 10.5l5 5 5-5M5 20h14",
  again: "M19 12a7 7 0 1 1-2.2-5.1M19 3v4.5h-4.5",
  clip: "M19 11.5l-7.5 7.5a4.6 4.6 0 0 1-6.5-6.5L13 4.5a3.1 3.1 0 0 1 4.4 4.4L9.6 16.7a1.5 1.5 0 0 1-2.2-2.2L14.5 7.5",
  up: "M7 10.5v9M7 10.5l4-7a2.2 2.2 0 0 1 2.2 2.7L12.6 9h5.6a2 2 0 0 1 2 2.4l-1.4 6.6a2 2 0 0 1-2 1.5H4v-9z",
  down: "M17 13.5v-9M17 13.5l-4 7a2.2 2.2 0 0 1-2.2-2.7l.6-2.8H5.8a2 2 0 0 1-2-2.4l1.4-6.6a2 2 0 0 1 2-1.5H20v9z",
};

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const shape = document.createElementNS(svg.namespaceURI, "path");
  shape.setAttribute("d", ICONS[name]);
  svg.append(shape);
  return svg;
}

/** Give the browser a file to save. */
export function saveFile(blob, name) {
  const address = URL.createObjectURL(blob);
  make("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}
