"use strict";
// "In plain words" follows each choice. The server writes the sentences; this only shows them.
(() => {
  const form = document.querySelector("form[data-words-url]");
  const panel = document.querySelector("[data-words]");
  if (!form || !panel) return;
  const list = panel.querySelector("[data-words-list]");
  const empty = panel.querySelector("[data-words-empty]");
  let timer;
  let under_way;

  const phrase = ({ text, strong, code }) => {
    if (!strong && !code) return document.createTextNode(text);
    const run = document.createElement(code ? "code" : "b");
    run.textContent = text;
    return run;
  };

  const sentence = ({ tone, phrases }) => {
    const item = document.createElement("li");
    const text = document.createElement("span");
    const icon = panel.querySelector(`template[data-icon="${CSS.escape(tone)}"]`);
    item.dataset.tone = tone;
    text.append(...phrases.map(phrase));
    if (icon) item.append(icon.content.cloneNode(true));
    item.append(text);
    return item;
  };

  const ask = async () => {
    if (under_way) under_way.abort();
    under_way = new AbortController();
    const { signal } = under_way;
    panel.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(form.dataset.wordsUrl, {
        method: "POST",
        credentials: "same-origin",
        headers: { accept: "application/json" },
        body: new URLSearchParams(new FormData(form)),
        signal,
      });
      if (!answer.ok) return;
      const words = await answer.json();
      list.replaceChildren(...words.sentences.map(sentence));
      empty.hidden = words.sentences.length > 0;
      // Not all of them anew after each choice.
      window.tokenhouse.announce(`In plain words: ${words.sentences.length} sentences`);
      const expires = form.querySelector("[data-expires]");
      if (expires) expires.textContent = words.expires;
    } catch {
      // Review says the same, and needs no script.
    } finally {
      if (!signal.aborted) panel.removeAttribute("aria-busy");
    }
  };

  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(ask, 300);
  };

  form.addEventListener("change", soon);

  // A form that comes filled in, for instance from "another like this", says at once what it amounts to.
  const filled = form.querySelector('input[type=radio]:checked:is([value="read"], [value="full"], [value="everything"])');
  if (!list.children.length && (filled || form.querySelector('input[type=hidden][name="reach"]'))) soon();
})();
