/** `prepare` on models that onnx-proto writes and reads. tests/packaging runs such models in ONNX Runtime. */
import { runInNewContext } from 'node:vm';
import { type PreparedDropout, prepare } from 'dropout-wasm/onnx/prepare';
import { describe, expect, it, vi } from 'vitest';
import { refuses } from '../support/expect.js';
import {
  BFLOAT16,
  BOOL,
  DOUBLE,
  decode,
  dropoutModel,
  dropoutModels,
  encode,
  FLOAT,
  FLOAT16,
  type Graph,
  INT64,
  type Model,
  model,
  type Node,
  node,
  tensor,
  value,
} from '../support/onnx-models.js';
import { bytesOf, type Field, fieldsOf, modelNesting, type Nesting, withUnknown } from '../support/protobuf.js';

/** What `prepare` makes of a model, decoded by the library that encoded it. */
function prepared(before: Model): { dropouts: PreparedDropout[]; model: Model; graph: Graph } {
  const result = prepare(encode(before));
  const after = decode(result.model);
  return { dropouts: result.dropouts, model: after, graph: after.graph! };
}

/** A model of opset 13: x → these nodes → y. */
const opset13 = (nodes: Node[], graph: Graph = {}, rest: Model = {}): Model =>
  model(13, { node: nodes, input: [value('x', FLOAT, [4])], output: [value('y', FLOAT, [4])], ...graph }, rest);

const drop = (attributes: Parameters<typeof node>[3] = {}) =>
  node('Dropout', 'x', 'y', { name: 'drop', ...attributes });

const summary = (graph: Graph): string[] =>
  graph.node!.map(({ opType, input, output }) => `${output} = ${opType}(${input ?? ''})`);

const names = (values: Graph['input']) => values!.map(({ name }) => name);

/** The types that a graph says its values have, as numbers of TensorProto.DataType. */
const types = (values: Graph['input']) =>
  Object.fromEntries(values!.map(({ name, type }) => [name, type!.tensorType?.elemType]));

