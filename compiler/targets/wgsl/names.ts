/**
 * @file Identifiers: turning tensor and loop names into WGSL identifiers that are legal and not yet taken.
 */

/** Keywords, reserved words and the predeclared names the generated code uses: https://www.w3.org/TR/WGSL/#keyword-summary. */
const taken = new Set(
  (
    'alias break case const const_assert continue continuing default diagnostic discard else enable false fn for if let loop override requires ' +
    'return struct switch true var while NULL Self abstract active alignas alignof as asm auto await become cast catch class co_await ' +
    'co_return co_yield coherent column_major common compile compile_fragment concept const_cast consteval constexpr constinit crate debugger ' +
    'decltype delete demote do dynamic_cast enum explicit export extends extern external fallthrough filter final finally friend from fxgroup get ' +
    'goto groupshared highp impl implements import inline instanceof interface layout lowp macro match mediump meta mod module move mut ' +
    'mutable namespace new nil noexcept noinline nointerpolation non_coherent noncoherent noperspective null nullptr of operator package ' +
    'packoffset partition pass patch pixelfragment precise precision premerge priv protected pub public readonly ref regardless register ' +
    'reinterpret_cast require resource restrict self set shared sizeof smooth snorm static static_assert static_cast std subroutine super target ' +
    'template this thread_local throw trait try type typedef typeid typename typeof union unless unorm unsafe unsized use using varying ' +
    'virtual volatile wgsl where with writeonly yield ' +
    'f32 i32 u32 bool vec2f vec3f vec4f vec3u array bitcast select abs exp log sqrt tanh sin cos floor sign pow max min dot fma clamp step ' +
    'read write read_write storage uniform function private workgroup vertex fragment compute ' +
    'inverseSqrt workgroupBarrier storageBarrier main group lane lane_index point'
  ).split(' '),
);

/** Hands out unique identifiers within one module. */
export class Names {
  private readonly used: Set<string>;

  /** `reserved`: names the module's own statements use as they are. */
  constructor(reserved: readonly string[] = []) {
    this.used = new Set([...taken, ...reserved]);
  }

  /** A free identifier close to `hint`: `experts.read` becomes `experts_read`, a second one `experts_read_2`. */
  fresh(hint: string): string {
    let base = hint.replace(/[^A-Za-z0-9_]+/g, '_').replace(/^_+|_+$/g, '').replace(/__+/g, '_');
    if (!/^[A-Za-z]/.test(base)) base = `v${base === '' ? '' : `_${base}`}`;
    let name = base;
    for (let i = 2; this.used.has(name); i++) name = `${base}_${i}`;
    this.used.add(name);
    return name;
  }
}
