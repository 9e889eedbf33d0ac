// Instruction sets, from the least to the best of each architecture, and which of them this processor has.
#pragma once

#if defined(__aarch64__)
#define OCELLUS_ARM64 1
#elif defined(__x86_64__)
#define OCELLUS_X64 1
#endif

namespace ocellus {

enum class Isa { scalar, neon, neon_dotprod, avx2, avx_vnni, avx512_vnni, amx_int8 };
constexpr Isa isas[] = {Isa::scalar, Isa::neon, Isa::neon_dotprod, Isa::avx2, Isa::avx_vnni, Isa::avx512_vnni, Isa::amx_int8};

const char* name_of(Isa isa);
/// Does the processor this runs on have it, and was it compiled in?
bool is_offered(Isa isa);

}  // namespace ocellus
