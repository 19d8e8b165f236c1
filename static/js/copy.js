"use strict";
// Copies what a field or an element holds. Over plain http there is no clipboard API: there, select and execCommand.
(() => {
  const select = (source) => {
    if (typeof source.select === "function") {
      source.focus();
      source.select();
      source.setSelectionRange(0, source.value.length);
      return;
    }
    const range = document.createRange();
    range.selectNodeContents(source);
    const selection = getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
  };

  const copyBySelecting = (source) => {
    select(source);
    try {
      return document.execCommand("copy");
    } catch {
      return false;
    }
  };

  const copy = async (source) => {
    const text = "value" in source ? source.value : source.textContent;
    if (navigator.clipboard && isSecureContext) {
      try {
        await navigator.clipboard.writeText(text);
        return true;
      } catch {
        // Refused, for instance by a permission: the older way may still work.
      }
    }
    return copyBySelecting(source);
  };

  for (const button of document.querySelectorAll("[data-copy]")) {
    const source = document.getElementById(button.dataset.copy);
    const label = button.querySelector("span");
    if (!source || !label) continue;
    const before = label.textContent;
    let timer;
    button.hidden = false;
    button.addEventListener("click", async () => {
      const done = await copy(source);
      if (done) {
        document.dispatchEvent(new Event("tokenhouse:copied"));
        button.focus();
      } else {
        select(source);
      }
      label.textContent = done ? "Copied" : "Selected: copy it now";
      window.tokenhouse.announce(done ? "Copied" : "Selected. Copy it with your keyboard.");
      clearTimeout(timer);
      timer = setTimeout(() => { label.textContent = before; }, 3000);
    });
  }

  for (const field of document.querySelectorAll("textarea[data-secret]")) {
    field.addEventListener("focus", () => field.select());
  }
})();
