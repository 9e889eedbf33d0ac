// Holds every variant of this processor to the scalar reference, without Node: for the sanitizers and for qemu-user. Prints the
// variants and a count; exits with 1 when something differs.
#include "check.h"

#include <set>

namespace check {
int failures = 0;
long comparisons = 0;

void said(const char* operation, ocellus::Isa isa) {
  static std::set<std::string> all;
  const std::string line = std::string(operation) + " " + ocellus::name_of(isa);
  if (all.insert(line).second) std::printf("ran %s\n", line.c_str());
}
}  // namespace check

int main() {
  std::printf("variants:");
  for (const ocellus::Isa isa : ocellus::isas) {
    if (ocellus::is_offered(isa)) std::printf(" %s", ocellus::name_of(isa));
  }
  std::printf("\n");
  check_dot();
  check_motion();
  check_boxes();
  check_preprocess();
  check_convert();
  check_program();
  check_hostile_programs();
  std::printf("%ld comparisons, %d failures\n", check::comparisons, check::failures);
  return check::failures > 0 ? 1 : 0;
}
