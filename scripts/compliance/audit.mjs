/**
 * The rules against the tests. A rule is proven by tests whose titles carry its number in square brackets; or it
 * does not apply (`exempt`); or what it asks for is not complete (`open`). Each says why.
 */

/** Numbers in a title: [7] [8]. Lists in one pair of brackets would be overlooked, so they are errors. */
const NUMBER = /\[(\d+)\]/g;
const LIST = /\[\d+\s*[,;–-]\s*\d[^\]]*\]/;

export const titleOf = (test) => `${test.suite}: ${test.name}`;

/** Numbers that a title carries, each once. */
export function numbersOf(title) {
  return [...new Set([...title.matchAll(NUMBER)].map(([, digits]) => Number(digits)))];
}

/** number → its tests. */
export function proofs(rules, tests) {
  const found = new Map(rules.map(({ number }) => [number, []]));
  for (const test of tests) for (const number of numbersOf(titleOf(test))) found.get(number)?.push(test);
  return found;
}

/** What is wrong, one line each. */
export function complaints(rules, tests) {
  return [...ruleComplaints(rules), ...titleComplaints(rules, tests), ...proofComplaints(rules, tests)];
}

function ruleComplaints(rules) {
  return rules.flatMap((rule, i) => {
    const at = `checklist: rule ${rule.number}`;
    return [
      rule.number === i + 1 ? [] : `${at} stands where ${i + 1} belongs`,
      rule.rule && rule.source ? [] : `${at} lacks its text or its source`,
      rule.open === undefined || rule.exempt === undefined ? [] : `${at} is open and does not apply: choose`,
      [rule.open, rule.exempt].includes('') ? `${at} gives no reason` : [],
    ].flat();
  });
}

function titleComplaints(rules, tests) {
  const known = new Set(rules.map(({ number }) => number));
  return tests.flatMap((test) => {
    const title = titleOf(test);
    const unknown = numbersOf(title).filter((number) => !known.has(number));
    return [
      ...unknown.map((number) => `${test.file}: [${number}] is no rule: ${title}`),
      ...(LIST.test(title) ? [`${test.file}: one number in a pair of brackets: ${title}`] : []),
    ];
  });
}

function proofComplaints(rules, tests) {
  return [...proofs(rules, tests)].flatMap(([number, own], i) => {
    const { open, exempt } = rules[i];
    if (own.length === 0 && open === undefined && exempt === undefined) {
      return `rule ${number}: no title carries [${number}], and no reason is given in docs/checklist.json`;
    }
    return exempt !== undefined && own.length > 0
      ? `rule ${number}: does not apply, yet ${own[0].file} proves it: ${titleOf(own[0])}`
      : [];
  });
}
