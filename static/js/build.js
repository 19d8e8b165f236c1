"use strict";
// The builder's buttons ask the server for the form as it is then, and put it in place, so that the
// page neither jumps nor flickers. Without a script they do the same by loading the page.
(() => {
  const form = document.querySelector("form[data-builder]");
  if (!form) return;
  const part = "[data-swapped]";

  // The script applies a choice at once.
  const hide = () => {
    for (const button of form.querySelectorAll("[data-plain-only]")) button.hidden = true;
  };

  const put = (html, focus) => {
    const page = new DOMParser().parseFromString(html, "text/html");
    const fresh = page.querySelector(part);
    if (!fresh) return false;
    form.querySelector(part).replaceWith(document.adoptNode(fresh));
    hide();
    window.tokenhouse.wirePickers();
    const target = document.getElementById(focus) || document.getElementById("add-row");
    if (target) target.focus();
    form.dispatchEvent(new Event("change"));
    return true;
  };

  const send = async (value, focus) => {
    try {
      const body = new URLSearchParams(new FormData(form));
      body.set("do", value);
      const answer = await fetch(form.action, { method: "POST", credentials: "same-origin", body });
      return answer.ok && put(await answer.text(), focus);
    } catch {
      return false;
    }
  };

  // One after the other: what is pressed next is about the form as it is by then.
  let turn = Promise.resolve();
  let waiting = 0;
  const ask = (value, focus) => {
    waiting += 1;
    form.setAttribute("aria-busy", "true");
    const asked = turn.then(() => send(value, focus)).finally(() => {
      waiting -= 1;
      if (waiting === 0) form.removeAttribute("aria-busy");
    });
    turn = asked;
    return asked;
  };

  form.addEventListener("submit", async (event) => {
    if (waiting === 0) return;
    event.preventDefault();
    const { submitter } = event;
    while (waiting > 0) await turn;
    form.requestSubmit(submitter && submitter.isConnected ? submitter : null);
  });

  form.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-swap]");
    if (!button || button.dataset.plainly) return;
    event.preventDefault();
    const focus = button.dataset.adds || (button.value === "address" ? "from" : button.closest("[data-rule]")?.querySelector("select")?.id);
    if (!(await ask(button.value, focus))) {
      // Where the server cannot be asked in the background, the form asks it.
      button.dataset.plainly = "yes";
      button.click();
    }
  });

  form.addEventListener("change", async (event) => {
    if (!event.target.matches?.("[data-swap-on-change]")) return;
    if (!(await ask("update", event.target.id))) form.requestSubmit(form.querySelector('button[value="update"]'));
  });

  hide();
})();
