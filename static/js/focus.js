"use strict";
// After a page load: to the errors first, and what just happened is said aloud.
(() => {
  // A short form says its one error at the field alone.
  const wrong = document.querySelector("[data-error-summary]") ?? document.querySelector("[aria-invalid=true]");
  if (wrong) wrong.focus();

  const flash = document.querySelector("[data-flash]");
  if (flash) window.tokenhouse.announce(flash.textContent.trim());

  // Menus close as people expect them to.
  const close = (except) => {
    for (const menu of document.querySelectorAll("details[data-menu][open]")) {
      if (!except || !menu.contains(except)) menu.open = false;
    }
  };
  document.addEventListener("click", (event) => close(event.target));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const open = document.querySelector("details[data-menu][open]");
    close();
    if (open) open.querySelector("summary").focus();
  });
})();
