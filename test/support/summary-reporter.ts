/**
 * @file Ends a test run with the one line that machines read: `N passed, N failed, N skipped`. Skipped tests are listed by name, so that nothing is
 * left out silently; a line before says when that was for want of a GPU adapter.
 */
import type { Reporter, TestCase, TestModule } from 'vitest/node';

/** How tests that need an adapter say that there is none. */
const ADAPTER = /no (GPU )?adapter|webgpu package does not load/;
const HELP =
  'WGSL execution was not tested: there is no GPU adapter. To get one without a GPU, install libvulkan1 and mesa-vulkan-drivers 25 or newer (.ci/run does); `archc doctor` says more.';

function wantsAdapter(test: TestCase): boolean {
  const result = test.result();
  return ADAPTER.test(test.fullName) || (result.state === 'skipped' && ADAPTER.test(result.note ?? ''));
}

export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const counts = { passed: 0, failed: errors.length, skipped: 0 };
    const skipped: TestCase[] = [];
    for (const module of modules) {
      if (module.errors().length > 0) counts.failed += 1;
      for (const test of module.children.allTests()) {
        const state = test.result().state;
        if (state === 'passed') counts.passed += 1;
        else if (state === 'failed') counts.failed += 1;
        else {
          counts.skipped += 1;
          skipped.push(test);
        }
      }
    }
    for (const test of skipped) console.log(`skipped: ${test.module.relativeModuleId} > ${test.fullName}`);
    if (skipped.some(wantsAdapter)) console.log(HELP);
    console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  }
}
