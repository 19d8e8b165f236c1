const [rings, badges] = arguments;
const styled = (tag, style) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(style)) element.style.setProperty(name, value);
  return element;
};
const root = document.documentElement;
// As large as the page, and what sticks out is cut off: nothing gets longer by it.
const layer = styled('div', {
  position: 'absolute', 'inset-block-start': '0', 'inset-inline-start': '0', 'z-index': '2147483647',
  overflow: 'clip', 'pointer-events': 'none', display: 'block',
});
layer.style.width = `${root.clientWidth}px`;
layer.style.height = `${root.scrollHeight}px`;
const place = (element) => {
  const box = element.getBoundingClientRect();
  return { left: box.left + scrollX, top: box.top + scrollY, width: box.width, height: box.height };
};
const ink = 'oklch(.55 .2 350)';
for (const element of rings) {
  const box = place(element);
  const ring = styled('div', {
    position: 'absolute', 'box-sizing': 'border-box', border: `3px solid ${ink}`, 'border-radius': '10px',
    'box-shadow': '0 0 0 2px white',
  });
  ring.style.left = `${Math.round(box.left) - 6}px`;
  ring.style.top = `${Math.round(box.top) - 6}px`;
  ring.style.width = `${Math.round(box.width) + 12}px`;
  ring.style.height = `${Math.round(box.height) + 12}px`;
  layer.append(ring);
}
badges.forEach((element, index) => {
  const box = place(element);
  const badge = styled('div', {
    position: 'absolute', 'box-sizing': 'border-box', width: '26px', height: '26px', 'border-radius': '13px',
    background: ink, color: 'white', font: '700 14px/26px sans-serif', 'text-align': 'center',
    'box-shadow': '0 0 0 2px white',
  });
  badge.textContent = index + 1;
  badge.style.left = `${Math.max(2, Math.round(box.left) - 16)}px`;
  badge.style.top = `${Math.max(2, Math.round(box.top) - 13)}px`;
  layer.append(badge);
});
root.append(layer);
