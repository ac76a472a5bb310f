// Generated from the parser by scripts/cst-types.ts. Do not edit.
import type { CstNode, ICstVisitor, IToken } from "chevrotain";

export interface ExpressionCstNode extends CstNode {
  name: "expression";
  children: ExpressionCstChildren;
}

export type ExpressionCstChildren = {
  then: InfixCstNode[];
  If?: IToken[];
  condition?: InfixCstNode[];
  Else?: IToken[];
  otherwise?: ExpressionCstNode[];
};

export interface InfixCstNode extends CstNode {
  name: "infix";
  children: InfixCstChildren;
}

export type InfixCstChildren = {
  operand: (OperandCstNode)[];
  Infix?: IToken[];
};

export interface OperandCstNode extends CstNode {
  name: "operand";
  children: OperandCstChildren;
}

export type OperandCstChildren = {
  Prefix?: IToken[];
  postfix: PostfixCstNode[];
};

export interface PostfixCstNode extends CstNode {
  name: "postfix";
  children: PostfixCstChildren;
}

export type PostfixCstChildren = {
  primary: PrimaryCstNode[];
  suffix?: SuffixCstNode[];
};

export interface PrimaryCstNode extends CstNode {
  name: "primary";
  children: PrimaryCstChildren;
}

export type PrimaryCstChildren = {
  NumberLiteral?: IToken[];
  StringLiteral?: IToken[];
  True?: IToken[];
  False?: IToken[];
  None?: IToken[];
  parenthesised?: ParenthesisedCstNode[];
  listLiteral?: ListLiteralCstNode[];
  spread?: SpreadCstNode[];
  path?: PathCstNode[];
};

export interface ParenthesisedCstNode extends CstNode {
  name: "parenthesised";
  children: ParenthesisedCstChildren;
}

export type ParenthesisedCstChildren = {
  LeftParen: IToken[];
  expression: ExpressionCstNode[];
  RightParen: IToken[];
};

export interface ListLiteralCstNode extends CstNode {
  name: "listLiteral";
  children: ListLiteralCstChildren;
}

export type ListLiteralCstChildren = {
  LeftBracket: IToken[];
  expression?: ExpressionCstNode[];
  Comma?: IToken[];
  RightBracket: IToken[];
};

export interface SpreadCstNode extends CstNode {
  name: "spread";
  children: SpreadCstChildren;
}

export type SpreadCstChildren = {
  Ellipsis: IToken[];
  Name: IToken[];
};

export interface PathCstNode extends CstNode {
  name: "path";
  children: PathCstChildren;
}

export type PathCstChildren = {
  AnyWord: (IToken)[];
  Dot?: IToken[];
  NumberLiteral?: IToken[];
};

export interface SuffixCstNode extends CstNode {
  name: "suffix";
  children: SuffixCstChildren;
}

export type SuffixCstChildren = {
  callSuffix?: CallSuffixCstNode[];
  indexSuffix?: IndexSuffixCstNode[];
  memberSuffix?: MemberSuffixCstNode[];
};

export interface CallSuffixCstNode extends CstNode {
  name: "callSuffix";
  children: CallSuffixCstChildren;
}

export type CallSuffixCstChildren = {
  LeftParen: IToken[];
  argument?: ArgumentCstNode[];
  Comma?: (IToken)[];
  Semicolon?: IToken[];
  callSetting?: CallSettingCstNode[];
  RightParen: IToken[];
};

export interface ArgumentCstNode extends CstNode {
  name: "argument";
  children: ArgumentCstChildren;
}

export type ArgumentCstChildren = {
  callSetting?: CallSettingCstNode[];
  expression?: ExpressionCstNode[];
};

export interface CallSettingCstNode extends CstNode {
  name: "callSetting";
  children: CallSettingCstChildren;
}

export type CallSettingCstChildren = {
  AnyWord: IToken[];
  Assign?: IToken[];
  expression?: ExpressionCstNode[];
};

export interface IndexSuffixCstNode extends CstNode {
  name: "indexSuffix";
  children: IndexSuffixCstChildren;
}

