// arguments: the rules to run (all of them when null), and WebDriver's callback.
const [rules, done] = arguments;
const STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
axe
  .run(document, {
    runOnly: rules ? { type: "rule", values: rules } : { type: "tag", values: STANDARDS },
    // Off by default, though WCAG 2.2 AA asks for it.
    rules: rules ? {} : { "target-size": { enabled: true } },
    resultTypes: ["violations"],
    // There is nothing from elsewhere to be fetched.
    preload: false,
  })
  .then(({ violations }) =>
    done(
      violations.flatMap(({ id, nodes }) =>
        nodes.slice(0, 3).map((node) => `${id}: ${node.target.join(" ")}: ${node.failureSummary.replace(/\s+/g, " ")}`),
      ),
    ),
  )
  .catch((error) => done([`axe itself failed: ${error}`]));
