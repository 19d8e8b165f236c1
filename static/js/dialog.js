"use strict";
// The page that asks before something ends, shown above the page that led to it. The link works without this,
// and whatever goes wrong here ends in following it.
(() => {
  if (typeof HTMLDialogElement !== "function") return;

  const plainClick = (event) =>
    event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey && !event.defaultPrevented;

  // The question of a fetched page: all that its main part holds but what belongs to the page.
  const question = (html, address) => {
    const page = new DOMParser().parseFromString(html, "text/html");
    const main = page.querySelector("main");
    const form = main && main.querySelector("form[method=post]");
    const title = main && main.querySelector("h1");
    if (!form || !title) return null;
    for (const rest of main.querySelectorAll(".crumbs, .foot, .help-link, :scope > .notice")) rest.remove();
    // Without an action a form posts to the address of its page, which is another one here.
    if (!form.hasAttribute("action")) form.action = address;
    const heading = document.createElement("h2");
    heading.id = "dialog-title";
    heading.tabIndex = -1;
    heading.append(...title.childNodes);
    title.replaceWith(heading);
    return main;
  };

  const show = (main, link) => {
    const dialog = document.createElement("dialog");
    dialog.className = "dialog";
    dialog.setAttribute("aria-labelledby", "dialog-title");
    dialog.append(...[...main.childNodes].map((node) => document.adoptNode(node)));
    // Beside it: pressed and let go there, since whoever selects a text may let go anywhere.
    const isBeside = ({ target, clientX: x, clientY: y }) => {
      const { left, right, top, bottom } = dialog.getBoundingClientRect();
      return target === dialog && (x < left || x > right || y < top || y > bottom);
    };
    let isPressedBeside = false;
    dialog.addEventListener("pointerdown", (event) => { isPressedBeside = isBeside(event); });
    dialog.addEventListener("click", (event) => {
      // On the way back to where one is anyway.
      const back = event.target.closest("a[data-cancel]");
      if (!back && !(isPressedBeside && isBeside(event))) return;
      event.preventDefault();
      dialog.close();
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      link.focus();
    });
    document.body.append(dialog);
    dialog.showModal();
    dialog.querySelector("#dialog-title").focus();
  };

  const open = async (link, signal) => {
    const answer = await fetch(link.href, { headers: { accept: "text/html" }, signal });
    // Signed out meanwhile, or the token has ended: its page says so better.
    if (!answer.ok || answer.redirected) return false;
    const main = question(await answer.text(), link.href);
    if (main && !signal.aborted) show(main, link);
    return main !== null;
  };

  // One question at a time: another link, or another page, takes the place of what is on its way.
  let underWay = new AbortController();
  addEventListener("pagehide", () => underWay.abort());

  document.addEventListener("click", async (event) => {
    const link = event.target.closest("a[data-dialog]");
    if (!link || !plainClick(event)) return;
    event.preventDefault();
    underWay.abort();
    underWay = new AbortController();
    const { signal } = underWay;
    const shown = await open(link, signal).catch(() => false);
    if (!shown && !signal.aborted) location.assign(link.href);
  });
})();
