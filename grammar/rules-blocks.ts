/** @file Grammar rules of the mathematical level: blocks, functions, losses and their statements. */
import { ExpressionRules } from './rules-expressions.js';
import type { Start } from './recovery.js';
import * as t from './tokens.js';

/** The types a setting can have, apart from `one of a | b`. */
export const settingTypes = ['int', 'float', 'ints', 'bool', 'fn', 'block', 'axis', 'axes', 'tensor'] as const;

export abstract class BlockRules extends ExpressionRules {
  /** `block name(x[d]; setting: type) -> y[d] { ... }` */
  readonly blockDeclaration = this.RULE('blockDeclaration', () => {
    const construct = `block ${this.LA(2).image}`;
    this.CONSUME(t.Block);
    this.header(() => this.SUBRULE(this.blockHead), (index) => this.statementAt(index));
    this.SUBRULE(this.statements, { ARGS: [construct] });
  });

  readonly blockHead = this.RULE('blockHead', () => {
    this.CONSUME(t.Name);
    this.SUBRULE(this.tensorParams, { ARGS: [true] });
    this.OPTION(() => {
      this.CONSUME(t.Arrow);
      this.SUBRULE(this.tensorPattern);
      this.MANY(() => {
        this.CONSUME(t.Comma);
        this.SUBRULE2(this.tensorPattern);
      });
    });
  });

  /** `(tensors; settings)` */
  readonly tensorParams = this.RULE('tensorParams', (typed = false) => {
    this.open(t.LeftParen);
    this.list([t.RightParen, t.Semicolon], () => this.SUBRULE(this.tensorPattern));
    this.OPTION(() => {
      this.CONSUME(t.Semicolon);
      this.list2([t.RightParen], () => this.SUBRULE(this.settingDecl, { ARGS: [typed] }));
    });
    this.close(t.RightParen, '`,` or `)`');
  });

  /** `x[d]`, `pick: choice[h, k] of expert`, `choice[k] of expert`, `ids: ids[t]` */
  readonly tensorPattern = this.RULE('tensorPattern', () => {
    this.OR({
      DEF: [
        { GATE: () => this.sees(t.LeftBracket, 2), ALT: () => this.SUBRULE(this.choiceType) },
        { GATE: () => this.sees(t.LeftBracket, 2), ALT: () => this.SUBRULE(this.idsType) },
        { ALT: () => this.SUBRULE(this.namedTensor), IGNORE_AMBIGUITIES: true },
      ],
      ERR_MSG: 'a tensor such as `x[d]`',
    });
  });

  readonly namedTensor = this.RULE('namedTensor', () => {
    this.CONSUME(t.Name);
    this.OR({
      DEF: [
        { ALT: () => this.SUBRULE(this.axes) },
        {
          ALT: () => {
            this.CONSUME(t.Colon);
            if (!this.RECORDING_PHASE && !this.sees(t.Choice) && !this.sees(t.Ids)) {
              this.failExpecting('`choice` or `ids`', 'settings stand behind the tensors, after `;`');
            }
            this.OR2({
              DEF: [{ ALT: () => this.SUBRULE(this.choiceType) }, { ALT: () => this.SUBRULE(this.idsType) }],
              ERR_MSG: '`choice` or `ids`',
            });
          },
        },
      ],
      ERR_MSG: '`[` or `:`',
    });
  });

  readonly choiceType = this.RULE('choiceType', () => {
    this.CONSUME(t.Choice);
    this.SUBRULE(this.axes);
    this.CONSUME(t.Of);
    this.OR({
      DEF: [
        {
          ALT: () => {
            this.open(t.LeftBracket);
            this.list([t.RightBracket], () => this.SUBRULE(this.axisDecl));
            this.close(t.RightBracket, '`,` or `]`');
          },
        },
        { ALT: () => this.SUBRULE2(this.axisDecl) },
      ],
      ERR_MSG: 'an axis',
    });
  });

  readonly idsType = this.RULE('idsType', () => {
    this.CONSUME(t.Ids);
    this.SUBRULE(this.axes);
  });

