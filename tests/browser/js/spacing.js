// The spacing of WCAG 1.4.12; tells what is cut off by it that was not before.
const SPACED = `
  * { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; }
  p { margin-block-end: 2em !important; }`;

// What hides what is too long on purpose: for screen readers alone, or with an ellipsis that says so.
const onPurpose = (style) =>
  style.clipPath !== "none" || style.textOverflow === "ellipsis" || style.webkitLineClamp !== "none";
const cut = () =>
  [...document.body.querySelectorAll("*")].filter((element) => {
    const style = getComputedStyle(element);
    if (!["hidden", "clip"].includes(style.overflowX) || onPurpose(style)) return false;
    return element.scrollWidth > element.clientWidth + 1 || element.scrollHeight > element.clientHeight + 1;
  });

const before = new Set(cut());
const sheet = new CSSStyleSheet();
sheet.replaceSync(SPACED);
document.adoptedStyleSheets = [sheet];
const wrong = cut()
  .filter((element) => !before.has(element))
  .map((element) => `${element.localName}.${element.className} cuts off spaced text`);
const { scrollWidth } = document.documentElement;
if (scrollWidth > innerWidth) wrong.push(`spaced text is ${scrollWidth} wide at ${innerWidth}`);
document.adoptedStyleSheets = [];
return wrong;
