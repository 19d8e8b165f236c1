module.exports = {
  root: true,
  extends: ["html-validate:standard", "html-validate:a11y"],
  rules: {
    // On a phone a row is laid out as a card, and browsers take the role of a table away with its
    // layout: so it is said.
    "no-redundant-role": "off",
    // Lists may have a name.
    "aria-label-misuse": ["error", { allowAnyNamable: true }],
  },
};
