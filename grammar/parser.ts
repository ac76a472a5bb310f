/** @file The parser of `.arch` files: chevrotain rules from tokens to a concrete syntax tree (`cst.d.ts`). */
import { EOF } from 'chevrotain';
import { SpecRules } from './rules-specs.js';
import * as t from './tokens.js';

export class ArchParser extends SpecRules {
  /** `validate` lets chevrotain check the grammar itself; tests do, the tool does not (it takes time). */
  constructor(validate = false) {
    super(validate);
    this.performSelfAnalysis();
  }

  readonly file = this.RULE('file', () => {
    if (this.RECORDING_PHASE) this.MANY(() => this.SUBRULE(this.topItem));
    while (!this.RECORDING_PHASE && !this.sees(EOF)) {
      if (this.sees(t.Semicolon)) this.skipTo(this.position() + 1);
      else if (this.sees(t.RightBrace)) {
        this.report({ kind: 'unexpected_closer', closer: '}', span: this.spanOf(this.LA(1)) });
        this.skipTo(this.position() + 1);
      } else this.declaration(() => this.SUBRULE(this.topItem));
    }
  });

  readonly topItem = this.RULE('topItem', () => {
    this.OR({
      DEF: [
        { ALT: () => this.SUBRULE(this.languageLine) },
        { ALT: () => this.SUBRULE(this.useLine) },
        { ALT: () => this.SUBRULE(this.blockDeclaration) },
        { ALT: () => this.SUBRULE(this.functionDeclaration) },
        { ALT: () => this.SUBRULE(this.lossDeclaration) },
        { ALT: () => this.SUBRULE(this.archDeclaration) },
        { ALT: () => this.SUBRULE(this.trainDeclaration) },
      ],
      ERR_MSG: 'a declaration',
    });
  });

  readonly languageLine = this.RULE('languageLine', () => {
    this.CONSUME(t.Language);
    this.CONSUME(t.NumberLiteral);
  });

  /** `use std.transformer { embed, attention as attn }` */
  readonly useLine = this.RULE('useLine', () => {
    this.CONSUME(t.Use);
    this.SUBRULE(this.path);
    this.open(t.LeftBrace, 'use');
    this.list([t.RightBrace], () => this.SUBRULE(this.usedName));
    this.close(t.RightBrace, '`,` or `}`');
  });

  readonly usedName = this.RULE('usedName', () => {
    this.CONSUME(t.Name);
    this.OPTION(() => {
      this.CONSUME(t.As);
      this.CONSUME2(t.Name, { LABEL: 'alias' });
    });
  });
}
