module.exports = {
  root: true,
  extends: ["html-validate:standard", "html-validate:a11y"],
  rules: {
    // Lists may have a name.
    "aria-label-misuse": ["error", { allowAnyNamable: true }],
  },
};