describe('the new model', () => {
  it('has a product with a new input for each Dropout, and the shape of its data as an output', () => {
    const { dropouts, graph } = prepared(dropoutModel({ opset: 13 }));
    expect(dropouts).toEqual([{ name: 'drop', mask: 'drop_mask', shape: 'drop_shape', ratio: 0.5 }]);
    expect(graph.node).toEqual([
      { opType: 'Identity', input: ['x'], output: ['h'] },
      { opType: 'Shape', input: ['h'], output: ['drop_shape'], name: 'drop_shape' },
      { opType: 'Mul', input: ['h', 'drop_mask'], output: ['d'], name: 'drop' },
      { opType: 'Identity', input: ['d'], output: ['y'] },
    ]);
    expect(graph.input).toEqual([
      value('x', FLOAT, ['batch', 4]),
      { name: 'drop_mask', type: { tensorType: { elemType: FLOAT } } },
    ]);
    expect(graph.output).toEqual([
      value('y', FLOAT, ['batch', 4]),
      { name: 'drop_shape', type: { tensorType: { elemType: INT64, shape: { dim: [{}] } } } },
    ]);
  });

  it.each(dropoutModels().map(({ title, options }) => [title, options] as const))('is right for %s', (_, options) => {
    const before = dropoutModel(options);
    const { dropouts, model, graph } = prepared(before);
    expect(dropouts).toEqual([{ name: 'drop', mask: 'drop_mask', shape: 'drop_shape', ratio: options.ratio ?? 0.5 }]);
    const { type = FLOAT, opset, mask } = options;
    const isCast = type === FLOAT16 || type === BFLOAT16;
    const isUsed = mask === 'node' || mask === 'output';
    const output = mask === 'output' ? 'm' : 'mask';
    const made = [
      'drop_shape = Shape(h)',
      ...(isCast ? ['drop_mask_cast = Cast(drop_mask)'] : []),
      `d = Mul(h,${isCast ? 'drop_mask_cast' : 'drop_mask'})`,
      ...(isUsed
        ? [
            'drop_kept = Cast(drop_mask)',
            'drop_all_false = Less(h,h)',
            ...(opset < 10
              ? ['drop_kept_like_x = Or(drop_kept,drop_all_false)', `${output} = Cast(drop_kept_like_x)`]
              : [`${output} = Or(drop_kept,drop_all_false)`]),
          ]
        : []),
    ];
    const old = summary(decode(encode(before)).graph!);
    expect(summary(graph)).toEqual(old.flatMap((line) => (line.includes('Dropout') ? made : [line])));
    const casts = graph.node!.filter(({ opType }) => opType === 'Cast');
    expect(casts.map(({ attribute }) => attribute!.map(({ name, type, i }) => [name, type, i]))).toEqual([
      ...(isCast ? [[['to', 2, type]]] : []),
      ...(isUsed ? [[['to', 2, BOOL]]] : []),
      ...(isUsed && opset < 10 ? [[['to', 2, type]]] : []),
    ]);
    expect(types(graph.input)).toEqual({ x: type, drop_mask: type === DOUBLE ? DOUBLE : FLOAT });
    // The rest is as it was.
    const { graph: oldGraph, ...oldModel } = decode(encode(before));
    expect(model).toEqual({ ...oldModel, graph });
    const { node: _n, input, output: outputs, ...rest } = graph;
    const { node: _o, input: oldInput, output: oldOutputs, ...oldRest } = oldGraph!;
    expect(rest).toEqual(oldRest);
    expect(input!.slice(0, -1)).toEqual(oldInput);
    expect(outputs!.slice(0, -1)).toEqual(oldOutputs);
  });

  it('lists the dropouts in the order of their nodes, by the names of their outputs if they have no other', () => {
    const { dropouts, graph } = prepared(
      opset13([
        node('Dropout', 'x', 'a', { name: 'second' }),
        node('Dropout', 'a', ['b', 'm']),
        node('Dropout', 'b', 'c', { name: 'first', domain: 'ai.onnx' }),
        node('Dropout', 'c', 'd', { name: 'other', domain: 'my.ops' }),
        node('Dropout', 'd', 'y', { name: 'first', domain: '' }),
      ]),
    );
    expect(dropouts.map(({ name, mask, shape }) => [name, mask, shape])).toEqual([
      ['second', 'second_mask', 'second_shape'],
      ['b', 'b_mask', 'b_shape'],
      ['first', 'first_mask', 'first_shape'],
      ['first', 'first_mask_1', 'first_shape_1'],
    ]);
    expect(names(graph.input)).toEqual(['x', ...dropouts.map(({ mask }) => mask)]);
    expect(names(graph.output)).toEqual(['y', ...dropouts.map(({ shape }) => shape)]);
    expect(summary(graph).filter((line) => /Mul|Dropout/.test(line))).toEqual([
      'a = Mul(x,second_mask)',
      'b = Mul(a,b_mask)',
      'c = Mul(b,first_mask)',
      'd = Dropout(c)',
      'y = Mul(d,first_mask_1)',
    ]);
    // A model may import the default domain under its other name alone.
    expect(graph.node!.filter(({ domain }) => domain === 'ai.onnx').map(({ opType }) => opType)).toEqual([
      'Shape',
      'Mul',
    ]);
  });

  it.each([
    ['its own', (name: string): Model => opset13([drop()], { input: [value('x', FLOAT, [4]), value(name, INT64)] })],
    ['an initializer', (name) => opset13([drop()], { initializer: [tensor(name, FLOAT, [1])] })],
    [
      'a sparse initializer',
      (name) => opset13([drop()], { sparseInitializer: [{ values: tensor(name, FLOAT, [1]), dims: [9] }] }),
    ],
    ['a value_info', (name) => opset13([drop()], { valueInfo: [value(name, FLOAT)] })],
    ['a node', (name) => opset13([drop(), node('Identity', 'x', 'z', { name })])],
    ['an output of a node', (name) => opset13([drop(), node('Identity', 'x', name)])],
    [
      'a quantization annotation',
      (name) =>
        opset13([drop()], { quantizationAnnotation: [{ quantParameterTensorNames: [{ key: 'SCALE', value: name }] }] }),
    ],
    [
      'a subgraph of a subgraph',
      (name) => {
        const inner = { node: [node('Identity', 'x', name)], output: [value(name, FLOAT)] };
        const outer = { node: [node('If', 'c', 'i', { then_branch: inner })], output: [value('i', FLOAT)] };
        return opset13([drop(), node('If', 'c', 'j', { then_branch: outer })]);
      },
    ],
    [
      'an annotated tensor',
      (name) => opset13([drop()], { quantizationAnnotation: [{ tensorName: name, quantParameterTensorNames: [] }] }),
    ],
    [
      'a graph in a list of graphs',
      (name) => {
        const graphs = [{ node: [node('Relu', 'x', name)] }];
        return opset13([drop(), node('Switch', 'x', 'z', { domain: 'mine', cases: { type: 10, graphs } })]);
      },
    ],
    ['an input of a function', (name) => opset13([drop()], {}, { functions: [{ name: 'f', input: [name] }] })],
    ['an output of a function', (name) => opset13([drop()], {}, { functions: [{ name: 'f', output: [name] }] })],
    [
      'the initialization in training_info',
      (name) => opset13([drop()], {}, { trainingInfo: [{ initialization: { node: [node('Relu', [], name)] } }] }),
    ],
    [
      'a value_info of a function',
      (name) => {
        const bytes = encode(opset13([drop()], {}, { functions: [{ name: 'f' }] }));
        // onnx-proto is older than this field.
        const info: Field = [12, 2, [[1, 2, Buffer.from([name.length, ...Buffer.from(name)]).toString('hex')]]];
        return bytesOf(
          fieldsOf(bytes, { 25: {} }).map(
            (field): Field => (field[0] === 25 ? [25, 2, [...(field[2] as Field[]), info]] : field),
          ),
        );
      },
    ],
    ['a function', (name) => opset13([drop()], {}, { functions: [{ name: 'f', node: [node('Relu', 'x', name)] }] })],
    [
      'training_info',
      (name) => opset13([drop()], {}, { trainingInfo: [{ algorithm: { node: [node('Relu', 'x', name)] } }] }),
    ],
  ] satisfies [string, (name: string) => Model | Uint8Array][])('takes no name of %s', (_, withName) => {
    for (const taken of ['drop_mask', 'drop_shape']) {
      const before = withName(taken);
      const [dropout] = prepare(before instanceof Uint8Array ? before : encode(before)).dropouts;
      expect(dropout).toMatchObject({ mask: 'drop_mask', shape: 'drop_shape', [taken.slice(5)]: `${taken}_1` });
    }
  });

  it('is a model without Dropout', () => {
    const { model } = prepare(encode(dropoutModel({ opset: 13 })));
    refuses(
      () => prepare(model),
      RangeError,
      /^modelBytes has to be a model with Dropout nodes, but it has none: .*PRESERVE/,
    );
  });
});