export type IndexSuffixCstChildren = {
  LeftBracket: IToken[];
  indexEntry?: IndexEntryCstNode[];
  Comma?: IToken[];
  RightBracket: IToken[];
};

export interface IndexEntryCstNode extends CstNode {
  name: "indexEntry";
  children: IndexEntryCstChildren;
}

export type IndexEntryCstChildren = {
  Name?: IToken[];
  Colon?: IToken[];
  expression: ExpressionCstNode[];
};

export interface MemberSuffixCstNode extends CstNode {
  name: "memberSuffix";
  children: MemberSuffixCstChildren;
}

export type MemberSuffixCstChildren = {
  Dot: IToken[];
  AnyWord: IToken[];
};

export interface AxesCstNode extends CstNode {
  name: "axes";
  children: AxesCstChildren;
}

export type AxesCstChildren = {
  LeftBracket: IToken[];
  axisPattern?: AxisPatternCstNode[];
  Comma?: IToken[];
  RightBracket: IToken[];
};

export interface AxisPatternCstNode extends CstNode {
  name: "axisPattern";
  children: AxisPatternCstChildren;
}

export type AxisPatternCstChildren = {
  Ellipsis?: IToken[];
  Name?: IToken[];
  axisDecl?: AxisDeclCstNode[];
};

export interface AxisDeclCstNode extends CstNode {
  name: "axisDecl";
  children: AxisDeclCstChildren;
}

export type AxisDeclCstChildren = {
  Name: IToken[];
  Assign?: IToken[];
  expression?: ExpressionCstNode[];
};

export interface BlockDeclarationCstNode extends CstNode {
  name: "blockDeclaration";
  children: BlockDeclarationCstChildren;
}

export type BlockDeclarationCstChildren = {
  Block: IToken[];
  blockHead: BlockHeadCstNode[];
  statements: StatementsCstNode[];
};

export interface BlockHeadCstNode extends CstNode {
  name: "blockHead";
  children: BlockHeadCstChildren;
}

export type BlockHeadCstChildren = {
  Name: IToken[];
  tensorParams: TensorParamsCstNode[];
  Arrow?: IToken[];
  tensorPattern?: (TensorPatternCstNode)[];
  Comma?: IToken[];
};

export interface TensorParamsCstNode extends CstNode {
  name: "tensorParams";
  children: TensorParamsCstChildren;
}

export type TensorParamsCstChildren = {
  LeftParen: IToken[];
  tensorPattern?: TensorPatternCstNode[];
  Comma?: (IToken)[];
  Semicolon?: IToken[];
  settingDecl?: SettingDeclCstNode[];
  RightParen: IToken[];
};

export interface TensorPatternCstNode extends CstNode {
  name: "tensorPattern";
  children: TensorPatternCstChildren;
}

export type TensorPatternCstChildren = {
  choiceType?: ChoiceTypeCstNode[];
  idsType?: IdsTypeCstNode[];
  namedTensor?: NamedTensorCstNode[];
};

export interface NamedTensorCstNode extends CstNode {
  name: "namedTensor";
  children: NamedTensorCstChildren;
}

export type NamedTensorCstChildren = {
  Name: IToken[];
  axes?: AxesCstNode[];
  Colon?: IToken[];
  choiceType?: ChoiceTypeCstNode[];
  idsType?: IdsTypeCstNode[];
};

export interface ChoiceTypeCstNode extends CstNode {
  name: "choiceType";
  children: ChoiceTypeCstChildren;
}

export type ChoiceTypeCstChildren = {
  Choice: IToken[];
  axes: AxesCstNode[];
  Of: IToken[];
  LeftBracket?: IToken[];
  axisDecl?: (AxisDeclCstNode)[];
  Comma?: IToken[];
  RightBracket?: IToken[];
};

export interface IdsTypeCstNode extends CstNode {
  name: "idsType";
  children: IdsTypeCstChildren;
}

export type IdsTypeCstChildren = {
  Ids: IToken[];
  axes: AxesCstNode[];
};

