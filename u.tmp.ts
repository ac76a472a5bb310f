import { parseText, render } from './test/grammar/help.js';
import { kitchenSink } from './test/grammar/help.js';
import { scan } from './grammar/scan.js';
console.log(JSON.stringify(parseText('language').errors), JSON.stringify(parseText('language').file));
const { tokens } = scan({ file: '', text: kitchenSink });
for (const token of tokens) { const text = kitchenSink.slice(0, token.startOffset) + ' '.repeat(token.image.length) + kitchenSink.slice(token.startOffset + token.image.length);
 const e = parseText(text).errors; if (e.length > 1) { console.log('--', token.image, kitchenSink.slice(token.startOffset-30, token.startOffset+30).replace(/\n/g,'\\n')); console.log(render(text, e).join('\n')); } }