describe('the mask output', () => {
  const withMask = (nodes: Node[], graph: Graph = {}) =>
    summary(prepared(opset13([node('Dropout', 'x', 'y m', { name: 'drop' }), ...nodes], graph)).graph);

  const computed = ['drop_kept = Cast(drop_mask)', 'drop_all_false = Less(x,x)', 'm = Or(drop_kept,drop_all_false)'];

  it('is computed if a node, a graph output, or a subgraph at any depth uses it', () => {
    const inner = { node: [node('Identity', 'm', 'k')], output: [value('k', BOOL)] };
    const middle = { node: [node('Loop', '', 'j', { body: inner })], output: [value('j', BOOL)] };
    const asOutput = { node: [], output: [value('m', BOOL)] };
    for (const lines of [
      withMask([node('Not', 'm', 'n')]),
      withMask([], { output: [value('y', FLOAT), value('m', BOOL)] }),
      withMask([node('If', 'c', 'i', { then_branch: inner })]),
      withMask([node('If', 'c', 'i', { then_branch: middle })]),
      withMask([node('If', 'c', 'i', { then_branch: asOutput })]),
    ])
      expect(lines).toEqual(expect.arrayContaining(computed));
  });

  it('is left out if nothing uses it, whether or not it is described', () => {
    const expected = ['drop_shape = Shape(x)', 'y = Mul(x,drop_mask)'];
    expect(withMask([])).toEqual(expected);
    expect(withMask([], { valueInfo: [value('m', BOOL, [4])] })).toEqual(expected);
  });
});

describe('the ratio', () => {
  const ratioOf = (model: Model) => prepare(encode(model)).dropouts[0]!.ratio;
  const f32 = Math.fround(0.1);

  it('is 0.5 by default', () => {
    for (const opset of [7, 10, 12, 13, 22, 26]) expect(ratioOf(dropoutModel({ opset }))).toBe(0.5);
    expect(ratioOf(opset13([node('Dropout', ['x', ''], 'y')]))).toBe(0.5);
    expect(ratioOf(opset13([node('Dropout', ['x', '', ''], 'y')]))).toBe(0.5);
  });

  it.each([7, 8, 9, 10, 11])('is the attribute in opset %i', (opset) => {
    expect(ratioOf(dropoutModel({ opset, ratio: 0.1 }))).toBe(f32);
    expect(ratioOf(dropoutModel({ opset, ratio: 0 }))).toBe(0);
  });

  it.each([
    ['float', FLOAT, 'rawData', f32],
    ['float', FLOAT, 'floatData', f32],
    ['double', DOUBLE, 'rawData', 0.1],
    ['double', DOUBLE, 'doubleData', 0.1],
    ['float16', FLOAT16, 'rawData', 0.0999755859375],
    ['float16', FLOAT16, 'int32Data', 0.0999755859375],
    ['bfloat16', BFLOAT16, 'rawData', 0.099609375],
    ['bfloat16', BFLOAT16, 'int32Data', 0.099609375],
  ] as const)('is the exact %s %i in %s', (_, ratioType, place, expected) => {
    for (const from of ['initializer', 'constant'] as const)
      expect(ratioOf(dropoutModel({ opset: 13, ratio: 0.1, ratioType, place, from }))).toBe(expected);
  });

  it('may be a vector of one element, and the value_float of a Constant', () => {
    const initializer = [tensor('r', FLOAT, [0.25], { dims: [1] })];
    expect(ratioOf(opset13([node('Dropout', 'x r', 'y')], { initializer }))).toBe(0.25);
    const constant = node('Constant', [], 'r', { value_float: 0.1 });
    expect(ratioOf(opset13([constant, node('Dropout', 'x r', 'y')]))).toBe(f32);
  });

  it('may be a subnormal of float16, and zero that is not written', () => {
    const bits = (raw: number[], dataType = FLOAT16) => ({ name: 'r', dataType, rawData: Uint8Array.from(raw) });
    const withRatio = (r: ReturnType<typeof bits>) =>
      ratioOf(opset13([node('Dropout', 'x r', 'y')], { initializer: [r] }));
    expect(withRatio(bits([1, 0]))).toBe(2 ** -24);
    expect(withRatio(bits([0xff, 0x03]))).toBe(1023 * 2 ** -24);
    expect(withRatio(bits([0xff, 0x3b]))).toBe(1 - 2 ** -11);
    expect(withRatio(bits([0, 0]))).toBe(0);
    refuses(() => withRatio(bits([0, 0xb8])), RangeError, 'the Dropout node "y" has the ratio -0.5: ');
    refuses(() => withRatio(bits([0, 0x7c])), RangeError, 'the Dropout node "y" has the ratio Infinity: ');
    refuses(() => withRatio(bits([1, 0x7e])), RangeError, 'the Dropout node "y" has the ratio NaN: ');
    // A writer of proto3 leaves out an attribute's value of 0.
    const zero = node('Dropout', 'x', 'y', { ratio: { type: 1 } });
    expect(ratioOf(model(10, { ...opset13([]).graph, node: [zero] }))).toBe(0);
  });

  it.each([
    [1, 'the ratio 1'],
    [1.5, 'the ratio 1.5'],
    [-0.5, 'the ratio -0.5'],
    [Number.NaN, 'the ratio NaN'],
    [Number.POSITIVE_INFINITY, 'the ratio Infinity'],
  ])('of %d is refused', (ratio, message) => {
    for (const opset of [7, 10, 13])
      refuses(() => ratioOf(dropoutModel({ opset, ratio })), RangeError, `the Dropout node "drop" has ${message}: `);
  });
});

describe('training_mode', () => {
  const modes: [string, Node[], Graph][] = [
    ['missing', [node('Dropout', 'x', 'y')], {}],
    ['left out', [node('Dropout', ['x', '', ''], 'y')], {}],
    ...[0, 1].flatMap((mode): [string, Node[], Graph][] => [
      [`an initializer of ${mode}`, [node('Dropout', 'x  t', 'y')], { initializer: [tensor('t', BOOL, [mode])] }],
      [
        `an initializer of ${mode} in int32_data`,
        [node('Dropout', 'x  t', 'y')],
        { initializer: [tensor('t', BOOL, [mode], { place: 'int32Data' })] },
      ],
      [
        `a Constant of ${mode}`,
        [node('Constant', [], 't', { value: tensor('', BOOL, [mode]) }), node('Dropout', 'x  t', 'y')],
        {},
      ],
    ]),
  ];

  it.each(modes)('may be %s', (_, nodes, graph) => {
    const { dropouts, graph: after } = prepared(opset13(nodes, graph));
    expect(dropouts).toEqual([{ name: 'y', mask: 'y_mask', shape: 'y_shape', ratio: 0.5 }]);
    expect(summary(after).slice(-2)).toEqual(['y_shape = Shape(x)', 'y = Mul(x,y_mask)']);
    expect(after.initializer).toEqual(decode(encode(opset13(nodes, graph))).graph!.initializer);
  });
});

