// Holds every variant of this processor to the scalar reference, without Node: for the sanitizers and for qemu-user. Prints the
// variants and a count; exits with 1 when something differs. Instruction sets that are named are checked alone:
// `kernels-check neon_dotprod`.
#include "check.h"

#include <iterator>
#include <set>

namespace check {
int failures = 0;
long comparisons = 0;

void said(const char* operation, ocellus::Isa isa) {
  static std::set<std::string> all;
  const std::string line = std::string(operation) + " " + ocellus::name_of(isa);
  if (all.insert(line).second) std::printf("ran %s\n", line.c_str());
}

namespace {
std::set<std::string> wanted;
}  // namespace

bool is_wanted(ocellus::Isa isa) { return wanted.empty() || wanted.count(ocellus::name_of(isa)) > 0; }

/// Has an operation a variant that is wanted? Else its reference need not run.
bool has_wanted(ocellus::Isa ocellus::Table::* used) {
  return std::any_of(std::begin(ocellus::isas), std::end(ocellus::isas),
                     [&](ocellus::Isa isa) { return ocellus::is_offered(isa) && is_wanted(isa) && ocellus::table_of(isa).*used == isa; });
}
}  // namespace check

int main(int count, char** names) {
  for (int i = 1; i < count; i++) check::wanted.insert(names[i]);
  std::printf("variants:");
  for (const ocellus::Isa isa : ocellus::isas) {
    if (ocellus::is_offered(isa)) std::printf(" %s", ocellus::name_of(isa));
  }
  std::printf("\n");
  if (check::has_wanted(&ocellus::Table::dot_isa)) check_dot();
  if (check::has_wanted(&ocellus::Table::motion_isa)) check_motion();
  if (check::has_wanted(&ocellus::Table::boxes_isa)) check_boxes();
  if (check::has_wanted(&ocellus::Table::preprocess_isa)) check_preprocess();
  if (check::has_wanted(&ocellus::Table::convert_isa)) check_convert();
  if (check::has_wanted(&ocellus::Table::program_isa)) {
    check_program();
    check_hostile_programs();
  }
  std::printf("%ld comparisons, %d failures\n", check::comparisons, check::failures);
  return check::failures > 0 ? 1 : 0;
}
