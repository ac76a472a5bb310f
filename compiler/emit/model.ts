/**
 * @file `model.ts`: a spec's model as types. Parameters, activations, experts and settings are names a TypeScript editor completes; `loadModel` puts the
 * program beside it on a device through `archc/runtime`.
 *
 * Made by ts-morph from one structure (one parse) and printed by prettier; both are imported here, by `build` alone.
 */
import type { FunctionDeclarationStructure, InterfaceDeclarationStructure, StatementStructures, WriterFunction } from 'ts-morph';
import type { ContractReport } from '../contract/contract.js';
import type { Graph, Param } from '../graph/graph.js';
import type { Model } from '../model/model.js';
import { expertsTable } from './experts.js';
import { layout, type Json } from './json.js';
import { settingsTree } from './settings.js';
import { key, treeOf, type Branch, type Variant } from './tree.js';
import { activationTypes, comment, constructorName, paramSignature, paramValue, properties } from './types.js';

type Statement = string | WriterFunction | StatementStructures;

/** The text of `model.ts`. The same model gives the same bytes. */
export async function modelText(model: Model, graph: Graph, report: ContractReport): Promise<string> {
  const [morph, prettier, babel, estree] = await Promise.all([
    import('ts-morph'),
    import('prettier/standalone'),
    import('prettier/plugins/babel'),
    import('prettier/plugins/estree'),
  ]);
  const { Project, StructureKind, VariableDeclarationKind } = morph;
  const params = treeOf(graph.params.map((param) => [param.path, param] as const), paramSignature);
  const docs = docsOf(model);
  const stacks = [...params.children].flatMap(([name, tree]) => (tree.kind === 'stack' ? tree.variants.map((variant) => ({ name, tree, variant })) : []));
  const runtime = params.children.has('runtime') ? 'runtime_' : 'runtime';

  const anInterface = (name: string, doc: string, rest: Partial<InterfaceDeclarationStructure>): InterfaceDeclarationStructure => ({
    kind: StructureKind.Interface, name, isExported: true, docs: [comment(doc)], ...rest,
  });
  const record = (name: string, doc: string, shapes: Iterable<readonly [string, string]>): InterfaceDeclarationStructure =>
    anInterface(name, doc, { properties: [...shapes].map(([path, type]) => ({ name: key(path), type, isReadonly: true })) });
  const parameters = (name: string, doc: string, tree: Branch<Param>, path: string): InterfaceDeclarationStructure =>
    anInterface(name, doc, {
      properties: properties(tree, path, docs).map(({ name: property, type, doc: text }) => ({
        name: property, type, isReadonly: true, ...(text !== undefined && { docs: [comment(text)] }),
      })),
    });
  const constant = (name: string, doc: string, value: Json): StatementStructures => ({
    kind: StructureKind.VariableStatement, isExported: true, declarationKind: VariableDeclarationKind.Const, leadingTrivia: '\n', docs: [comment(doc)],
    declarations: [{ name, initializer: `${layout(value).trimEnd()} as const` }],
  });
  const alias = (name: string, type: string, doc: string): StatementStructures => ({
    kind: StructureKind.TypeAlias, name, type, isExported: true, leadingTrivia: '\n', docs: [comment(doc)],
  });

  const activations = activationTypes(graph);
  const statements: Statement[] = [
    {
      kind: StructureKind.ImportDeclaration,
      moduleSpecifier: 'archc/runtime',
      namedImports: [
        { name: 'createModel' }, { name: 'loadProgram' },
        ...['Device', 'ModelOptions', 'ParameterHandle', 'RuntimeModel', 'Values'].map((name) => ({ name, isTypeOnly: true })),
      ],
    },
    anInterface('Parameter', 'A parameter on the device; its shape is part of its type. Row-major, last axis fastest.', {
      typeParameters: [{ name: 'Shape', constraint: 'readonly number[]' }],
      extends: ['ParameterHandle'],
      properties: [{ name: 'shape', type: 'Shape', isReadonly: true }],
    }),
    ...stacks.map(({ name, variant }) => parameters(variant.name, `Parameters of ${numbered(name, variant.layers)}.`, variant.tree, name)),
    parameters('Params', 'Every parameter, at its path.', params, ''),
    ...activations.layers.map(({ stack, name, numbers, shapes }) => record(name, `Named activations of ${numbered(stack, numbers)}, and their shapes.`, shapes)),
    record('Activations', 'Named activations outside layers, and their shapes.', activations.top),
    alias('ActivationPath', ['keyof Activations', ...activations.layers.map(({ stack, name, numbers }) => `\`${stack}.\${${numbers.join(' | ')}}.\${keyof ${name}}\``)].join(' | '), 'Paths of all named activations.'),
    constant('experts', 'The families of experts: how many, how many fire for one token at most, and what each owns.', expertsTable(report)),
    alias('Experts', 'typeof experts', 'The families of experts.'),
    constant('settings', 'Every setting, defaults filled in.', settingsTree(model)),
    alias('Settings', 'typeof settings', 'Every setting.'),
    anInterface('Model', `${model.name}, ready to run. Call \`${runtime}.destroy()\` when done.`, {
      extends: ['Params'],
      properties: [{ name: runtime, type: 'RuntimeModel', isReadonly: true }],
    }),
    loadFunction(params, runtime, StructureKind.Function),
    activationsFunction(runtime, StructureKind.Function),
    'type MakeParameter = <const Shape extends readonly number[]>(path: string, shape: Shape) => Parameter<Shape>;',
    PARAMETERS_OF,
    ...stacks.map(({ name, variant }) => layerFunction(name, variant, StructureKind.Function)),
  ];
  const project = new Project({ useInMemoryFileSystem: true, skipLoadingLibFiles: true, skipAddingFilesFromTsConfig: true });
  const source = project.createSourceFile('model.ts', { statements: [headerOf(model), ...statements] });
  const text = source.getFullText();
  return prettier.format(text, { parser: 'babel-ts', plugins: [babel, estree], printWidth: 120, singleQuote: true });
}