  /** `keys: int`, `bias: bool = false`; where `typed` is false the type may be left out and is float. */
  readonly settingDecl = this.RULE('settingDecl', (typed = false) => {
    this.CONSUME(t.Name, { ERR_MSG: 'a setting name' });
    this.OR({
      DEF: [
        {
          ALT: () => {
            this.CONSUME(t.Colon);
            this.SUBRULE(this.settingType);
          },
        },
        {
          ALT: () => {
            if (typed && !this.RECORDING_PHASE) this.failExpecting('`:` and a type');
          },
        },
      ],
    });
    this.OPTION(() => {
      this.CONSUME(t.Assign);
      this.SUBRULE(this.expression);
    });
  });

  readonly settingType = this.RULE('settingType', () => {
    this.OR({
      DEF: [
        {
          ALT: () => {
            this.CONSUME(t.One);
            this.CONSUME(t.Of);
            this.CONSUME(t.AnyWord, { LABEL: 'option' });
            this.MANY(() => {
              this.CONSUME(t.Pipe);
              this.CONSUME2(t.AnyWord, { LABEL: 'option' });
            });
          },
        },
        {
          IGNORE_AMBIGUITIES: true,
          ALT: () => {
            const word: string = this.LA(1).image;
            if (!this.RECORDING_PHASE && !settingTypes.some((type) => type === word)) {
              this.failExpecting('a type', `the types are ${settingTypes.join(', ')}, \`one of a | b\``);
            }
            this.CONSUME3(t.AnyWord);
          },
        },
      ],
      ERR_MSG: 'a type',
    });
  });

  /** `function f(a, b; c = 1) = value`, then `gradient a = value` lines. */
  readonly functionDeclaration = this.RULE('functionDeclaration', () => {
    this.CONSUME(t.Function);
    this.CONSUME(t.Name);
    this.open(t.LeftParen);
    this.list([t.RightParen, t.Semicolon], () => this.CONSUME2(t.Name, { LABEL: 'param' }));
    this.OPTION(() => {
      this.CONSUME(t.Semicolon);
      this.list2([t.RightParen], () => this.SUBRULE(this.settingDecl, { ARGS: [false] }));
    });
    this.close(t.RightParen, '`,` or `)`');
    this.CONSUME(t.Assign);
    this.SUBRULE(this.expression);
    this.MANY(() => this.SUBRULE(this.gradient));
  });

  readonly gradient = this.RULE('gradient', () => {
    this.CONSUME(t.Gradient);
    this.CONSUME(t.Name);
    this.CONSUME(t.Assign);
    this.SUBRULE(this.expression);
  });

  /** `loss name(a[...axes]) = value` or `loss name(...) { statements }` */
  readonly lossDeclaration = this.RULE('lossDeclaration', () => {
    const construct = `loss ${this.LA(2).image}`;
    this.CONSUME(t.Loss);
    this.CONSUME(t.Name);
    this.SUBRULE(this.tensorParams, { ARGS: [false] });
    this.OR({
      DEF: [
        {
          ALT: () => {
            this.CONSUME(t.Assign);
            this.SUBRULE(this.expression);
          },
        },
        { ALT: () => this.SUBRULE(this.statements, { ARGS: [construct] }) },
      ],
      ERR_MSG: '`=` or `{`',
    });
  });

  readonly statements = this.RULE('statements', (construct = '') => {
    this.braced(construct, () => this.SUBRULE(this.statement), (index) => this.statementAt(index));
  });

  readonly statement = this.RULE('statement', () => {
    this.OR({
      DEF: [
        { ALT: () => this.SUBRULE(this.axisStatement) },
        { ALT: () => this.SUBRULE(this.paramStatement) },
        { ALT: () => this.SUBRULE(this.expertsStatement) },
        { ALT: () => this.SUBRULE(this.letStatement) },
        { ALT: () => this.SUBRULE(this.returnStatement) },
        { ALT: () => this.SUBRULE(this.stateStatement) },
        { ALT: () => this.SUBRULE(this.updateStatement) },
      ],
      ERR_MSG: 'a statement',
    });
  });

  readonly axisStatement = this.RULE('axisStatement', () => {
    this.CONSUME(t.Axis);
    this.SUBRULE(this.axisDecl);
    this.MANY(() => {
      this.CONSUME(t.Comma);
      this.SUBRULE2(this.axisDecl);
    });
  });

