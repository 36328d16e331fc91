"use strict";
// Dark or light: the reader's choice, kept on this device. And the last edition, where the site lets readers keep it
// (offline.js). Everything else works without scripts.
(function () {
  const root = document.documentElement;
  let chosen = null;
  try { chosen = localStorage.getItem("theme"); } catch { /* storage is off */ }
  if (chosen === "dark" || chosen === "light") root.dataset.theme = chosen;
  if (navigator.serviceWorker) {
    const own = document.currentScript, worker = new URL("../offline.js", own.src).href, home = new URL("../", own.src).href;
    const first = !navigator.serviceWorker.controller;
    if ("offline" in own.dataset) {
      addEventListener("load", function () {
        navigator.serviceWorker.register(worker).catch(function () { /* the reader allows none */ });
        if (first) navigator.serviceWorker.ready.then(function (made) { made.active.postMessage("keep"); });
      });
    } else {
      navigator.serviceWorker.getRegistration(home).then(async function (made) {
        if (!made || !made.active || made.active.scriptURL !== worker) return;
        await made.unregister();
        for (const name of await caches.keys()) if (name.startsWith("edition of " + home + " ")) caches.delete(name);
      }).catch(function () { /* storage is off */ });
    }
  }
  document.addEventListener("DOMContentLoaded", function () {
    const button = document.getElementById("switch");
    if (!button) return;
    button.hidden = false;
    button.addEventListener("click", function () {
      const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
      root.dataset.theme = dark ? "light" : "dark";
      try { localStorage.setItem("theme", root.dataset.theme); } catch { /* storage is off */ }
    });
  });
})();