export interface SettingDeclCstNode extends CstNode {
  name: "settingDecl";
  children: SettingDeclCstChildren;
}

export type SettingDeclCstChildren = {
  Name: IToken[];
  Colon?: IToken[];
  settingType?: SettingTypeCstNode[];
  Assign?: IToken[];
  expression?: ExpressionCstNode[];
};

export interface SettingTypeCstNode extends CstNode {
  name: "settingType";
  children: SettingTypeCstChildren;
}

export type SettingTypeCstChildren = {
  One?: IToken[];
  Of?: IToken[];
  option?: (IToken)[];
  Pipe?: IToken[];
  AnyWord?: IToken[];
};

export interface FunctionDeclarationCstNode extends CstNode {
  name: "functionDeclaration";
  children: FunctionDeclarationCstChildren;
}

export type FunctionDeclarationCstChildren = {
  Function: IToken[];
  Name: IToken[];
  LeftParen: IToken[];
  param?: IToken[];
  Comma?: (IToken)[];
  Semicolon?: IToken[];
  settingDecl?: SettingDeclCstNode[];
  RightParen: IToken[];
  Assign: IToken[];
  expression: ExpressionCstNode[];
  gradient?: GradientCstNode[];
};

export interface GradientCstNode extends CstNode {
  name: "gradient";
  children: GradientCstChildren;
}

export type GradientCstChildren = {
  Gradient: IToken[];
  Name: IToken[];
  Assign: IToken[];
  expression: ExpressionCstNode[];
};

export interface LossDeclarationCstNode extends CstNode {
  name: "lossDeclaration";
  children: LossDeclarationCstChildren;
}

export type LossDeclarationCstChildren = {
  Loss: IToken[];
  Name: IToken[];
  tensorParams: TensorParamsCstNode[];
  Assign?: IToken[];
  expression?: ExpressionCstNode[];
  statements?: StatementsCstNode[];
};

export interface StatementsCstNode extends CstNode {
  name: "statements";
  children: StatementsCstChildren;
}

export type StatementsCstChildren = {
  LeftBrace: IToken[];
  Semicolon?: IToken[];
  statement?: StatementCstNode[];
  RightBrace: IToken[];
};

export interface StatementCstNode extends CstNode {
  name: "statement";
  children: StatementCstChildren;
}

export type StatementCstChildren = {
  axisStatement?: AxisStatementCstNode[];
  paramStatement?: ParamStatementCstNode[];
  expertsStatement?: ExpertsStatementCstNode[];
  letStatement?: LetStatementCstNode[];
  returnStatement?: ReturnStatementCstNode[];
  stateStatement?: StateStatementCstNode[];
  updateStatement?: UpdateStatementCstNode[];
};

export interface AxisStatementCstNode extends CstNode {
  name: "axisStatement";
  children: AxisStatementCstChildren;
}

export type AxisStatementCstChildren = {
  Axis: IToken[];
  axisDecl: (AxisDeclCstNode)[];
  Comma?: IToken[];
};

export interface ParamStatementCstNode extends CstNode {
  name: "paramStatement";
  children: ParamStatementCstChildren;
}

export type ParamStatementCstChildren = {
  Param: IToken[];
  Name: IToken[];
  axes?: AxesCstNode[];
  Tilde: IToken[];
  init: InfixCstNode[];
  unitRows?: UnitRowsCstNode[];
  Shares?: IToken[];
  shares?: InfixCstNode[];
  If?: IToken[];
  condition?: InfixCstNode[];
};

export interface ExpertsStatementCstNode extends CstNode {
  name: "expertsStatement";
  children: ExpertsStatementCstChildren;
}

export type ExpertsStatementCstChildren = {
  Experts: IToken[];
  Name?: IToken[];
  axes?: AxesCstNode[];
  expertMembers: ExpertMembersCstNode[];
  If?: IToken[];
  condition?: InfixCstNode[];
};

export interface ExpertMembersCstNode extends CstNode {
  name: "expertMembers";
  children: ExpertMembersCstChildren;
}

