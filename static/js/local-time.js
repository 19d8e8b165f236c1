"use strict";
// Adds the reader's own time to the exact one, when the pointer first comes to it: what knows how times are written
// takes longer to start than all else here together. Whoever has no pointer has the exact time in
// UTC alone. Expiry dates carry no data-local: they are days in UTC.
(() => {
  let format;
  document.addEventListener("pointerover", ({ target }) => {
    const time = target.closest("time[data-local]");
    if (!time) return;
    delete time.dataset.local;
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.getTime())) return;
    format ??= new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
    const exact = time.title;
    time.title = exact ? `${format.format(at)} your time · ${exact}` : format.format(at);
  });
})();