describe('the type of the data', () => {
  const maskType = (model: Model) => types(prepared(model).graph.input).y_mask;
  /** x → Relu → h → Dropout → d → Relu → y, in which nothing says the type of h and d. */
  const chain = (graph: Graph = {}, nodes: Node[] = [], rest: Model = {}, type = FLOAT): Model =>
    model(
      13,
      {
        node: [node('Relu', 'x', 'h'), node('Dropout', 'h', 'd', { name: 'y' }), node('Relu', 'd', 'y'), ...nodes],
        input: [value('x', type)],
        output: [value('y', type)],
        ...graph,
      },
      rest,
    );

  it('is float if nothing says it and there is no sign of another floating type', () => {
    expect(maskType(chain())).toBe(FLOAT);
    expect(maskType(chain({ initializer: [tensor('w', INT64, [1, 2])] }, [node('Cast', 'h', 'z', { to: 6n })]))).toBe(
      FLOAT,
    );
    // A type of 0 says nothing.
    expect(maskType(chain({ valueInfo: [value('h', 0)] }))).toBe(FLOAT);
    // An int with such a value is no type.
    expect(maskType(chain({}, [node('Softmax', 'h', 'z', { axis: 11n })]))).toBe(FLOAT);
  });

  it.each([
    ['value_info of the data', (type: number): Model => chain({ valueInfo: [value('h', type)] })],
    ['value_info of the output', (type) => chain({ valueInfo: [value('d', type)] })],
    [
      'a graph input',
      (type) => model(13, { node: [node('Dropout', 'x', 'y')], input: [value('x', type)], output: [value('y', type)] }),
    ],
    [
      'an initializer',
      (type) => model(13, { node: [node('Dropout', 'x', 'y')], initializer: [tensor('x', type, [1, 2])] }),
    ],
    [
      'a graph output',
      (type) => model(13, { node: [node('Relu', 'x', 'h'), node('Dropout', 'h', 'y')], output: [value('y', type)] }),
    ],
  ] satisfies [string, (type: number) => Model][])('is read from %s', (_, of) => {
    for (const [type, mask, casts] of [
      [FLOAT, FLOAT, []],
      [DOUBLE, DOUBLE, []],
      [FLOAT16, FLOAT, [FLOAT16]],
      [BFLOAT16, FLOAT, [BFLOAT16]],
    ] as const) {
      const { graph } = prepared(of(type));
      expect(types(graph.input).y_mask).toBe(mask);
      const cast = graph.node!.filter(({ opType }) => opType === 'Cast');
      expect(cast.map(({ attribute }) => attribute![0]!.i)).toEqual(casts);
    }
  });

  const other = [DOUBLE, FLOAT16, BFLOAT16, 17, 20];
  it.each([
    ['an input', (type: number): Model => chain({ input: [value('x', FLOAT), value('z', type)] })],
    ['an initializer', (type) => chain({ initializer: [tensor('w', type, [1])] })],
    ['a sparse initializer', (type) => chain({ sparseInitializer: [{ values: tensor('w', type, [1]) }] })],
    ['a Constant', (type) => chain({}, [node('Constant', [], 'c', { value: tensor('', type, [1]) })])],
    ['a Cast', (type) => chain({}, [node('Cast', 'x', 'c', { to: BigInt(type) })])],
    ['a dtype', (type) => chain({}, [node('RandomNormal', [], 'c', { dtype: BigInt(type) })])],
    ['a precision', (type) => chain({}, [node('QuantizeLinear', 'x s', 'c', { precision: BigInt(type) })])],
    [
      'a list of tensors',
      (type) => chain({}, [node('Mine', [], 'c', { values: { type: 9, tensors: [tensor('', type, [1])] } })]),
    ],
    [
      'a sparse tensor',
      (type) =>
        chain({}, [
          node('Constant', [], 'c', { sparse_value: { type: 11, sparseTensor: { values: tensor('', type, [1]) } } }),
        ]),
    ],
    [
      'a list of sparse tensors',
      (type) =>
        chain({}, [
          node('Mine', [], 'c', { values: { type: 12, sparseTensors: [{ values: tensor('', type, [1]) }] } }),
        ]),
    ],
    [
      'a list of types',
      (type) => chain({}, [node('Mine', [], 'c', { all: { type: 14, typeProtos: [value('', type).type!] } })]),
    ],
    [
      'an input that is sparse',
      (type) => chain({ input: [{ name: 's', type: { sparseTensorType: { elemType: type } } }] }),
    ],
    [
      'an input that is optional',
      (type) => chain({ input: [{ name: 's', type: { optionalType: { elemType: value('', type).type! } } }] }),
    ],
    ['an output', (type) => chain({ output: [value('y', FLOAT), value('z', type)] })],
    ['a type', (type) => chain({}, [node('Optional', [], 'c', { type: { type: 13, tp: value('', type).type! } })])],
    [
      'a sequence',
      (type) => chain({ input: [{ name: 's', type: { sequenceType: { elemType: value('', type).type! } } }] }),
    ],
    [
      'a map',
      (type) =>
        chain({ input: [{ name: 's', type: { mapType: { keyType: INT64, valueType: value('', type).type! } } }] }),
    ],
    [
      'a subgraph',
      (type) =>
        chain({}, [node('If', 'c', 'i', { then_branch: { node: [node('Cast', 'x', 'c', { to: BigInt(type) })] } })]),
    ],
    [
      'a function',
      (type) => chain({}, [], { functions: [{ name: 'f', node: [node('Cast', 'x', 'c', { to: BigInt(type) })] }] }),
    ],
  ] satisfies [string, (type: number) => Model][])('is refused if nothing says it and %s has another one', (_, of) => {
    for (const type of other)
      refuses(
        () => maskType(of(type)),
        RangeError,
        /^the Dropout node "y" has data of a type that the model does not state.*: .*infer_shapes/,
      );
    expect(maskType(of(FLOAT))).toBe(FLOAT);
  });

  it('is refused if it is no floating type, or one that products do not have', () => {
    for (const type of [INT64, BOOL, 17])
      refuses(
        () => maskType(chain({ valueInfo: [value('h', type)] })),
        RangeError,
        `the Dropout node "y" has data of the element type ${type} of TensorProto`,
      );
  });
});

