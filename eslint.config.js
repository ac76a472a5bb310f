import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', 'grammar/cst.d.ts', 'test/**/golden/**', 'test/**/fixtures/**', 'runs/**', 'out/**'] },
  ...tseslint.configs.recommended,
  {
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      // walking up a chain that starts at `this` is plain code
      '@typescript-eslint/no-this-alias': 'off',
      '@typescript-eslint/ban-ts-comment': ['error', { 'ts-expect-error': true, 'ts-ignore': true, 'ts-nocheck': true }],
      eqeqeq: 'error',
    },
  },
  {
    // what runs at run time must not know the compiler
    files: ['runtime/**'],
    rules: { 'no-restricted-imports': ['error', { patterns: ['**/compiler/**', '**/grammar/**'] }] },
  },
  {
    // the core is pure: no file system, no process
    files: ['grammar/**', 'compiler/**'],
    ignores: ['compiler/cli/**'],
    rules: { 'no-restricted-imports': ['error', { patterns: ['node:*', '**/cli/**'] }] },
  },
);
