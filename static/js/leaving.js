"use strict";
// Asks before a secret that nobody copied is left behind for good.
(() => {
  const isSecret = (element) => element instanceof Element && element.closest("[data-secret]") !== null;
  if (!document.querySelector("textarea[data-only-here]")) return;
  const ask = (event) => event.preventDefault();
  const enough = () => removeEventListener("beforeunload", ask);

  addEventListener("beforeunload", ask);
  document.addEventListener("tokenhouse:copied", enough);
  // By hand, from the field or from the command.
  document.addEventListener("copy", (event) => {
    const from = getSelection()?.anchorNode;
    if (isSecret(event.target) || isSecret(from instanceof Element ? from : from?.parentElement)) enough();
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-copied]")) enough();
  });
})();
