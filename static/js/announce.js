"use strict";
// One live region a page, shared by the other files.
(() => {
  const region = document.querySelector("[data-live]");
  window.tokenhouse = {
    announce(text) {
      if (!region) return;
      region.textContent = "";
      // A screen reader speaks of a change, so the same words need two.
      setTimeout(() => { region.textContent = text; }, 60);
    },
  };
})();
