/**
 * @file Grammar rules of expressions and axis lists. Infix operators stand flat in the CST, in source order;
 * `build-expressions.ts` applies their precedence.
 */
import { EOF, tokenMatcher } from 'chevrotain';
import { chainLimit, RecoveringParser } from './recovery.js';
import * as t from './tokens.js';

/** Keywords that begin a statement when a word follows, and are names otherwise. */
const starters = [t.Param, t.State, t.Update, t.Axis, t.Experts, t.Read, t.Write, t.Loss, t.Train, t.Arch, t.Use, t.Language, t.Gradient];
/** Words that may follow an operand. */
const joiners = [t.Infix, t.If, t.Else, t.As, t.Of, t.Shares, t.Per];

export abstract class ExpressionRules extends RecoveringParser {
  /** `a if cond else b`, or what binds tighter. */
  readonly expression = this.RULE('expression', () => {
    this.nest(() => {
      this.SUBRULE(this.infix, { LABEL: 'then' });
      this.OPTION(() => {
        this.CONSUME(t.If);
        this.SUBRULE2(this.infix, { LABEL: 'condition' });
        this.CONSUME(t.Else);
        this.SUBRULE(this.expression, { LABEL: 'otherwise' });
      });
    });
  });

  readonly infix = this.RULE('infix', () => {
    let links = 0;
    this.SUBRULE(this.operand);
    this.MANY(() => {
      if (links++ > chainLimit) this.tooDeep(chainLimit);
      this.CONSUME(t.Infix);
      this.SUBRULE2(this.operand);
    });
  });

  readonly operand = this.RULE('operand', () => {
    let links = 0;
    this.MANY(() => {
      if (links++ > chainLimit) this.tooDeep(chainLimit);
      this.CONSUME(t.Prefix);
    });
    this.SUBRULE(this.postfix);
  });

  readonly postfix = this.RULE('postfix', () => {
    let links = 0;
    this.SUBRULE(this.primary);
    this.MANY(() => {
      if (links++ > chainLimit) this.tooDeep(chainLimit);
      this.SUBRULE(this.suffix);
    });
  });

  readonly primary = this.RULE('primary', () => {
    this.OR({
      DEF: [
        { ALT: () => this.CONSUME(t.NumberLiteral) },
        { ALT: () => this.CONSUME(t.StringLiteral) },
        { ALT: () => this.CONSUME(t.True) },
        { ALT: () => this.CONSUME(t.False) },
        { ALT: () => this.CONSUME(t.None) },
        { ALT: () => this.SUBRULE(this.parenthesised) },
        { ALT: () => this.SUBRULE(this.listLiteral) },
        { ALT: () => this.SUBRULE(this.spread) },
        { GATE: () => this.namesValue(), ALT: () => this.SUBRULE(this.path) },
      ],
      ERR_MSG: 'an expression',
    });
  });

  readonly parenthesised = this.RULE('parenthesised', () => {
    this.open(t.LeftParen);
    this.SUBRULE(this.expression);
    this.close(t.RightParen);
  });

  readonly listLiteral = this.RULE('listLiteral', () => {
    this.open(t.LeftBracket);
    this.list([t.RightBracket], () => this.SUBRULE(this.expression));
    this.close(t.RightBracket, '`,` or `]`');
  });

  readonly spread = this.RULE('spread', () => {
    this.CONSUME(t.Ellipsis);
    this.CONSUME(t.Name);
  });

  /** `a.b.2.c` */
  readonly path = this.RULE('path', () => {
    this.CONSUME(t.AnyWord);
    this.MANY(() => {
      this.CONSUME(t.Dot);
      this.OR({
        DEF: [{ ALT: () => this.CONSUME2(t.AnyWord) }, { ALT: () => this.CONSUME(t.NumberLiteral) }],
        ERR_MSG: 'a name',
      });
    });
  });

  readonly suffix = this.RULE('suffix', () => {
    this.OR([
      { ALT: () => this.SUBRULE(this.callSuffix) },
      { ALT: () => this.SUBRULE(this.indexSuffix) },
      { ALT: () => this.SUBRULE(this.memberSuffix) },
    ]);
  });

  /** `(a, b; name = c)`; settings may also follow the arguments after a comma. */
  readonly callSuffix = this.RULE('callSuffix', () => {
    this.open(t.LeftParen);
    this.list([t.RightParen, t.Semicolon], () => this.SUBRULE(this.argument));
    this.OPTION(() => {
      this.CONSUME(t.Semicolon);
      this.list2([t.RightParen], () => this.SUBRULE(this.callSetting));
    });
    this.close(t.RightParen, '`,` or `)`');
  });

  readonly argument = this.RULE('argument', () => {
    this.OR({
      DEF: [
        { GATE: () => this.sees(t.Assign, 2), ALT: () => this.SUBRULE(this.callSetting) },
        { ALT: () => this.SUBRULE(this.expression), IGNORE_AMBIGUITIES: true },
      ],
      ERR_MSG: 'an expression',
    });
  });

  readonly callSetting = this.RULE('callSetting', () => {
    this.CONSUME(t.AnyWord, { ERR_MSG: 'a setting name' });
    this.OPTION(() => {
      this.CONSUME(t.Assign);
      this.SUBRULE(this.expression);
    });
  });

  readonly indexSuffix = this.RULE('indexSuffix', () => {
    this.open(t.LeftBracket);
    if (!this.RECORDING_PHASE && this.sees(t.RightBracket)) this.failExpecting('an expression');
    this.list([t.RightBracket], () => this.SUBRULE(this.indexEntry));
    this.close(t.RightBracket, '`,` or `]`');
  });

  readonly indexEntry = this.RULE('indexEntry', () => {
    this.OPTION({
      GATE: () => this.sees(t.Colon, 2),
      DEF: () => {
        this.CONSUME(t.Name);
        this.CONSUME(t.Colon);
      },
    });
    this.SUBRULE(this.expression);
  });

  readonly memberSuffix = this.RULE('memberSuffix', () => {
    this.CONSUME(t.Dot);
    this.CONSUME(t.AnyWord);
  });

  /** `[d, half = 2, ...rest]` */
  readonly axes = this.RULE('axes', () => {
    this.open(t.LeftBracket);
    this.list([t.RightBracket], () => this.SUBRULE(this.axisPattern));
    this.close(t.RightBracket, '`,` or `]`');
  });

  readonly axisPattern = this.RULE('axisPattern', () => {
    this.OR({
      DEF: [
        {
          ALT: () => {
            this.CONSUME(t.Ellipsis);
            this.CONSUME(t.Name);
          },
        },
        { ALT: () => this.SUBRULE(this.axisDecl) },
      ],
      ERR_MSG: 'an axis',
    });
  });

  /** `d`, `half = 2` */
  readonly axisDecl = this.RULE('axisDecl', () => {
    this.CONSUME(t.Name);
    this.OPTION(() => {
      this.CONSUME(t.Assign);
      this.SUBRULE(this.expression);
    });
  });

  /** Whether the next word is a value's name rather than the beginning of the next statement or setting. */
  private namesValue(): boolean {
    if (!this.sees(t.Name)) return false;
    if (this.isFirstOnLine(this.position()) && (this.sees(t.Assign, 2) || this.sees(t.Colon, 2))) return false;
    if (!starters.some((type) => this.sees(type))) return true;
    const after = this.LA(2);
    return after.tokenType === EOF || !tokenMatcher(after, t.AnyWord) || joiners.some((type) => tokenMatcher(after, type));
  }
}
