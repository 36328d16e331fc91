"use strict";
// Dark or light: the reader's choice, kept on this device. Everything else works without scripts.
(function () {
  const root = document.documentElement;
  let chosen = null;
  try { chosen = localStorage.getItem("theme"); } catch { /* storage is off */ }
  if (chosen === "dark" || chosen === "light") root.dataset.theme = chosen;
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
