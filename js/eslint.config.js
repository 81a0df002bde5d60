/* Rules for all JavaScript of the project. Layout is prettier's, types are
 * tsc's; ESLint looks for mistakes. Run from the top level with -c. */
import js from "@eslint/js";
import globals from "globals";

/** Files that run in Node and never in a page. */
const NODE_FILES = [
  ".ci/**/*.mjs",
  "tests/**/*.js",
  "tests/**/*.mjs",
  "web/serve.mjs",
  "js/cli.js",
  "js/cli/**/*.js",
  "src/cmake/*.mjs",
  "js/eslint.config.js",
  "js/fs/node*.js",
];

export default [
  { ignores: ["build/**", "node_modules/**"] },
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  js.configs.recommended,
  {
    languageOptions: {
      ecmaVersion: 2023,
      sourceType: "module",
      globals: { ...globals.browser },
    },
    rules: {
      "array-callback-return": "error",
      "consistent-return": "error",
      curly: ["error", "multi-line"],
      "default-case-last": "error",
      eqeqeq: ["error", "always", { null: "ignore" }],
      "no-alert": "error",
      "no-constructor-return": "error",
      "no-eval": "error",
      "no-implied-eval": "error",
      "no-new-func": "error",
      "no-self-compare": "error",
      "no-shadow": "error",
      "no-template-curly-in-string": "error",
      "no-throw-literal": "error",
      "no-unmodified-loop-condition": "error",
      "no-unused-vars": [
        "error",
        { argsIgnorePattern: "^_", varsIgnorePattern: "^_" },
      ],
      "no-useless-assignment": "off",
      "no-var": "error",
      "object-shorthand": "error",
      "prefer-const": "error",
      "prefer-promise-reject-errors": "error",
      "require-atomic-updates": "off",
    },
  },
  {
    files: NODE_FILES,
    languageOptions: { globals: { ...globals.node } },
  },
  {
    // Both at once: code that runs in a page and code that sends it there.
    files: [
      "js/host/platform.js",
      "tests/browser/**/*.js",
      "tests/helpers/**/*.js",
    ],
    languageOptions: { globals: { ...globals.browser, ...globals.node } },
    rules: {
      "no-restricted-syntax": [
        "error",
        {
          selector:
            "CallExpression[callee.property.name='waitForFunction'] > :function[async=true]",
          message: "A Promise is taken for true at once: loop in evaluate().",
        },
      ],
    },
  },
];
