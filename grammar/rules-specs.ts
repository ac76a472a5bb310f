/**
 * @file Grammar rules of the declarative level: `arch`, `train` and their nested settings.
 *
 * Newlines mean nothing in the language but for one thing: what stands between a block's head and its `{` (`layers 4 {`,
 * `group layers.ffn {`) stands on the head's line. Otherwise `gate: softmax` above `attention { }` would be one block.
 */
import { BlockRules } from './rules-blocks.js';
import type { Start } from './recovery.js';
import * as t from './tokens.js';

export abstract class SpecRules extends BlockRules {
  /** `arch Name extends Base { items }` */
  readonly archDeclaration = this.RULE('archDeclaration', () => {
    const construct = `arch ${this.LA(2).image}`;
    this.CONSUME(t.Arch);
    this.header(() => this.SUBRULE(this.archHead), (index) => this.specItemAt(index));
    this.SUBRULE(this.specBody, { ARGS: [construct] });
  });

  readonly archHead = this.RULE('archHead', () => {
    this.CONSUME(t.Name);
    this.OPTION(() => {
      this.CONSUME(t.Extends);
      this.CONSUME2(t.Name, { LABEL: 'base' });
    });
  });

  /** `train Name { items }` */
  readonly trainDeclaration = this.RULE('trainDeclaration', () => {
    this.CONSUME(t.Train);
    this.OPTION(() => this.CONSUME(t.Name));
    this.SUBRULE(this.specBody, { ARGS: ['train'] });
  });

  readonly specBody = this.RULE('specBody', (construct = '') => {
    this.nest(() => this.braced(construct, () => this.SUBRULE(this.specItem), (index) => this.specItemAt(index)));
  });

  readonly specItem = this.RULE('specItem', () => {
    this.OR({
      DEF: [
        { GATE: () => this.sees(t.AnyWord, 2), ALT: () => this.SUBRULE(this.lossItem) },
        { GATE: () => this.beginsContract(), ALT: () => this.SUBRULE(this.contractItem) },
        { GATE: () => this.sees(t.Colon, 2), ALT: () => this.SUBRULE(this.labelledItem) },
        { GATE: () => this.sees(t.Assign, 2) || this.sees(t.Dot, 2), ALT: () => this.SUBRULE(this.assignItem) },
        { ALT: () => this.SUBRULE(this.blockItem) },
      ],
      ERR_MSG: 'a setting',
      IGNORE_AMBIGUITIES: true,
    });
  });

  /** `loss ce = value` */
  readonly lossItem = this.RULE('lossItem', () => {
    this.CONSUME(t.Loss);
    this.CONSUME(t.AnyWord);
    this.CONSUME(t.Assign);
    this.SUBRULE(this.expression);
  });

  /** `layers.ffn.count = 32`, `schedule = cosine { warmup = 100 }` */
  readonly assignItem = this.RULE('assignItem', () => {
    this.SUBRULE(this.path);
    this.CONSUME(t.Assign);
    this.OR({
      DEF: [
        { GATE: () => this.beginsBlockValue(), ALT: () => this.SUBRULE(this.blockValue) },
        { ALT: () => this.SUBRULE(this.expression), IGNORE_AMBIGUITIES: true },
      ],
      ERR_MSG: 'an expression',
    });
  });

  readonly blockValue = this.RULE('blockValue', () => {
    const construct = this.LA(1).image;
    this.CONSUME(t.AnyWord);
    this.SUBRULE(this.specBody, { ARGS: [construct] });
  });

  /** `ffn: pools { ... }`, `gate: softmax` */
  readonly labelledItem = this.RULE('labelledItem', () => {
    const construct = this.LA(1).image;
    this.CONSUME(t.AnyWord, { LABEL: 'label' });
    this.CONSUME(t.Colon);
    if (this.isFirstOnLine(this.position()) && (this.sees(t.Assign, 2) || this.sees(t.Colon, 2))) this.failExpecting('a name');
    this.CONSUME2(t.AnyWord, { LABEL: 'head' });
    this.OPTION({
      GATE: () => this.braceAhead(),
      DEF: () => {
        this.blockArgs();
        this.SUBRULE(this.specBody, { ARGS: [construct] });
      },
    });
  });