describe('what is refused', () => {
  const refusesModel = (model: Model, message: string | RegExp) =>
    refuses(() => prepare(encode(model)), RangeError, message);
  const body = { node: [node('Dropout', 'x', 'k', { name: 'inner' })], output: [value('k', FLOAT)] };

  it.each(['then_branch', 'else_branch', 'body'])('a Dropout in a subgraph: %s', (branch) => {
    const opType = branch === 'body' ? 'Loop' : 'If';
    const message = `the Dropout node "inner" is in a subgraph of the ${opType} node "cond"`;
    const nested = node(opType, 'x', 'y', { name: 'cond', [branch]: body });
    refusesModel(opset13([nested]), message);
    refusesModel(opset13([drop(), nested]), message);
    const deep = { node: [node('Scan', 'x', 'j', { body })], output: [value('j', FLOAT)] };
    refusesModel(opset13([node(opType, 'x', 'y', { name: 'cond', [branch]: deep })]), message);
  });

  it('a Dropout in a function, by its output if it has no name', () => {
    const message = 'the Dropout node "k" is in the function "Block": ';
    const named = (nodes: Node[]): Model => opset13([drop()], {}, { functions: [{ name: 'Block', node: nodes }] });
    refusesModel(named([node('Dropout', 'x', 'k')]), message);
    const inner = { node: [node('Dropout', 'x', 'k')] };
    refusesModel(named([node('If', 'x', 'j', { name: 'cond', then_branch: inner })]), message);
  });

  it('no Dropout in training_info, which stays as it is', () => {
    const trainingInfo = [{ algorithm: { node: [drop(), node('If', 'c', 'i', { then_branch: body })] } }];
    const before = opset13([drop()], {}, { trainingInfo });
    expect(prepared(before).model.trainingInfo).toEqual(decode(encode(before)).trainingInfo);
    refusesModel(opset13([node('Relu', 'x', 'y')], {}, { trainingInfo }), 'it has none');
  });

  it('no Dropout of another domain', () => {
    const other = { node: [node('Dropout', 'x', 'k', { domain: 'my.ops' })] };
    const before = opset13([drop(), node('If', 'c', 'i', { then_branch: other })]);
    expect(prepared(before).dropouts).toHaveLength(1);
    refusesModel(opset13([drop({ domain: 'my.ops' })]), 'it has none');
  });

  const shapes: [string, string][] = [
    ['ratio', 'x r'],
    ['training_mode', 'x  r'],
  ];
  it.each(shapes)('a %s that is no constant', (role, inputs) => {
    const type = role === 'ratio' ? FLOAT : BOOL;
    const dropout = node('Dropout', inputs, 'y', { name: 'drop' });
    const message = (problem: string) => `the Dropout node "drop" has a ${role} that ${problem}`;
    refusesModel(opset13([node('Identity', 'x', 'r'), dropout]), message('is computed in the graph: '));
    refusesModel(opset13([dropout]), message('is computed in the graph: '));
    const input = [value('x', FLOAT), value('r', type)];
    refusesModel(opset13([dropout], { input }), message('is the input "r" of the model: '));
    const initializer = [tensor('r', type, [0])];
    refusesModel(opset13([dropout], { input, initializer }), message('can be set by the input "r" of the model: '));
    const external = {
      name: 'r',
      dataType: type,
      dataLocation: 1,
      externalData: [{ key: 'location', value: 'w.bin' }],
    };
    refusesModel(opset13([dropout], { initializer: [external] }), message('is in another file: '));
    const two = tensor('r', type, [0, 0]);
    refusesModel(opset13([dropout], { initializer: [two] }), message('has 2 elements: '));
    const none = { name: 'r', dataType: type, dims: [0] };
    refusesModel(opset13([dropout], { initializer: [none] }), message('has 0 elements: '));
    const custom = node('Constant', [], 'r', { domain: 'mine', value: tensor('', type, [0]) });
    refusesModel(opset13([custom, dropout]), message('is computed in the graph: '));
    const words = node('Constant', [], 'r', { value_string: 'half' });
    refusesModel(opset13([words, dropout]), message('is a Constant of another form: '));
  });

  it('a ratio or mode of another type', () => {
    const withType = (inputs: string, type: number) =>
      opset13([node('Dropout', inputs, 'y', { name: 'drop' })], { initializer: [tensor('r', type, [0])] });
    for (const type of [INT64, BOOL, 17])
      refusesModel(withType('x r', type), /^the Dropout node "drop" has a ratio .*element type \d+ of TensorProto: /);
    for (const type of [INT64, FLOAT])
      refusesModel(
        withType('x  r', type),
        /^the Dropout node "drop" has a training_mode .*element type \d of TensorProto: /,
      );
    refusesModel(model(10, { node: [drop({ ratio: 0n })] }), 'the Dropout node "drop" has a ratio that is not a float');
    const reference = { type: 1, refAttrName: 'p' };
    refusesModel(
      model(10, { node: [drop({ ratio: reference })] }),
      'the Dropout node "drop" has a ratio that is not a float',
    );
  });

  it('opsets before 7, none, and two', () => {
    for (const opset of [1, 6])
      refusesModel(
        model(opset, { node: [drop({ is_test: 1n, ratio: 0.5 })] }),
        new RegExp(`^modelBytes has to be a model of opset 7 or later, but it has opset ${opset},.*version_converter`),
      );
    const { graph } = opset13([drop()]);
    for (const opsetImport of [[], [{ domain: 'ai.onnx.ml', version: 3 }]])
      refusesModel({ graph: graph!, opsetImport }, 'modelBytes has to import one opset of ONNX, but it imports none');
    const both = [
      { domain: '', version: 12 },
      { domain: 'ai.onnx', version: 13 },
    ];
    refusesModel({ graph: graph!, opsetImport: both }, 'but it imports 12 and 13');
    const same = [
      { domain: 'ai.onnx.ml', version: 3 },
      { domain: '', version: 13 },
      { domain: 'ai.onnx', version: 13 },
    ];
    expect(prepared({ graph: graph!, opsetImport: same }).dropouts).toHaveLength(1);
  });

  it('attributes, inputs and outputs that Dropout does not have in the opset', () => {
    const cases: [number, Node][] = [
      [7, drop({ is_test: 0n })],
      [10, drop({ seed: 1n })],
      [13, drop({ ratio: 0.5 })],
      [13, drop({ consumed_inputs: { type: 7, ints: [0] } })],
      [10, node('Dropout', 'x r', 'y', { name: 'drop' })],
      [13, node('Dropout', 'x r t u', 'y', { name: 'drop' })],
      [13, node('Dropout', 'x', 'y m k', { name: 'drop' })],
      [13, node('Dropout', [], 'y', { name: 'drop' })],
      [13, node('Dropout', 'x', ['', 'm'], { name: 'drop' })],
    ];
    for (const [opset, dropout] of cases)
      refusesModel(
        model(opset, { node: [dropout], initializer: [tensor('r', FLOAT, [0]), tensor('t', BOOL, [0])] }),
        /^the Dropout node "drop" does not have the inputs and outputs of Dropout of opset|^the Dropout node "drop" has an attribute ".*", which Dropout of opset/,
      );
    const message = 'the Dropout node "m" does not have';
    refusesModel(opset13([node('Dropout', 'x', ['', 'm'])]), message);
    expect(prepared(opset13([drop({ seed: 1n })])).graph.node!.map(({ attribute }) => attribute)).toEqual([
      undefined,
      undefined,
    ]);
  });
});

