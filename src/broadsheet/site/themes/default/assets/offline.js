"use strict";
// The last edition on the reader's device: the front page, the articles and stories that it leads to, and their looks.
// The network is asked first, always; the copy answers where nobody else does. An edition is known by the digest of its
// front page, which is put into its cache last: one without is not whole, and is gone on with at the next visit.
const HOME = self.registration.scope, NAMED = "edition of " + HOME + " ";
const MISSING = HOME + "offline/";
const LINK = /(?:href|src)="([^"#?]+)"/g, KEPT = /^(assets\/|m\/|story\/[^/]+\.html$|\d{4}\/\d\d\/\d\d\/[^/]+\.html$)/;
const SHOWN = ["document", "image", "script", "style"];

function needed(page) {
  const found = new Set();
  for (const [, link] of page.matchAll(LINK)) {
    const url = new URL(link, HOME).href;
    if (url.startsWith(HOME) && KEPT.test(url.slice(HOME.length))) found.add(url);
  }
  return found;
}

async function fetched(url) {
  const answer = await fetch(url, { cache: "no-cache" });
  if (!answer.ok) return null;
  // What was redirected may not be shown under its old address.
  return answer.redirected ? new Response(await answer.blob(), { headers: answer.headers }) : answer;
}

async function editions() {
  return (await caches.keys()).filter(function (name) { return name.startsWith(NAMED); });
}

async function keep(front) {
  const page = await front.clone().text();
  if (!page.includes(" data-offline")) return; // the site has ended it
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(page));
  const name = NAMED + Array.from(new Uint8Array(digest).slice(0, 8), function (byte) { return byte.toString(16).padStart(2, "0"); }).join("");
  const edition = await caches.open(name);
  if (await edition.match(HOME)) return;
  // What to show where nothing is kept is a page of text, and names the style that articles have too.
  const missing = await fetched(MISSING);
  if (missing) await edition.put(MISSING, missing.clone());
  for (const url of needed(page + (missing ? await missing.text() : ""))) {
    const answer = await edition.match(url) ? null : await fetched(url);
    if (answer) await edition.put(url, answer);
  }
  await edition.put(HOME, front);
  for (const other of await editions()) if (other !== name) await caches.delete(other);
}

async function kept(request) {
  for (const name of await editions()) {
    const edition = await caches.open(name);
    if (!await edition.match(HOME)) continue;
    const found = await edition.match(request, { ignoreSearch: true, ignoreVary: true });
    if (found || request.mode !== "navigate") return found;
    return edition.match(MISSING);
  }
}

async function answered(event) {
  try {
    const answer = await fetch(event.request);
    if (event.request.mode === "navigate" && event.request.url === HOME && answer.ok) event.waitUntil(keep(answer.clone()));
    return answer;
  } catch (error) {
    const found = await kept(event.request);
    if (found) return found;
    throw error;
  }
}

self.addEventListener("install", function () { self.skipWaiting(); });
self.addEventListener("activate", function (event) { event.waitUntil(self.clients.claim()); });
self.addEventListener("message", function (event) {
  event.waitUntil(fetched(HOME).then(function (front) { return front && keep(front); }));
});
self.addEventListener("fetch", function (event) {
  const request = event.request;
  if (request.method === "GET" && request.url.startsWith(HOME) && SHOWN.includes(request.destination)) event.respondWith(answered(event));
});
