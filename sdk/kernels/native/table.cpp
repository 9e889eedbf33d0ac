#include "native/table.h"

namespace ocellus {

#define FOR_scalar(operation, isa) DO(operation, isa)
#if defined(OCELLUS_ARM64)
#define FOR_neon(operation, isa) DO(operation, isa)
#define FOR_neon_dotprod(operation, isa) DO(operation, isa)
#define FOR_avx2(operation, isa)
#define FOR_avx_vnni(operation, isa)
#define FOR_avx512_vnni(operation, isa)
#define FOR_amx_int8(operation, isa)
#elif defined(OCELLUS_X64)
#define FOR_neon(operation, isa)
#define FOR_neon_dotprod(operation, isa)
#define FOR_avx2(operation, isa) DO(operation, isa)
#if defined(OCELLUS_NO_avx_vnni)
#define FOR_avx_vnni(operation, isa)
#else
#define FOR_avx_vnni(operation, isa) DO(operation, isa)
#endif
#if defined(OCELLUS_NO_avx512_vnni)
#define FOR_avx512_vnni(operation, isa)
#else
#define FOR_avx512_vnni(operation, isa) DO(operation, isa)
#endif
#if defined(OCELLUS_NO_amx_int8)
#define FOR_amx_int8(operation, isa)
#else
#define FOR_amx_int8(operation, isa) DO(operation, isa)
#endif
#else
#define FOR_neon(operation, isa)
#define FOR_neon_dotprod(operation, isa)
#define FOR_avx2(operation, isa)
#define FOR_avx_vnni(operation, isa)
#define FOR_avx512_vnni(operation, isa)
#define FOR_amx_int8(operation, isa)
#endif
#define KERNEL(operation, isa) FOR_##isa(operation, isa)

using dot_kernels = DotKernels;
using motion_kernels = MotionKernels;
using boxes_kernels = BoxesKernels;
using preprocess_kernels = PreprocessKernels;
using convert_kernels = ConvertKernels;
using program_kernels = ProgramKernels;

#define DO(operation, isa) extern const operation##_kernels operation##_##isa;
#include "variants.def"
#undef DO

namespace {

Table make(Isa ceiling) {
  Table table{};
  table.isa = ceiling;
#define DO(operation, isa)                                   \
  if (Isa::isa <= ceiling && is_offered(Isa::isa)) {         \
    table.operation = &operation##_##isa;                    \
    table.operation##_isa = Isa::isa;                        \
  }
#include "variants.def"
#undef DO
  return table;
}

// Filled while the addon is loaded, before any thread can call it; in the order of `Isa`.
const Table tables[] = {make(Isa::scalar), make(Isa::neon), make(Isa::neon_dotprod), make(Isa::avx2),
                        make(Isa::avx_vnni), make(Isa::avx512_vnni), make(Isa::amx_int8)};

}  // namespace

const Table& table_of(Isa isa) { return tables[static_cast<int>(isa)]; }

Isa best_isa() {
  Isa best = Isa::scalar;
  for (const Isa isa : isas) {
    if (is_offered(isa)) best = isa;
  }
  return best;
}

}  // namespace ocellus
