"use strict";
// On a phone a row is laid out as a card, and some browsers take the roles of a table away with its layout: so
// they are said. By a script, since the page itself would not be valid if it said them twice.
(() => {
  const ROLES = { table: "table", thead: "rowgroup", tbody: "rowgroup", tr: "row", td: "cell" };
  for (const part of document.querySelectorAll("table, thead, tbody, tr, th, td")) {
    part.setAttribute("role", ROLES[part.localName] ?? (part.scope === "row" ? "rowheader" : "columnheader"));
  }
})();
