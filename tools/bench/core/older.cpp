// Loaded before a program (LD_PRELOAD), lets its processor seem to be an older one: run-times choose their kernels by the instruction
// CPUID, and most have no switch for it. Linux lets that instruction trap where processor and hypervisor can; what it answers then is
// passed on without AMX, and with ONLY_AVX2 defined without AVX-512 and AVX-VNNI, too. For benchmarks: what does not ask may still use them.
#include <dlfcn.h>
#include <signal.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>

#if !defined(__x86_64__) || !defined(__linux__)
#error "for Linux on x86-64"
#endif

/// Of this thread, and of those that it starts from now on.
static bool may_ask(bool yes) {
  constexpr long set_cpuid = 0x1012;
  return syscall(SYS_arch_prctl, set_cpuid, yes ? 1L : 0L) == 0;
}

static void answer(int signal, siginfo_t*, void* context) {
  greg_t* registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
  const auto* at = reinterpret_cast<const uint8_t*>(registers[REG_RIP]);
  if (at[0] != 0x0f || at[1] != 0xa2) {
    // A fault of the program's own: it comes again, and ends it.
    ::signal(signal, SIG_DFL);
    return;
  }
  const auto leaf = static_cast<uint32_t>(registers[REG_RAX]), part = static_cast<uint32_t>(registers[REG_RCX]);
  uint32_t a, b, c, d;
  may_ask(true);
  asm volatile("cpuid" : "=a"(a), "=b"(b), "=c"(c), "=d"(d) : "a"(leaf), "c"(part));
  may_ask(false);
  const auto without = [](uint32_t& flags, auto... bits) { ((flags &= ~(1u << bits)), ...); };
  if (leaf == 7 && part == 0) {
    without(d, 22, 24, 25);
  } else if (leaf == 7 && part == 1) {
    // AMX of 16-bit and of complex floats.
    without(a, 21);
    without(d, 8);
  }
#if defined(ONLY_AVX2)
  if (leaf == 7 && part == 0) {
    // AVX-512 in all its parts.
    without(b, 16, 17, 21, 26, 27, 28, 30, 31);
    without(c, 1, 6, 11, 12, 14);
    without(d, 2, 3, 8, 23);
  } else if (leaf == 7 && part == 1) {
    // AVX-VNNI, AVX-512 of 16-bit floats, AVX-IFMA; then AVX-VNNI of other widths, AVX10.
    without(a, 4, 5, 23);
    without(d, 4, 5, 10, 19);
  }
#endif
  registers[REG_RAX] = a;
  registers[REG_RBX] = b;
  registers[REG_RCX] = c;
  registers[REG_RDX] = d;
  registers[REG_RIP] += 2;
}

using Action = int (*)(int, const struct sigaction*, struct sigaction*);

static Action systems() {
  static const auto action = reinterpret_cast<Action>(dlsym(RTLD_NEXT, "sigaction"));
  return action;
}

/// In place of the system's, since Node takes all signals back when it starts.
extern "C" int sigaction(int signal, const struct sigaction* wanted, struct sigaction* before) noexcept {
  return systems()(signal, signal == SIGSEGV ? nullptr : wanted, before);
}

__attribute__((constructor)) static void begin() {
  struct sigaction action = {};
  action.sa_sigaction = answer;
  action.sa_flags = SA_SIGINFO | SA_NODEFER;
  if (systems()(SIGSEGV, &action, nullptr) == 0 && may_ask(false)) return;
  std::fputs("this processor, or the machine around it, does not let CPUID trap\n", stderr);
  _exit(1);
}