function headerOf(model: Model): string {
  const lines = [`@file ${model.name}, generated by archc from ${model.file}. Do not edit: build again.`, ...(model.doc ? ['', ...comment(model.doc).split('\n')] : [])];
  return `/**\n${lines.map((line) => ` * ${line.trim()}`.trimEnd()).join('\n')}\n */`;
}

/** Doc comments of entries, else of the blocks they place, by path without layer numbers. */
function docsOf(model: Model): Map<string, string> {
  const docs = new Map<string, string>();
  for (const entry of model.entries) {
    for (const placed of entry.kind === 'layers' ? entry.entries : [entry]) {
      const doc = placed.doc ?? placed.block.doc;
      if (doc !== undefined) docs.set(placed.path, doc);
    }
    if (entry.kind === 'layers' && entry.doc !== undefined) docs.set(entry.path, entry.doc);
  }
  return docs;
}

function numbered(stack: string, layers: readonly number[]): string {
  const [first = 0] = layers;
  const last = layers.at(-1) ?? first;
  if (layers.length === 1) return `${stack}[${first}]`;
  return last - first + 1 === layers.length ? `${stack}[${first}] to ${stack}[${last}]` : `${stack} ${layers.join(', ')}`;
}

function loadFunction(params: Branch<Param>, runtime: string, kind: FunctionDeclarationStructure['kind']): FunctionDeclarationStructure {
  const fields = [...params.children].map(([name, child]) => `${key(name)}: ${paramValue(child, `${name}.`)}`);
  return {
    kind, name: 'loadModel', isAsync: true, isExported: true,
    docs: ['Makes the program beside this file ready to run, with the weights of `options.checkpoint` or fresh ones.\nWithout a device, a program for GPUs opens the best adapter; a program for the CPU needs none.\n@throws NoAdapterError, LimitError, KernelError, CheckpointError, RangeError when program.json is of another spec'],
    parameters: [{ name: 'device', type: 'Device', hasQuestionToken: true }, { name: 'options', type: 'ModelOptions', initializer: '{}' }],
    returnType: 'Promise<Model>',
    statements: [
      "const program = await loadProgram(new URL('./program.json', import.meta.url));",
      `const ${runtime} = await createModel(program, device, options);`,
      `const parameter = parametersOf(${runtime});`,
      `return { ${[runtime, ...fields].join(', ')} };`,
    ],
  };
}

function activationsFunction(runtime: string, kind: FunctionDeclarationStructure['kind']): FunctionDeclarationStructure {
  return {
    kind, name: 'readActivations', isAsync: true, isExported: true,
    docs: ['Activations of a forward pass over tokens [batch, time].\n@throws RangeError for one that is fused away'],
    parameters: [
      { name: 'model', type: 'Model' }, { name: 'tokens', type: 'Int32Array<ArrayBuffer>' }, { name: 'paths', type: 'readonly ActivationPath[]' },
    ],
    returnType: 'Promise<Map<string, Values>>',
    statements: [`return model.${runtime}.activations(tokens, paths);`],
  };
}

function layerFunction(stack: string, variant: Variant<Param>, kind: FunctionDeclarationStructure['kind']): FunctionDeclarationStructure {
  return {
    kind, name: constructorName(variant.name), returnType: variant.name,
    parameters: [{ name: 'parameter', type: 'MakeParameter' }, { name: 'layer', type: 'number' }],
    statements: [`return ${paramValue(variant.tree, `${stack}.\${layer}.`)};`],
  };
}

const PARAMETERS_OF = `
function parametersOf(model: RuntimeModel): MakeParameter {
  return (path, shape) => {
    const handle = model.parameter(path);
    if (handle.axes.length !== shape.length || handle.axes.some((axis, i) => axis.size !== shape[i])) {
      throw new RangeError(\`\${path} is not \${shape.join(' x ')} in program.json: it is of another spec than model.ts\`);
    }
    return { ...handle, shape };
  };
}`;