  readonly paramStatement = this.RULE('paramStatement', () => {
    this.CONSUME(t.Param);
    this.CONSUME(t.Name);
    this.OPTION(() => this.SUBRULE(this.axes));
    this.CONSUME(t.Tilde);
    this.SUBRULE(this.infix, { LABEL: 'init' });
    this.OPTION2(() => this.SUBRULE(this.unitRows));
    this.OPTION4(() => {
      this.CONSUME(t.Shares);
      this.SUBRULE2(this.infix, { LABEL: 'shares' });
    });
    this.OPTION3(() => {
      this.CONSUME(t.If);
      this.SUBRULE3(this.infix, { LABEL: 'condition' });
    });
  });

  readonly expertsStatement = this.RULE('expertsStatement', () => {
    this.CONSUME(t.Experts);
    this.OPTION({ GATE: () => this.memberAt(this.position()) === 'no', DEF: () => this.CONSUME(t.Name) });
    this.OPTION2(() => this.SUBRULE(this.axes));
    this.SUBRULE(this.expertMembers);
    this.OPTION3(() => {
      this.CONSUME(t.If);
      this.SUBRULE(this.infix, { LABEL: 'condition' });
    });
  });

  readonly expertMembers = this.RULE('expertMembers', () => {
    this.braced('experts', () => this.SUBRULE(this.expertMember), (index) => this.memberAt(index), (index) => this.statementAt(index));
  });

  readonly expertMember = this.RULE('expertMember', () => {
    this.OR({
      DEF: [{ ALT: () => this.CONSUME(t.Read) }, { ALT: () => this.CONSUME(t.Write) }, { ALT: () => this.CONSUME(t.Param) }],
      ERR_MSG: 'an expert member',
    });
    this.CONSUME(t.Name);
    this.OPTION(() => this.SUBRULE(this.axes));
    this.CONSUME(t.Tilde);
    this.SUBRULE(this.infix);
    this.OPTION2(() => this.SUBRULE(this.unitRows));
    this.OPTION3(() => {
      this.CONSUME(t.Shares);
      this.SUBRULE2(this.infix, { LABEL: 'shares' });
    });
  });

  /** `unit(d)`: vectors of norm 1 along d. */
  readonly unitRows = this.RULE('unitRows', () => {
    this.CONSUME(t.Unit);
    this.open(t.LeftParen);
    this.list([t.RightParen], () => this.CONSUME(t.Name, { ERR_MSG: 'an axis' }));
    this.close(t.RightParen, '`,` or `)`');
  });

  readonly letStatement = this.RULE('letStatement', () => {
    this.CONSUME(t.Let);
    this.CONSUME(t.Name);
    this.OPTION(() => this.SUBRULE(this.axes));
    this.CONSUME(t.Assign);
    this.SUBRULE(this.expression);
  });

  readonly returnStatement = this.RULE('returnStatement', () => {
    this.CONSUME(t.Return);
    this.SUBRULE(this.expression);
  });

  readonly stateStatement = this.RULE('stateStatement', () => {
    this.CONSUME(t.State);
    this.CONSUME(t.Name);
    this.OPTION(() => this.SUBRULE(this.axes));
    this.CONSUME(t.Assign);
    this.SUBRULE(this.expression);
  });

  readonly updateStatement = this.RULE('updateStatement', () => {
    this.CONSUME(t.Update);
    this.CONSUME(t.Name);
    this.CONSUME(t.Becomes);
    this.SUBRULE(this.expression);
  });

  protected statementAt(index: number): Start {
    if (this.isAt(index - 1, t.Dot)) return 'no';
    if (this.isAt(index, t.Let) || this.isAt(index, t.Return)) return this.isAt(index + 1, t.Assign) ? 'no' : 'surely';
    const starts = [t.Axis, t.Param, t.Experts, t.State, t.Update].some((type) => this.isAt(index, type));
    if (!starts || !(this.isFirstOnLine(index) || this.isAt(index - 1, t.Semicolon) || this.isAt(index - 1, t.RightBrace))) return 'no';
    const experts = this.isAt(index, t.Experts) && (this.isAt(index + 1, t.LeftBracket) || this.isAt(index + 1, t.LeftBrace));
    return experts || this.isAt(index + 1, t.AnyWord) ? 'perhaps' : 'no';
  }

  private memberAt(index: number): Start {
    const starts = [t.Read, t.Write, t.Param].some((type) => this.isAt(index, type));
    return starts && !this.isAt(index - 1, t.Dot) && this.isAt(index + 1, t.AnyWord) ? 'perhaps' : 'no';
  }
}