  /** `attention { ... }`, `layers 4 { ... }`, `group layers.ffn { ... }` */
  readonly blockItem = this.RULE('blockItem', () => {
    const head = this.LA(1).image;
    this.CONSUME(t.AnyWord, { LABEL: 'head' });
    if (!this.RECORDING_PHASE && !this.braceAhead() && !this.lacksOpener()) {
      this.failExpecting('`=` or `{`', this.sees(t.NumberLiteral) ? `write \`${head} = ${this.LA(1).image}\` or \`${head} ${this.LA(1).image} { }\`` : undefined);
    }
    this.blockArgs();
    this.SUBRULE(this.specBody, { ARGS: [head] });
  });

  readonly simpleArg = this.RULE('simpleArg', () => {
    this.OR({
      DEF: [
        { ALT: () => this.CONSUME(t.NumberLiteral) },
        { ALT: () => this.CONSUME(t.StringLiteral) },
        { ALT: () => this.SUBRULE(this.path) },
        { ALT: () => this.SUBRULE(this.listLiteral) },
      ],
      ERR_MSG: 'a number, name, string or list',
    });
  });

  /** `contract { additive; active <= 32 per token }` */
  readonly contractItem = this.RULE('contractItem', () => {
    this.CONSUME(t.AnyWord, { LABEL: 'head' });
    this.SUBRULE(this.contractBody);
  });

  readonly contractBody = this.RULE('contractBody', () => {
    this.braced('contract', () => this.SUBRULE(this.clause), (index) => this.specItemAt(index));
  });

  readonly clause = this.RULE('clause', () => {
    this.CONSUME(t.AnyWord, { ERR_MSG: 'a clause' });
    if (!this.RECORDING_PHASE && !this.sees(t.AtMost) && (this.sees(t.Infix) || this.sees(t.Assign)) && !this.sees(t.AnyWord)) this.failExpecting('`<=`');
    this.OPTION(() => {
      this.CONSUME(t.AtMost);
      this.CONSUME(t.NumberLiteral);
      this.OPTION2(() => {
        this.OR([{ ALT: () => this.CONSUME(t.Percent) }, { ALT: () => this.CONSUME(t.Per) }]);
        this.CONSUME2(t.AnyWord, { LABEL: 'unit', ERR_MSG: 'a unit such as `token` or `flops`' });
      });
    });
  });

  private blockArgs(): void {
    if (this.RECORDING_PHASE) this.MANY(() => this.SUBRULE(this.simpleArg));
    else if (this.braceAhead()) while (!this.sees(t.LeftBrace)) this.SUBRULE(this.simpleArg);
    else while (this.argumentAhead()) this.SUBRULE(this.simpleArg);
  }

  /** Where the `{` is missing: whether the next token is still an argument rather than the first item. */
  private argumentAhead(): boolean {
    if (this.isFirstOnLine(this.position())) return false;
    if (this.sees(t.NumberLiteral) || this.sees(t.StringLiteral) || this.sees(t.LeftBracket)) return true;
    let end = this.position() + 1;
    while (this.isAt(end, t.Dot)) end += 2;
    const item = [t.Assign, t.Colon, t.LeftBrace].some((type) => this.isAt(end, type));
    return this.sees(t.AnyWord) && !item;
  }

  /** `cosine {` behind a one-word setting, on its line. */
  private beginsBlockValue(): boolean {
    return this.sees(t.AnyWord) && this.sees(t.LeftBrace, 2) && !this.sees(t.Dot, -2) && !this.isFirstOnLine(this.position());
  }

  private beginsContract(): boolean {
    if (this.LA(1).image !== 'contract') return false;
    return ![t.Assign, t.Colon, t.Dot].some((type) => this.sees(type, 2));
  }

  /** Whether, from the next token on, nothing but arguments on this line comes before a `{`. */
  private braceAhead(): boolean {
    let brackets = 0;
    for (let index = this.position(); ; index++) {
      if (this.isAt(index, t.LeftBrace)) return brackets === 0;
      if (this.isAt(index, t.LeftBracket)) brackets++;
      else if (this.isAt(index, t.RightBracket)) brackets--;
      const simple = [t.AnyWord, t.NumberLiteral, t.StringLiteral, t.Dot, t.LeftBracket, t.RightBracket].some((type) => this.isAt(index, type));
      if (this.isFirstOnLine(index) || !(simple || brackets > 0) || this.isPastEnd(index)) return false;
    }
  }

  protected specItemAt(index: number): Start {
    const fresh = this.isFirstOnLine(index) || this.isAt(index - 1, t.Semicolon);
    return fresh && this.isAt(index, t.AnyWord) ? 'perhaps' : 'no';
  }
}
