/**
 * @file The engines of this machine.
 */
import { type Engine, interpreter } from './engines.js';

export function engines(): Promise<Engine[]> {
  return Promise.resolve([interpreter]);
}
