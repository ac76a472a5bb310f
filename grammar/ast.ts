/**
 * @file The syntax tree of `.arch` files.
 *
 * Faithful to the source: order, documentation and spans are kept, nothing is resolved or defaulted. Passes after the
 * parser read this form and never the text. A node the parser had to repair is simply absent; what stands here parsed.
 */

/** A stretch of a source file, in UTF-16 offsets, `end` exclusive. */
export interface Span {
  readonly file: string;
  readonly start: number;
  readonly end: number;
}

/** A source file: its name as shown to the user, and its text. */
export interface Source {
  readonly file: string;
  readonly text: string;
}

/** A name as written. */
export interface Ident {
  readonly name: string;
  readonly span: Span;
}

/** `a.b.2.c`: names and layer numbers joined by dots. `segments` has at least one member; a number is its digits. */
export interface Path {
  readonly kind: 'path';
  readonly segments: readonly Ident[];
  readonly span: Span;
}

// ------------------------------------------------------------------------------------------------- expressions

export type BinaryOperator = '+' | '-' | '*' | '/' | '^' | '<' | '<=' | '>' | '>=' | '==' | '!=' | 'and' | 'or';

export type Expr =
  | { readonly kind: 'number'; readonly value: number; readonly text: string; readonly span: Span }
  | { readonly kind: 'string'; readonly value: string; readonly span: Span }
  | { readonly kind: 'bool'; readonly value: boolean; readonly span: Span }
  | { readonly kind: 'none'; readonly span: Span }
  | Path
  | { readonly kind: 'unary'; readonly operator: '-' | 'not'; readonly operand: Expr; readonly span: Span }
  | { readonly kind: 'binary'; readonly operator: BinaryOperator; readonly left: Expr; readonly right: Expr; readonly span: Span }
  /** `then if condition else otherwise` */
  | { readonly kind: 'if'; readonly then: Expr; readonly condition: Expr; readonly otherwise: Expr; readonly span: Span }
  | Call
  /** `u[pick]`, `key[opened, pick]`, `q[half: 0]`, `logits[v: targets]` */
  | { readonly kind: 'index'; readonly base: Expr; readonly entries: readonly IndexEntry[]; readonly span: Span }
  /** `pick.score`, where the base is not a plain path */
  | { readonly kind: 'member'; readonly base: Expr; readonly member: Ident; readonly span: Span }
  | { readonly kind: 'list'; readonly items: readonly Expr[]; readonly span: Span }
  /** `...from`: every axis of a pack */
  | { readonly kind: 'spread'; readonly name: Ident; readonly span: Span };

/** `f(a, b; name = c)`. `sum(d)(x * w)` is a call whose callee is the call `sum(d)`. */
export interface Call {
  readonly kind: 'call';
  readonly callee: Expr;
  readonly args: readonly Expr[];
  readonly settings: readonly NamedExpr[];
  readonly span: Span;
}

export interface NamedExpr {
  readonly name: Ident;
  /** Absent for the shorthand `f(x; keys)`, which means `keys = keys`. */
  readonly value?: Expr;
  readonly span: Span;
}

export interface IndexEntry {
  /** The axis, when named: `[half: 0]`. */
  readonly axis?: Ident;
  readonly value: Expr;
  readonly span: Span;
}

// ------------------------------------------------------------------------------------------------- axes

/** One entry of an axis list: `d`, `half = 2`, `...from`. */
export interface AxisPattern {
  readonly name: Ident;
  readonly spread: boolean;
  readonly size?: Expr;
  readonly span: Span;
}

/** `expert = keys * keys`, `h` */
export interface AxisDecl {
  readonly name: Ident;
  readonly size?: Expr;
  readonly span: Span;
}

// ------------------------------------------------------------------------------------------------- blocks

/** `x[d]`, `pick: choice[h, k] of expert`, `tokens: ids[d]`. A tensor parameter or result of a block. */
export interface TensorPattern {
  readonly name?: Ident;
  readonly type: 'tensor' | 'choice' | 'ids';
  readonly axes: readonly AxisPattern[];
  /** The chosen axes of a choice: `of expert`, `of expert = keys * keys`, `of [pool, expert]`. */
  readonly of: readonly AxisDecl[];
  readonly span: Span;
}

/** A setting of a block: `keys: int`, `bias: bool = false`, `tokens: one of bytes | bpe = bytes`. */
export interface SettingDecl {
  readonly name: Ident;
  readonly type: SettingType;
  readonly default?: Expr;
  readonly span: Span;
}

export interface SettingType {
  readonly name: 'int' | 'float' | 'ints' | 'bool' | 'fn' | 'block' | 'axis' | 'axes' | 'tensor' | 'one of';
  /** The words allowed by `one of a | b`. */
  readonly options: readonly Ident[];
  readonly span: Span;
}

export type Statement =
  /** `axis h = heads, e = dim` */
  | { readonly kind: 'axis'; readonly axes: readonly AxisDecl[]; readonly doc?: string; readonly span: Span }
  | ParamStatement
  | ExpertsStatement
  /** `let q[h, e] = value` */
  | { readonly kind: 'let'; readonly name: Ident; readonly axes?: readonly AxisPattern[]; readonly value: Expr; readonly doc?: string; readonly span: Span }
  | { readonly kind: 'return'; readonly value: Expr; readonly doc?: string; readonly span: Span }
  /** `state mean[d] = 0` */
  | { readonly kind: 'state'; readonly name: Ident; readonly axes: readonly AxisPattern[]; readonly initial: Expr; readonly doc?: string; readonly span: Span }
  /** `update mean <- mix(mean, m, momentum)` */
  | { readonly kind: 'update'; readonly name: Ident; readonly value: Expr; readonly doc?: string; readonly span: Span };

