// Two conveniences; every page works without them.
//   1. A page with [data-refresh="seconds"] is kept fresh, until it is paused, hidden, or read further down.
//   2. Who comes from a link elsewhere is signed in without being asked: browsers hold a strict cookie back on such a
//      visit, but not when our own page asks.
"use strict";

const WORDS = { on: "Live", off: "Paused", lost: "Reconnecting" };
let paused = false;
let missed = false;

const region = () => document.querySelector("[data-region]");

function showLive() {
  for (const button of document.querySelectorAll("[data-live]")) {
    button.hidden = false;
    button.dataset.live = paused ? "off" : missed ? "lost" : "on";
    button.textContent = WORDS[button.dataset.live];
    button.setAttribute("aria-label", `${button.textContent}; press to ${paused ? "go on" : "pause"}`);
  }
}

function inUse(shown) {
  const selection = document.getSelection();
  const selecting = selection && !selection.isCollapsed && shown.contains(selection.anchorNode);
  return selecting || ("top" in shown.dataset && window.scrollY > 200);
}

function replace(shown, fresh) {
  const known = new Set(Array.from(shown.querySelectorAll("[data-key]"), (row) => row.dataset.key));
  const focused = shown.contains(document.activeElement) ? document.activeElement : null;
  const href = focused && focused.getAttribute("href");
  if (known.size) {
    for (const row of fresh.querySelectorAll("[data-key]")) {
      row.classList.toggle("new", !known.has(row.dataset.key));
    }
  }
  const scrolled = Array.from(shown.querySelectorAll("[tabindex]"), (box) => box.scrollTop);
  shown.replaceWith(fresh);
  fresh.querySelectorAll("[tabindex]").forEach((box, index) => (box.scrollTop = scrolled[index] || 0));
  const again = href
    ? Array.from(fresh.querySelectorAll("a[href]")).find((link) => link.getAttribute("href") === href)
    : focused && "live" in focused.dataset && fresh.querySelector("[data-live]");
  if (again) again.focus({ preventScroll: true });
}

async function refresh(shown) {
  try {
    const answer = await fetch(location.href);
    if (answer.redirected || answer.status === 401) return location.reload();
    missed = !answer.ok;
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-region]");
    if (fresh && !paused && !inUse(shown)) replace(shown, document.adoptNode(fresh));
  } catch {
    missed = true;
  }
}

function keepFresh() {
  const shown = region();
  if (!shown || !shown.dataset.refresh) return;
  showLive();
  setTimeout(async () => {
    if (!paused && !document.hidden && !inUse(shown)) await refresh(shown);
    keepFresh();
  }, Number(shown.dataset.refresh) * 1000);
}

document.addEventListener("click", (click) => {
  if (!click.target.closest("[data-live]")) return;
  paused = !paused;
  showLive();
});

async function trySignIn(form) {
  const wanted = form.dataset.try;
  try {
    const answer = await fetch(wanted, { redirect: "manual" });
    if (answer.ok) location.replace(wanted);
  } catch {
    // then the key is asked for
  }
}

document.querySelector("nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
keepFresh();
const form = document.querySelector("form[data-try]");
if (form) trySignIn(form);
