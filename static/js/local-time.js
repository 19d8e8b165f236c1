"use strict";
// Adds the reader's own time to the exact one. Expiry dates carry no data-local: they are days in UTC.
(() => {
  const format = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
  window.tokenhouse.localTimes = (within) => {
    for (const time of within.querySelectorAll("time[data-local]")) {
      const at = new Date(time.dateTime);
      if (Number.isNaN(at.getTime())) continue;
      const exact = time.title;
      time.title = exact ? `${format.format(at)} your time · ${exact}` : format.format(at);
    }
  };
  window.tokenhouse.localTimes(document);
})();