export type ExpertMembersCstChildren = {
  LeftBrace: IToken[];
  Semicolon?: IToken[];
  expertMember?: ExpertMemberCstNode[];
  RightBrace: IToken[];
};

export interface ExpertMemberCstNode extends CstNode {
  name: "expertMember";
  children: ExpertMemberCstChildren;
}

export type ExpertMemberCstChildren = {
  Read?: IToken[];
  Write?: IToken[];
  Param?: IToken[];
  Name: IToken[];
  axes?: AxesCstNode[];
  Tilde: IToken[];
  infix: InfixCstNode[];
  unitRows?: UnitRowsCstNode[];
  Shares?: IToken[];
  shares?: InfixCstNode[];
};

export interface UnitRowsCstNode extends CstNode {
  name: "unitRows";
  children: UnitRowsCstChildren;
}

export type UnitRowsCstChildren = {
  Unit: IToken[];
  LeftParen: IToken[];
  Name?: IToken[];
  Comma?: IToken[];
  RightParen: IToken[];
};

export interface LetStatementCstNode extends CstNode {
  name: "letStatement";
  children: LetStatementCstChildren;
}

export type LetStatementCstChildren = {
  Let: IToken[];
  Name: IToken[];
  axes?: AxesCstNode[];
  Assign: IToken[];
  expression: ExpressionCstNode[];
};

export interface ReturnStatementCstNode extends CstNode {
  name: "returnStatement";
  children: ReturnStatementCstChildren;
}

export type ReturnStatementCstChildren = {
  Return: IToken[];
  expression: ExpressionCstNode[];
};

export interface StateStatementCstNode extends CstNode {
  name: "stateStatement";
  children: StateStatementCstChildren;
}

export type StateStatementCstChildren = {
  State: IToken[];
  Name: IToken[];
  axes?: AxesCstNode[];
  Assign: IToken[];
  expression: ExpressionCstNode[];
};

export interface UpdateStatementCstNode extends CstNode {
  name: "updateStatement";
  children: UpdateStatementCstChildren;
}

export type UpdateStatementCstChildren = {
  Update: IToken[];
  Name: IToken[];
  Becomes: IToken[];
  expression: ExpressionCstNode[];
};

export interface ArchDeclarationCstNode extends CstNode {
  name: "archDeclaration";
  children: ArchDeclarationCstChildren;
}

export type ArchDeclarationCstChildren = {
  Arch: IToken[];
  archHead: ArchHeadCstNode[];
  specBody: SpecBodyCstNode[];
};

export interface ArchHeadCstNode extends CstNode {
  name: "archHead";
  children: ArchHeadCstChildren;
}

export type ArchHeadCstChildren = {
  Name: IToken[];
  Extends?: IToken[];
  base?: IToken[];
};

export interface TrainDeclarationCstNode extends CstNode {
  name: "trainDeclaration";
  children: TrainDeclarationCstChildren;
}

export type TrainDeclarationCstChildren = {
  Train: IToken[];
  Name?: IToken[];
  specBody: SpecBodyCstNode[];
};

export interface SpecBodyCstNode extends CstNode {
  name: "specBody";
  children: SpecBodyCstChildren;
}

export type SpecBodyCstChildren = {
  LeftBrace: IToken[];
  Semicolon?: IToken[];
  specItem?: SpecItemCstNode[];
  RightBrace: IToken[];
};

export interface SpecItemCstNode extends CstNode {
  name: "specItem";
  children: SpecItemCstChildren;
}

export type SpecItemCstChildren = {
  lossItem?: LossItemCstNode[];
  contractItem?: ContractItemCstNode[];
  labelledItem?: LabelledItemCstNode[];
  assignItem?: AssignItemCstNode[];
  blockItem?: BlockItemCstNode[];
};

export interface LossItemCstNode extends CstNode {
  name: "lossItem";
  children: LossItemCstChildren;
}

export type LossItemCstChildren = {
  Loss: IToken[];
  AnyWord: IToken[];
  Assign: IToken[];
  expression: ExpressionCstNode[];
};

