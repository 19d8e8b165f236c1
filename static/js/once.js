"use strict";
// A button that makes or ends something is pressed once, and a secret does not outlive its page.
(() => {
  const again = (form, button) => {
    delete form.dataset.sent;
    button.disabled = false;
    button.removeAttribute("aria-busy");
  };

  document.addEventListener("submit", (event) => {
    const form = event.target;
    const button = event.submitter;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    if (!button || !button.matches("[data-once]")) return;
    form.dataset.sent = "yes";
    // A disabled button sends no value, so it is disabled after the browser has collected the fields.
    setTimeout(() => {
      if (event.defaultPrevented) {
        again(form, button);
        return;
      }
      button.disabled = true;
      button.setAttribute("aria-busy", "true");
      // Where no answer ever came, one is not locked out; the form's nonce keeps a repetition harmless.
      setTimeout(() => again(form, button), 15000);
    }, 0);
  });

  addEventListener("pagehide", () => {
    for (const secret of document.querySelectorAll("[data-secret]")) {
      if ("value" in secret) {
        secret.value = "";
        secret.defaultValue = "";
      } else {
        secret.textContent = "";
      }
    }
  });

  // Back from the browser's own cache of pages, where the button is still as it was left.
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    for (const button of document.querySelectorAll("[data-once]")) again(button.form, button);
  });
})();