describe('all the rest', () => {
  /** A model with something in most places. */
  const rich = (): Model => {
    const branch = (name: string): Graph => ({
      name,
      node: [node('Add', 'y w', name, { name: `${name}/Add` })],
      initializer: [tensor(`${name}_w`, INT64, [1, 2])],
      output: [value(name, FLOAT)],
    });
    return model(
      16,
      {
        name: 'main',
        docString: 'a graph',
        node: [
          node('Constant', [], 'r', { value: tensor('', FLOAT, [0.25]) }),
          node('MatMul', 'x w', 'h', { name: 'MatMul' }),
          { ...node('Dropout', 'h r', 'y m', { name: 'drop', seed: 7n }), docString: 'kept' },
          node('If', 'c', 'i', { then_branch: branch('a'), else_branch: branch('b') }),
          node('Not', 'm', 'n'),
          node('Block', 'y', 'z', { domain: 'mine', alpha: 0.5, mode: 'linear' }),
          { ...node('Dropout', 'z', 'e'), docString: 'the last' },
        ],
        initializer: [
          tensor('w', FLOAT, [1, 2, 3, 4], { dims: [2, 2] }),
          tensor('u', FLOAT, [1, 2], { place: 'floatData' }),
          {
            name: 'v',
            dataType: FLOAT,
            dims: [9],
            dataLocation: 1,
            externalData: [{ key: 'location', value: 'v.bin' }],
          },
        ],
        sparseInitializer: [{ values: tensor('s', FLOAT, [1]), indices: tensor('', INT64, [3]), dims: [9] }],
        input: [value('x', FLOAT, ['n', 2]), value('c', BOOL, [])],
        output: [value('e', FLOAT), value('i', FLOAT), value('n', BOOL)],
        valueInfo: [value('h', FLOAT, ['n', 2]), value('z', FLOAT)],
        quantizationAnnotation: [{ tensorName: 'h', quantParameterTensorNames: [{ key: 'SCALE', value: 'u' }] }],
      },
      {
        producerVersion: '1',
        domain: 'org.example',
        modelVersion: 3,
        docString: 'a model',
        opsetImport: [
          { domain: 'mine', version: 1 },
          { domain: '', version: 16 },
        ],
        metadataProps: [{ key: 'author', value: 'ä' }],
        functions: [{ name: 'Block', input: ['a'], output: ['b'], node: [node('Relu', 'a', 'b')] }],
        trainingInfo: [{ algorithm: { node: [drop()] }, initializationBinding: [{ key: 'w', value: 'u' }] }],
      },
    );
  };

  const NESTING = modelNesting();

  it('keeps every byte, unknown fields in every message included', () => {
    const before = withUnknown(fieldsOf(encode(rich()), NESTING));
    const { model, dropouts } = prepare(bytesOf(before));
    expect(dropouts).toMatchObject([{ name: 'drop', ratio: 0.25 }, { name: 'e' }]);
    const after = fieldsOf(model, NESTING);
    const graphOf = (fields: Field[]) => fields.find(([no]) => no === 7)![2] as Field[];
    expect(after.filter(([no]) => no !== 7)).toEqual(before.filter(([no]) => no !== 7));
    expect(after.map(([no]) => no)).toEqual(before.map(([no]) => no));

    const text = (s: string) => Buffer.from([s.length, ...Buffer.from(s)]).toString('hex');
    const opType = (type: string) => (fields: string | Field[]) =>
      (fields as Field[]).some(([no, , v]) => no === 4 && v === text(type));
    const isDropout = (field: Field) => field[0] === 1 && opType('Dropout')(field[2]);
    const isProduct = (field: Field) => field[0] === 1 && opType('Mul')(field[2]);
    const old = graphOf(before);
    const now = graphOf(after);
    // The graph without its Dropout nodes, and the new one without what is new.
    const isNew = ([no, , fields]: Field) =>
      [1, 11, 12].includes(no) && /(drop|e)_(mask|shape|kept|all_false)/.test(JSON.stringify(decodeTexts(fields)));
    expect(now.filter((field) => !isNew(field) && !isProduct(field))).toEqual(old.filter((field) => !isDropout(field)));
    // Its nodes are where the Dropout nodes were.
    const kinds = (fields: Field[], is: (field: Field) => boolean) =>
      fields.filter((field) => field[0] === 1 && (is(field) || !isNew(field))).map(is);
    expect(kinds(now, isProduct)).toEqual(kinds(old, isDropout));
    // A product keeps the node's name, its text and what is unknown.
    const kept = (field: Field) => (field[2] as Field[]).filter(([no]) => ![1, 2, 4, 5].includes(no));
    expect(now.filter(isProduct).map(kept)).toEqual(old.filter(isDropout).map(kept));
    expect(kept(now.find(isProduct)!)).toHaveLength(12);
  });

  /** The texts of a field, for a search. */
  const decodeTexts = (value: string | Field[]): unknown =>
    typeof value === 'string' ? Buffer.from(value, 'hex').toString() : value.map(([, , inner]) => decodeTexts(inner));

  it('keeps fields whose wire type is not that of the schema, which protobuf takes for unknown', () => {
    const odd: Field[] = [
      [1, 0, '05'],
      [5, 5, '01020304'],
    ];
    const withOdd = (bytes: Uint8Array) =>
      fieldsOf(bytes, { 7: {} }).map(
        (field): Field => (field[0] === 7 ? [7, 2, [...odd, ...(field[2] as Field[])]] : field),
      );
    expect(prepare(bytesOf(withOdd(encode(rich())))).model).toEqual(bytesOf(withOdd(prepare(encode(rich())).model)));
  });

  it('takes a graph that comes in two parts, which protobuf merges', () => {
    const fields = fieldsOf(encode(rich()), { 7: {} });
    const [graph] = fields.filter(([no]) => no === 7);
    const inside = graph![2] as Field[];
    const half = inside.length >> 1;
    const split: Field[] = fields.flatMap((field): Field[] =>
      field === graph
        ? [
            [7, 2, inside.slice(0, half)],
            [7, 2, inside.slice(half)],
          ]
        : [field],
    );
    expect(prepare(bytesOf(split))).toEqual(prepare(encode(rich())));
  });
});

