#include "native/isa.h"

#if defined(OCELLUS_ARM64) && defined(__linux__)
#include <sys/auxv.h>
// From the kernel's <asm/hwcap.h>, which older systems lack.
#ifndef HWCAP_ASIMDDP
#define HWCAP_ASIMDDP (1 << 20)
#endif
#endif

#if defined(OCELLUS_X64) && defined(__linux__) && !defined(OCELLUS_NO_amx_int8)
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace ocellus {

#if defined(OCELLUS_X64) && defined(__linux__) && !defined(OCELLUS_NO_amx_int8)
/// Linux keeps the tiles of a process only if that asks for it, once for all of its threads. It refuses (5.15 and older do not know the
/// question) where a thread's stack for signals has no room for them.
static bool has_tiles() {
  constexpr long ask_for = 0x1023, data_of_tiles = 18;
  return syscall(SYS_arch_prctl, ask_for, data_of_tiles) == 0;
}
#endif

const char* name_of(Isa isa) {
  switch (isa) {
    case Isa::scalar:
      return "scalar";
    case Isa::neon:
      return "neon";
    case Isa::neon_dotprod:
      return "neon_dotprod";
    case Isa::avx2:
      return "avx2";
    case Isa::avx_vnni:
      return "avx_vnni";
    case Isa::avx512_vnni:
      return "avx512_vnni";
    case Isa::amx_int8:
      return "amx_int8";
  }
  return "";
}

bool is_offered(Isa isa) {
  switch (isa) {
    case Isa::scalar:
      return true;
#if defined(OCELLUS_ARM64)
    // Part of every 64-bit ARM processor.
    case Isa::neon:
      return true;
#if defined(__linux__)
    case Isa::neon_dotprod:
      return (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;
#endif
#endif
#if defined(OCELLUS_X64)
    // The compiler's own check asks the operating system as well whether it saves the registers.
    case Isa::avx2:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#if !defined(OCELLUS_NO_avx_vnni)
    case Isa::avx_vnni:
      return is_offered(Isa::avx2) && __builtin_cpu_supports("avxvnni");
#endif
#if !defined(OCELLUS_NO_avx512_vnni)
    case Isa::avx512_vnni:
      return is_offered(Isa::avx2) && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
             __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
             __builtin_cpu_supports("avx512vnni");
#endif
#if defined(__linux__) && !defined(OCELLUS_NO_amx_int8)
    case Isa::amx_int8:
      return is_offered(Isa::avx512_vnni) && __builtin_cpu_supports("amx-tile") && __builtin_cpu_supports("amx-int8") && has_tiles();
#endif
#endif
    default:
      return false;
  }
}

}  // namespace ocellus
