/**
 * @file The words and signs of `.arch` files, and the lexer.
 *
 * Words come in three layers, as token categories: every word is an `AnyWord` (after a dot, as a label or setting
 * name of a spec, as the name of a call's setting); all but the hard keywords are also a `Name` (what declarations
 * bind and expressions read). So `experts.read` and `train = true` stay sayable although `read` and `train` are keywords.
 */
import { createToken, Lexer, type ITokenConfig, type TokenType } from 'chevrotain';

const word = /[A-Za-z_][A-Za-z0-9_]*/;

/** Any word, keywords included. */
export const AnyWord = createToken({ name: 'AnyWord', pattern: Lexer.NA, label: 'a name' });
/** A word that can name something. */
export const Name = createToken({ name: 'Name', pattern: Lexer.NA, label: 'a name' });
/** An operator between two operands. */
export const Infix = createToken({ name: 'Infix', pattern: Lexer.NA, label: 'an operator' });
/** `-` and `not` before an operand. */
export const Prefix = createToken({ name: 'Prefix', pattern: Lexer.NA, label: 'an operator' });
/** A number literal, also a malformed one (which has its own problem). */
export const NumberLiteral = createToken({ name: 'NumberLiteral', pattern: Lexer.NA, label: 'a number' });
/** A string literal, also an unterminated one. */
export const StringLiteral = createToken({ name: 'StringLiteral', pattern: Lexer.NA, label: 'a string' });

export const Word = createToken({ name: 'Word', pattern: word, categories: [AnyWord, Name], label: 'a name' });

function keyword(text: string, categories: TokenType[]): TokenType {
  const name = text.charAt(0).toUpperCase() + text.slice(1);
  return createToken({ name, pattern: text, longer_alt: Word, categories, label: `\`${text}\`` });
}
const hard = (text: string, ...more: TokenType[]): TokenType => keyword(text, [AnyWord, ...more]);
const soft = (text: string): TokenType => keyword(text, [AnyWord, Name]);

export const Let = hard('let');
export const Return = hard('return');
export const If = hard('if');
export const Else = hard('else');
export const And = hard('and', Infix);
export const Or = hard('or', Infix);
export const Not = hard('not', Prefix);
export const True = hard('true');
export const False = hard('false');
export const None = hard('none');
export const Block = hard('block');
export const Function = hard('function');

export const Language = soft('language');
export const Use = soft('use');
export const As = soft('as');
export const Loss = soft('loss');
export const Arch = soft('arch');
export const Extends = soft('extends');
export const Train = soft('train');
export const Param = soft('param');
export const Experts = soft('experts');
export const Read = soft('read');
export const Write = soft('write');
export const State = soft('state');
export const Update = soft('update');
export const Axis = soft('axis');
export const One = soft('one');
export const Of = soft('of');
export const Choice = soft('choice');
export const Ids = soft('ids');
export const Shares = soft('shares');
export const Unit = soft('unit');
export const Gradient = soft('gradient');
export const Per = soft('per');

function sign(name: string, pattern: string, more: Partial<ITokenConfig> = {}): TokenType {
  return createToken({ name, pattern, label: `\`${pattern}\``, ...more });
}

export const Ellipsis = sign('Ellipsis', '...');
export const Arrow = sign('Arrow', '->');
export const Becomes = sign('Becomes', '<-');
export const AtMost = sign('AtMost', '<=', { categories: [Infix] });
export const AtLeast = sign('AtLeast', '>=', { categories: [Infix] });
export const Equals = sign('Equals', '==', { categories: [Infix] });
export const Differs = sign('Differs', '!=', { categories: [Infix] });
export const Less = sign('Less', '<', { categories: [Infix] });
export const Greater = sign('Greater', '>', { categories: [Infix] });
export const Plus = sign('Plus', '+', { categories: [Infix] });
export const Minus = sign('Minus', '-', { categories: [Infix, Prefix] });
export const Times = sign('Times', '*', { categories: [Infix] });
export const Divide = sign('Divide', '/', { categories: [Infix] });
export const Power = sign('Power', '^', { categories: [Infix] });
export const Assign = sign('Assign', '=');
export const Tilde = sign('Tilde', '~');
export const Pipe = sign('Pipe', '|');
export const Percent = sign('Percent', '%');
export const Dot = sign('Dot', '.');
export const Comma = sign('Comma', ',');
export const Colon = sign('Colon', ':');
export const Semicolon = sign('Semicolon', ';');
export const LeftBrace = sign('LeftBrace', '{');
export const RightBrace = sign('RightBrace', '}');
export const LeftParen = sign('LeftParen', '(');
export const RightParen = sign('RightParen', ')');
export const LeftBracket = sign('LeftBracket', '[');
export const RightBracket = sign('RightBracket', ']');

/** `8`, `0.5`, `1e-4`. Several dots (`2.3.1`) are layer numbers of a path, nothing else. */
export const PlainNumber = createToken({
  name: 'PlainNumber',
  pattern: /\d+(?:\.\d+)*(?:[eE][+-]?\d+)?(?![A-Za-z0-9_]|\.\d)/,
  categories: [NumberLiteral],
});
/** `4k`, `2x3`: digits that run into letters. */
export const BadNumber = createToken({
  name: 'BadNumber',
  pattern: /\d+(?:\.\d+)*(?:[eE][+-]?\d+)?[A-Za-z0-9_]*/,
  categories: [NumberLiteral],
});
export const PlainString = createToken({
  name: 'PlainString',
  pattern: /"(?:[^"\\\r\n]|\\[^\r\n])*"/,
  categories: [StringLiteral],
});
export const OpenString = createToken({
  name: 'OpenString',
  pattern: /"(?:[^"\\\r\n]|\\[^\r\n])*\\?/,
  categories: [StringLiteral],
});

export const Space = createToken({ name: 'Space', pattern: /[ \t\r\n\f\v\u00a0\ufeff]+/, group: Lexer.SKIPPED, line_breaks: true });
export const CommentToken = createToken({ name: 'CommentToken', pattern: /\/\/[^\r\n]*/, group: 'comments' });
/** A run of characters no token begins with; the lexer leaves them out and `scan` puts them back, so that they count as junk. */
export const Unknown = createToken({ name: 'Unknown', pattern: Lexer.NA });

const keywords = [
  Let, Return, If, Else, And, Or, Not, True, False, None, Block, Function, Language, Use, As, Loss, Arch, Extends, Train, Param, Experts,
  Read, Write, State, Update, Axis, One, Of, Choice, Ids, Shares, Unit, Gradient, Per,
];

const signs = [
  Ellipsis, Arrow, Becomes, AtMost, AtLeast, Equals, Differs, Less, Greater, Plus, Minus, Times, Divide, Power, Assign, Tilde, Pipe,
  Percent, Dot, Comma, Colon, Semicolon, LeftBrace, RightBrace, LeftParen, RightParen, LeftBracket, RightBracket,
];

/** All token types, in the order the lexer tries them. */
export const vocabulary: TokenType[] = [
  Space, CommentToken, ...keywords, Word, PlainString, OpenString, PlainNumber, BadNumber, ...signs,
  AnyWord, Name, Infix, Prefix, NumberLiteral, StringLiteral, Unknown,
];

/** The lexer; `check` runs chevrotain's own validation of the token table (tests do, the tool does not). */
export function makeLexer(check: boolean): Lexer {
  return new Lexer(vocabulary, { positionTracking: 'onlyOffset', ensureOptimizations: true, skipValidations: !check });
}
