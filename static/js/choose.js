"use strict";
// Says how many are chosen, and chooses all of the page. Without it, the boxes and the button do the same.
// Until something is chosen, the bar is not there.
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
    form.hidden = chosen === 0;
    count.textContent = chosen === 0 ? "None chosen" : `${chosen} of ${boxes().length} on this page chosen`;
    all.textContent = chosen === boxes().length ? "Choose none" : "Choose all on this page";
  };

  const tell = () => {
    say();
    window.tokenhouse.announce(count.textContent);
  };

  all.hidden = false;
  all.addEventListener("click", () => {
    const is_all = boxes().every((box) => box.checked);
    for (const box of boxes()) box.checked = !is_all;
    tell();
    // The button that was pressed is gone with the bar.
    if (is_all) boxes()[0].focus();
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches(mine)) tell();
  });
  // Back from another page, the browser has put the ticks back.
  addEventListener("pageshow", say);
  say();
})();
