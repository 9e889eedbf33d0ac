// Holds every variant of this processor to the scalar reference, without Node: for the sanitizers and for qemu-user. Prints the
// variants and a count; exits with 1 when something differs.
#include "check.h"

namespace check {
int failures = 0;
long comparisons = 0;
}  // namespace check

int main() {
  std::printf("variants:");
  for (const ocellus::Isa isa : ocellus::isas) {
    if (ocellus::is_offered(isa)) std::printf(" %s", ocellus::name_of(isa));
  }
  std::printf("\n");
  check_dot();
  std::printf("%ld comparisons, %d failures\n", check::comparisons, check::failures);
  return check::failures > 0 ? 1 : 0;
}