describe('modelBytes', () => {
  const bytes = encode(dropoutModel({ opset: 13, ratio: 0.25 }));
  const expected = prepare(bytes);

  it('may be a Uint8Array, a part of one, a Buffer, or an ArrayBuffer, shared or of another realm', () => {
    const padded = new Uint8Array(bytes.length + 10).fill(7);
    padded.set(bytes, 3);
    const shared = new SharedArrayBuffer(bytes.length);
    new Uint8Array(shared).set(bytes);
    const inputs = [
      padded.subarray(3, 3 + bytes.length),
      Buffer.from(bytes),
      bytes.slice().buffer,
      new Uint8Array(shared),
      shared as never as ArrayBuffer,
      runInNewContext('Uint8Array.from(bytes)', { bytes }) as Uint8Array,
      runInNewContext('Uint8Array.from(bytes).buffer', { bytes }) as ArrayBuffer,
    ];
    for (const input of inputs) {
      const { model, dropouts } = prepare(input);
      expect(dropouts).toEqual(expected.dropouts);
      expect(model.constructor).toBe(Uint8Array);
      expect([...model]).toEqual([...expected.model]);
    }
  });

  it('stays as it is, and the model shares no memory with it', () => {
    const input = Buffer.from(bytes);
    const { model } = prepare(input);
    expect(new Uint8Array(input)).toEqual(bytes);
    input.fill(0);
    expect(model).toEqual(expected.model);
    expect(model.byteLength).toBe(model.buffer.byteLength);
  });

  it('of another type is a TypeError', () => {
    const others = [
      undefined,
      null,
      42,
      'model.onnx',
      {},
      [...bytes],
      new DataView(bytes.buffer),
      Promise.resolve(bytes),
    ];
    for (const value of [...others, new Uint8ClampedArray(8), new Float32Array(8), new Blob([])])
      refuses(() => prepare(value as never), TypeError, 'modelBytes has to be a Uint8Array or ArrayBuffer, but got ');
  });

  it('that is empty or detached is a RangeError', () => {
    const moved = bytes.slice();
    structuredClone(moved, { transfer: [moved.buffer] });
    for (const empty of [new Uint8Array(0), new ArrayBuffer(0), moved, moved.buffer])
      refuses(() => prepare(empty), RangeError, 'modelBytes has to be a model, but it is empty: ');
  });

  it('that is no model is a RangeError', () => {
    const text = (s: string) => new TextEncoder().encode(s);
    const others = [
      text('version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n'),
      text('<!DOCTYPE html><title>Not found</title>'),
      text('{"error":"not found"}'),
      text('hello world'),
      text('drop'),
      new Uint8Array(64),
      new Uint8Array(64).fill(255),
      Uint8Array.of(8, 8),
      // A graph that is a number.
      Uint8Array.of(0x38, 1),
      encode({ irVersion: 8, opsetImport: [{ version: 13 }] }),
    ];
    for (const value of others)
      refuses(
        () => prepare(value),
        RangeError,
        'modelBytes has to be the bytes of an ONNX model, but they cannot be read',
      );
  });

  it('with graphs in thousands of parts is read like one graph', () => {
    const parts = new Uint8Array(2 * 200_000).map((_, i) => (i % 2 ? 0 : 0x3a));
    expect(prepare(Buffer.concat([bytes, parts])).dropouts).toEqual(expected.dropouts);
    refuses(() => prepare(parts), RangeError, 'modelBytes has to be a model with Dropout nodes, but it has none');
  });

  it('with thousands of nodes of one name is read in a moment', () => {
    const nodes = Array.from({ length: 20_000 }, (_, i) =>
      node('Dropout', i ? `h${i - 1}` : 'x', `h${i}`, { name: 'd' }),
    );
    const taken = tensor('d_mask_2', FLOAT, [1]);
    const { dropouts } = prepare(encode(opset13(nodes, { initializer: [taken] })));
    expect(dropouts.slice(0, 3).map(({ mask }) => mask)).toEqual(['d_mask', 'd_mask_1', 'd_mask_3']);
    expect(new Set(dropouts.map(({ mask }) => mask)).size).toBe(20_000);
  });

  it('with types in types without end is a RangeError', () => {
    let type: NonNullable<NonNullable<Graph['input']>[0]['type']> = {};
    for (let i = 0; i < 300; i++) type = { sequenceType: { elemType: type } };
    const input = [{ name: 'x', type }];
    refuses(() => prepare(encode(opset13([drop()], { input }))), RangeError, 'more than 100 nested types');
  });

  it('may state a field again, whose last value counts', () => {
    const twice = (model: Model, nesting: Nesting, of: (fields: Field[]) => Field[]) =>
      prepare(bytesOf(of(fieldsOf(encode(model), nesting))));
    const before = opset13([node('Dropout', 'x r', 'y', { name: 'drop' })], {
      initializer: [tensor('r', FLOAT, [0.25])],
    });
    /** Puts fields before the first of a message that has the number. */
    const inside = (fields: Field[], no: number, change: (fields: Field[]) => Field[]): Field[] =>
      fields.map((field): Field => (field[0] === no ? [no, 2, change(field[2] as Field[])] : field));
    const nesting = { 7: { 1: {}, 5: {} }, 8: {} };
    const other = (s: string) => Buffer.from([s.length, ...Buffer.from(s)]).toString('hex');
    const results = [
      // name and op_type of the node
      (all: Field[]) =>
        inside(all, 7, (graph) => inside(graph, 1, (n) => [[3, 2, other('a')], [4, 2, other('Relu')], ...n])),
      // raw_data and data_type of the ratio
      (all: Field[]) => inside(all, 7, (graph) => inside(graph, 5, (t) => [[2, 0, '0b'], [9, 2, '040000003f'], ...t])),
      // version of the opset
      (all: Field[]) => inside(all, 8, (opset) => [[2, 0, '06'], ...opset]),
    ].map((of) => twice(before, nesting, of).dropouts);
    for (const dropouts of results) expect(dropouts).toEqual(prepare(encode(before)).dropouts);
  });

  it('with a name that is not UTF-8 is a RangeError', () => {
    const damaged = Buffer.from(bytes);
    damaged[damaged.indexOf('Identity') - 3] = 0xff;
    refuses(() => prepare(damaged), RangeError, 'modelBytes has to be the bytes of an ONNX model');
    refuses(() => prepare(damaged), RangeError, '(a name is not UTF-8)');
  });

  it('is read and written where TextDecoder and TextEncoder are missing, as in Hermes', () => {
    const name = '\ufeff100 % of café 층 \u{1f600}\0';
    const named = encode(opset13([{ ...node('Dropout', 'x', 'y'), name }]));
    const expected = prepare(named);
    expect(expected.dropouts[0]).toMatchObject({ name, mask: `${name}_mask` });
    vi.stubGlobal('TextDecoder', undefined);
    vi.stubGlobal('TextEncoder', undefined);
    try {
      expect(prepare(named)).toEqual(expected);
    } finally {
      vi.unstubAllGlobals();
    }
    expect(decode(expected.model).graph!.input!.map(({ name }) => name)).toContain(`${name}_mask`);
  });

  it('that is truncated anywhere in the graph or in what follows is a RangeError', () => {
    // onnx-proto writes the opset last.
    for (let length = 1; length < bytes.length; length++)
      refuses(() => prepare(bytes.subarray(0, length)), RangeError, /^modelBytes has to /);
  });

  it('with damaged bytes gives a model or a RangeError', () => {
    const whole = encode(dropoutModel({ opset: 22, ratio: 0.25, from: 'constant', training: true, mask: 'node' }));
    for (let i = 0; i < whole.length; i++)
      for (const value of [0, 0x0b, 0x7f, 0xff]) {
        const damaged = whole.slice();
        damaged[i] = value;
        try {
          prepare(damaged);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
          expect((error as Error).message).toMatch(/^modelBytes has to |^the Dropout node "/);
        }
      }
  });

  it('with graphs in graphs without end is a RangeError', () => {
    let graph: Graph = { node: [drop()] };
    for (let i = 0; i < 300; i++) graph = { node: [node('If', 'c', 'i', { then_branch: graph })] };
    refuses(() => prepare(encode(opset13([drop()], graph))), RangeError, 'more than 100 nested graphs');
  });

  it('of 64 MB is copied once', () => {
    const rawData = new Uint8Array(2 ** 26).fill(1);
    const weights = { name: 'w', dataType: FLOAT, dims: [2 ** 24], rawData };
    const large = encode(opset13([drop()], { initializer: [weights] }));
    const before = process.memoryUsage().arrayBuffers;
    const { model } = prepare(large);
    // Garbage that has been collected meanwhile only lowers the figure.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1.1 * large.length);
    expect(model.length).toBeGreaterThan(large.length);
    expect(decode(model).graph!.initializer![0]!.rawData).toHaveLength(rawData.length);
  });
});