/** `param w[i, o] ~ normal(0, i ^ -0.5) unit(o) shares tied if bias` */
export interface ParamStatement {
  readonly kind: 'param';
  readonly name: Ident;
  readonly axes: readonly AxisPattern[];
  readonly init: Expr;
  /** Axes along which it starts and stays at norm 1. */
  readonly unit?: readonly Ident[];
  /** The setting that, when given, supplies the tensor instead of a fresh parameter. */
  readonly shares?: Expr;
  /** Without it the parameter does not exist; its name, unless bound already, reads as zero. */
  readonly condition?: Expr;
  readonly doc?: string;
  readonly span: Span;
}

/** `experts[expert] { read u[d] ~ normal(0, d ^ -0.5); write v[d] ~ ... ; param b[m] ~ zeros } if large` */
export interface ExpertsStatement {
  readonly kind: 'experts';
  readonly name?: Ident;
  readonly axes: readonly AxisPattern[];
  readonly members: readonly ExpertMember[];
  /** Without it the family does not exist; names of members that nothing else has bound read as zero. */
  readonly condition?: Expr;
  readonly doc?: string;
  readonly span: Span;
}

export interface ExpertMember {
  readonly role: 'read' | 'write' | 'param';
  readonly name: Ident;
  readonly axes: readonly AxisPattern[];
  readonly init: Expr;
  readonly unit?: readonly Ident[];
  /** As of a parameter: the setting that, when given, supplies the table instead. */
  readonly shares?: Expr;
  readonly doc?: string;
  readonly span: Span;
}

export interface BlockDecl {
  readonly kind: 'block';
  readonly name: Ident;
  readonly params: readonly TensorPattern[];
  readonly settings: readonly SettingDecl[];
  readonly results: readonly TensorPattern[];
  readonly body: readonly Statement[];
  readonly doc?: string;
  readonly span: Span;
}

/** `function gelu(z; c = 1) = 0.5 * z * (1 + erf(z / sqrt(2)))`, optionally with declared gradients. */
export interface FunctionDecl {
  readonly kind: 'function';
  readonly name: Ident;
  readonly params: readonly Ident[];
  readonly settings: readonly SettingDecl[];
  readonly value: Expr;
  readonly gradients: readonly { readonly param: Ident; readonly value: Expr; readonly span: Span }[];
  readonly doc?: string;
  readonly span: Span;
}

/** `loss l1(a[...axes]) = mean(batch, time)(sum(...axes)(abs(a)))`. The body may also be `{ let ...; return ... }`. */
export interface LossDecl {
  readonly kind: 'lossdecl';
  readonly name: Ident;
  readonly params: readonly TensorPattern[];
  readonly settings: readonly SettingDecl[];
  readonly body: readonly Statement[];
  readonly doc?: string;
  readonly span: Span;
}

// ------------------------------------------------------------------------------------------------- specs

/** An item in a nested block of settings. Order is kept. */
export type SpecItem =
  /** `count = 8`, `layers.ffn.count = 32` */
  | { readonly kind: 'assign'; readonly path: Path; readonly value: Expr; readonly doc?: string; readonly span: Span }
  /** `ffn: pools { ... }`, `attention { ... }`, `dims { ... }`, `optimizer adamw { ... }`, `layers 4 { ... }`,
   *  `group ffn.experts { ... }`, `contract { ... }`. `head` is the first word, `args` what stands between it and `{`. */
  | SpecBlock
  /** `loss ce = next_token(lm_head.logits)` */
  | { readonly kind: 'loss'; readonly name: Ident; readonly value: Expr; readonly doc?: string; readonly span: Span }
  /** In `contract`: `additive`, `active <= 32 per token`, `bypass <= 40% flops` */
  | { readonly kind: 'clause'; readonly name: Ident; readonly bound?: { readonly value: number; readonly unit: readonly string[] }; readonly doc?: string; readonly span: Span };

export interface SpecBlock {
  readonly kind: 'block';
  /** `ffn` in `ffn: pools { }`; absent in `attention { }`. */
  readonly label?: Ident;
  readonly head: Ident;
  readonly args: readonly Expr[];
  readonly items: readonly SpecItem[];
  readonly doc?: string;
  readonly span: Span;
}

export interface ArchDecl {
  readonly kind: 'arch';
  readonly name: Ident;
  readonly base?: Ident;
  readonly items: readonly SpecItem[];
  readonly doc?: string;
  readonly span: Span;
}

/** How to train; applies to the arch it names, or to every arch of the file. */
export interface TrainDecl {
  readonly kind: 'train';
  readonly arch?: Ident;
  readonly items: readonly SpecItem[];
  readonly doc?: string;
  readonly span: Span;
}

export type Declaration = BlockDecl | FunctionDecl | LossDecl | ArchDecl | TrainDecl;

/** `use std.transformer { embed, attention as attn }` */
export interface Use {
  readonly path: Path;
  readonly names: readonly { readonly name: Ident; readonly alias?: Ident }[];
  readonly span: Span;
}

export interface Comment {
  /** Without the slashes. */
  readonly text: string;
  readonly doc: boolean;
  readonly span: Span;
}

export interface File {
  readonly source: Source;
  readonly language?: { readonly version: number; readonly span: Span };
  readonly uses: readonly Use[];
  readonly declarations: readonly Declaration[];
  readonly comments: readonly Comment[];
}
