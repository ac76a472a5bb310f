/** @file The device of a test, or a skip that says why there is none. */
import type { TestContext } from 'vitest';
import { gpu, type Gpu } from '../../support/gpu.js';

export async function device(test: TestContext): Promise<Gpu> {
  const on = await gpu();
  if (typeof on === 'string') return test.skip(on);
  return on;
}
