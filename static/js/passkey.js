"use strict";
// Passkeys: a button asks the browser for one, and sends its answer with the form.
(() => {
  const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const named = (list = []) => list.map((one) => ({ ...one, id: bytes(one.id) }));

  const ask = async (options) => {
    options.challenge = bytes(options.challenge);
    if (!options.user) {
      options.allowCredentials = named(options.allowCredentials);
      return navigator.credentials.get({ publicKey: options });
    }
    options.user.id = bytes(options.user.id);
    options.excludeCredentials = named(options.excludeCredentials);
    return navigator.credentials.create({ publicKey: options });
  };

  const answer = ({ id, rawId, type, response }) => {
    const said = {};
    for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (response[name]) said[name] = text(response[name]);
    }
    return JSON.stringify({ id, rawId: text(rawId), type, response: said, extensions: {} });
  };

  for (const button of document.querySelectorAll("[data-passkey]")) {
    if (!window.PublicKeyCredential) continue;
    const fault = document.getElementById("passkey-error");
    button.hidden = false;
    document.getElementById("passkey-note")?.setAttribute("hidden", "");
    button.addEventListener("click", async (event) => {
      event.preventDefault();
      fault.hidden = true;
      try {
        button.form.elements.passkey.value = answer(await ask(JSON.parse(button.dataset.passkey).publicKey));
        button.form.submit();
      } catch (error) {
        fault.textContent = error.name === "InvalidStateError" ? "This device has a passkey for you already." : "Your browser didn\u2019t confirm it. Try again, or use another way.";
        fault.hidden = false;
      }
    });
  }
})();