export interface AssignItemCstNode extends CstNode {
  name: "assignItem";
  children: AssignItemCstChildren;
}

export type AssignItemCstChildren = {
  path: PathCstNode[];
  Assign: IToken[];
  blockValue?: BlockValueCstNode[];
  expression?: ExpressionCstNode[];
};

export interface BlockValueCstNode extends CstNode {
  name: "blockValue";
  children: BlockValueCstChildren;
}

export type BlockValueCstChildren = {
  AnyWord: IToken[];
  specBody: SpecBodyCstNode[];
};

export interface LabelledItemCstNode extends CstNode {
  name: "labelledItem";
  children: LabelledItemCstChildren;
}

export type LabelledItemCstChildren = {
  label: IToken[];
  Colon: IToken[];
  head: IToken[];
  simpleArg?: SimpleArgCstNode[];
  specBody?: SpecBodyCstNode[];
};

export interface BlockItemCstNode extends CstNode {
  name: "blockItem";
  children: BlockItemCstChildren;
}

export type BlockItemCstChildren = {
  head: IToken[];
  simpleArg?: SimpleArgCstNode[];
  specBody: SpecBodyCstNode[];
};

export interface SimpleArgCstNode extends CstNode {
  name: "simpleArg";
  children: SimpleArgCstChildren;
}

export type SimpleArgCstChildren = {
  NumberLiteral?: IToken[];
  StringLiteral?: IToken[];
  path?: PathCstNode[];
  listLiteral?: ListLiteralCstNode[];
};

export interface ContractItemCstNode extends CstNode {
  name: "contractItem";
  children: ContractItemCstChildren;
}

export type ContractItemCstChildren = {
  head: IToken[];
  contractBody: ContractBodyCstNode[];
};

export interface ContractBodyCstNode extends CstNode {
  name: "contractBody";
  children: ContractBodyCstChildren;
}

export type ContractBodyCstChildren = {
  LeftBrace: IToken[];
  Semicolon?: IToken[];
  clause?: ClauseCstNode[];
  RightBrace: IToken[];
};

export interface ClauseCstNode extends CstNode {
  name: "clause";
  children: ClauseCstChildren;
}

export type ClauseCstChildren = {
  AnyWord: IToken[];
  AtMost?: IToken[];
  NumberLiteral?: IToken[];
  Percent?: IToken[];
  Per?: IToken[];
  unit?: IToken[];
};

export interface FileCstNode extends CstNode {
  name: "file";
  children: FileCstChildren;
}

export type FileCstChildren = {
  topItem?: TopItemCstNode[];
};

export interface TopItemCstNode extends CstNode {
  name: "topItem";
  children: TopItemCstChildren;
}

export type TopItemCstChildren = {
  languageLine?: LanguageLineCstNode[];
  useLine?: UseLineCstNode[];
  blockDeclaration?: BlockDeclarationCstNode[];
  functionDeclaration?: FunctionDeclarationCstNode[];
  lossDeclaration?: LossDeclarationCstNode[];
  archDeclaration?: ArchDeclarationCstNode[];
  trainDeclaration?: TrainDeclarationCstNode[];
};

export interface LanguageLineCstNode extends CstNode {
  name: "languageLine";
  children: LanguageLineCstChildren;
}

export type LanguageLineCstChildren = {
  Language: IToken[];
  NumberLiteral: IToken[];
};

export interface UseLineCstNode extends CstNode {
  name: "useLine";
  children: UseLineCstChildren;
}

export type UseLineCstChildren = {
  Use: IToken[];
  path: PathCstNode[];
  LeftBrace: IToken[];
  usedName?: UsedNameCstNode[];
  Comma?: IToken[];
  RightBrace: IToken[];
};

export interface UsedNameCstNode extends CstNode {
  name: "usedName";
  children: UsedNameCstChildren;
}

export type UsedNameCstChildren = {
  Name: IToken[];
  As?: IToken[];
  alias?: IToken[];
};
