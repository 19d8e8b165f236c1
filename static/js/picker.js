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
    if (one.account) {
      const account = document.createElement("small");
      account.textContent = one.account;
      name.append(" ", account);
    }
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
    const { total } = picker.dataset;
    let timer;
    let under_way;

    const say = () => {
      const number = picker.querySelectorAll("input[type=checkbox]:checked").length;
      count.textContent = `${number} of ${total} ${kinds} selected`;
    };

    const keep = () => {
      for (const input of found.querySelectorAll("input:checked")) {
        const [name, account] = input.nextElementSibling.childNodes.length > 1
          ? [input.nextElementSibling.firstChild.textContent.trim(), input.nextElementSibling.querySelector("small").textContent]
          : [input.nextElementSibling.textContent];
        chosen.append(box(picker, { id: input.value, name, account }, "chip"));
      }
    };

    const show = (answer, q) => {
      keep();
      const already = new Set([...chosen.querySelectorAll("input")].map((input) => input.value));
      const fresh = answer.found.filter((one) => !already.has(String(one.id)));
      found.replaceChildren(...fresh.slice(0, 8).map((one) => box(picker, one, "option")));
      if (fresh.length === 0) {
        more.textContent = total === "0" ? `There are no ${kinds} yet.` : `Nothing more matches “${q}”.`;
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

    // What was not opened when the page was made has nothing found yet.
    const where = picker.closest("fieldset");
    where.addEventListener("change", (event) => {
      const opened = event.target.matches('[name$=".where"]:is([value="named"], [value="except"], [value="everywhere_except"])');
      if (opened && !found.children.length && total !== "0") search();
    });
  };

  // The builder's rows come and go; what it puts in is wired in the same way.
  window.tokenhouse.wirePickers = () => {
    for (const picker of form.querySelectorAll("[data-picker]")) wire(picker);
  };
  window.tokenhouse.wirePickers();
})();
