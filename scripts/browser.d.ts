/** One ES module for browsers, from the file `entry`: `scripts/browser.js`. */
export function bundleForBrowser(entry: string): Promise<string>;
