import { parse } from './grammar/parse.js';
const body = (n: number, bad: boolean) => `language 1\nblock f() {\n${Array.from({length:n},(_, i)=>`  let a${i} = sum(d)(x * w) ${bad? '+ *': ''}`).join('\n')}\n}\n`;
for (const [n,bad] of [[100,false],[10000,false],[10000,true]] as const) { const text = body(n,bad); const t=performance.now(); const r=parse({file:'',text}); console.log(n,bad,performance.now()-t,r.errors.length); }
const t=performance.now(); const r=parse({file:'',text:'language 1\nblock f() {\n'+'  let a = (b\n'.repeat(5000)+'}'}); console.log('unclosed', performance.now()-t, r.errors.length);
