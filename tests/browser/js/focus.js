// Gives the focus to everything that Tab reaches, one after the other, and tells what does not show it.
const ring = (element) => {
  const { outlineStyle, outlineWidth, outlineColor, outlineOffset } = getComputedStyle(element);
  if (outlineStyle === "none" || parseFloat(outlineWidth) < 2 || /^rgba.*, 0\)$|\/ 0\)$/.test(outlineColor)) return "";
  return [outlineStyle, outlineWidth, outlineColor, outlineOffset].join(" ");
};
const seen = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
// A radio button may be invisible, and its label show the ring; and a card for the link in it.
const around = (stop) => {
  const all = [stop, stop.nextElementSibling].filter(Boolean);
  for (let one = stop.parentElement; one && one !== document.body; one = one.parentElement) all.push(one);
  return all;
};

const wrong = [];
const before = document.activeElement;
// All else waits behind a dialog.
const page = document.querySelector("dialog:modal") ?? document;
for (const stop of page.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")) {
  if (stop.disabled || stop.tabIndex < 0 || !stop.checkVisibility({ visibilityProperty: true })) continue;
  const name = `${stop.localName} “${(stop.textContent.trim() || stop.name || stop.id).slice(0, 40)}”`;
  const without = new Map(around(stop).map((element) => [element, ring(element)]));
  stop.focus({ preventScroll: true, focusVisible: true });
  if (document.activeElement !== stop) {
    wrong.push(`${name} takes no focus`);
    continue;
  }
  const shown = around(stop).some((element) => ring(element) && seen(element) && ring(element) !== without.get(element));
  if (!shown) wrong.push(`${name} does not show that it has the focus`);
}
if (before) before.focus({ preventScroll: true });
return wrong;
