"use strict";
// Says how many are chosen, and chooses all of the page. Without it, the boxes and the button do the same.
(() => {
  const form = document.querySelector("form[data-choose]");
  if (!form) return;
  // Not form.id: the boxes are called so, too, and stand before it.
  const mine = `[form="${form.getAttribute("id")}"]`;
  const boxes = () => [...document.querySelectorAll(`input[type=checkbox]${mine}`)];
  const count = form.querySelector("[data-count]");
  const all = form.querySelector("[data-all]");

  const say = () => {
    const chosen = boxes().filter((box) => box.checked).length;
    count.textContent = chosen === 0 ? "" : `${chosen} of ${boxes().length} on this page`;
    all.textContent = chosen === boxes().length ? "Choose none" : "Choose all on this page";
  };

  all.hidden = false;
  all.addEventListener("click", () => {
    const is_all = boxes().every((box) => box.checked);
    for (const box of boxes()) box.checked = !is_all;
    say();
    window.tokenhouse.announce(count.textContent || "None chosen");
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches(mine)) say();
  });
  // Back from another page, the browser has put the ticks back.
  addEventListener("pageshow", say);
  say();
})();
