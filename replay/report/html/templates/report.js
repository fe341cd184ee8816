"use strict";
(() => {
  // What a message holds stands in a template until it is opened: a large report opens without waiting for it.
  const fill = (details) => {
    const template = details.querySelector(":scope > template");
    if (template) template.replaceWith(template.content);
  };
  // A link leads to what it names, also where that stands in something closed.
  const reveal = () => {
    const target = document.getElementById(location.hash.slice(1));
    if (!target) return;
    for (let each = target; each; each = each.parentElement) if (each.tagName === "DETAILS") {
      fill(each);
      each.open = true;
    }
    const mark = target.querySelector("mark");
    (mark || target).scrollIntoView({ block: mark ? "center" : "start" });
  };
  document.addEventListener("toggle", (event) => { if (event.target.open) fill(event.target); }, true);
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#']");
    if (link && link.getAttribute("href") === location.hash) reveal();
  });
  addEventListener("hashchange", reveal);
  // On paper everything is open that is part of the report; messages where something is wrong with them.
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")].filter(
      (each) => !each.matches(".session, .message") || each.querySelector(":scope > summary > .badge"));
    for (const each of closed) { fill(each); each.open = true; }
  });
  addEventListener("afterprint", () => { for (const each of closed) each.open = false; });
  document.querySelectorAll("details[open]").forEach(fill);
  if (location.hash) reveal();
})();
