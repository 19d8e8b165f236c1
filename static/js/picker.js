"use strict";
// Finds resources while one types. What is selected stays selected, and becomes a chip at the next search.
(() => {
  const form = document.querySelector("form[data-resources-url]");
  if (!form) return;

  const box = (picker, one, kind) => {
    const item = document.createElement("li");
    const label = document.createElement("label");
    const input = document.createElement("input");
    const name = document.createElement("span");
    label.className = kind;
    input.type = "checkbox";
    input.name = `${picker.dataset.key}.id`;
    input.value = String(one.id);
    input.checked = kind === "chip";
    name.textContent = one.name;
    label.append(input, name);
    item.append(label);
    return item;
  };

  const wire = (picker) => {
    const { key, kind, kinds } = picker.dataset;
    const field = document.getElementById(`${key}.q`);
    const chosen = picker.querySelector("[data-chosen]");
    const found = picker.querySelector("[data-found]");
    const more = picker.querySelector("[data-more]");
    const count = picker.querySelector("[data-count]");
    const button = picker.querySelector("[data-search]");
    const total = Number(picker.dataset.total);
    let timer;
    let under_way;

    const say = () => {
      const number = picker.querySelectorAll("input[type=checkbox]:checked").length;
      count.textContent = `${number} of ${total} ${kinds} selected`;
    };

    const keep = () => {
      for (const input of found.querySelectorAll("input:checked")) {
        chosen.append(box(picker, { id: input.value, name: input.nextElementSibling.textContent }, "chip"));
      }
    };

    const show = (answer, q) => {
      keep();
      const already = new Set([...chosen.querySelectorAll("input")].map((input) => input.value));
      const fresh = answer.found.filter((one) => !already.has(String(one.id)));
      found.replaceChildren(...fresh.slice(0, 8).map((one) => box(picker, one, "option")));
      if (fresh.length === 0) {
        more.textContent = total === 0 ? `This account has no ${kinds} yet.` : `Nothing more matches “${q}”.`;
      } else {
        more.textContent = fresh.length > 8 ? "There are more: type a little more of the name." : "";
      }
      window.tokenhouse.announce(fresh.length === 0 ? more.textContent : `${Math.min(fresh.length, 8)} found`);
      say();
    };

    const search = async () => {
      clearTimeout(timer);
      if (under_way) under_way.abort();
      under_way = new AbortController();
      const { signal } = under_way;
      const q = field.value.trim();
      const query = new URLSearchParams({ kind, q });
      try {
        const answer = await fetch(`${form.dataset.resourcesUrl}?${query}`, {
          credentials: "same-origin",
          headers: { accept: "application/json" },
          signal,
        });
        if (!answer.ok) throw new Error(String(answer.status));
        show(await answer.json(), q);
        return true;
      } catch {
        return signal.aborted;
      }
    };

    // Where the server cannot be asked in the background, the form asks it, as it does without a script.
    const search_or_send = async (event) => {
      event.preventDefault();
      if (!(await search())) {
        button.removeEventListener("click", search_or_send);
        button.click();
      }
    };

    field.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(search, 200);
    });
    field.addEventListener("keydown", (event) => {
      if (event.key === "Enter") search_or_send(event);
    });
    button.addEventListener("click", search_or_send);
    picker.addEventListener("change", say);
  };

  for (const picker of form.querySelectorAll("[data-picker]")) wire(picker);
})();
