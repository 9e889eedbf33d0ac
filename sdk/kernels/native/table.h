// The function table: for each operation the kernels of the best instruction set up to a given one.
#pragma once

#include "convert/convert.h"
#include "boxes/boxes.h"
#include "dot/dot.h"
#include "motion/motion.h"
#include "native/isa.h"
#include "preprocess/preprocess.h"
#include "program/step.h"

namespace ocellus {

struct Table {
  /// The instruction set that was asked for; an operation that has no variant for it uses the next lower one.
  Isa isa;
  const DotKernels* dot;
  Isa dot_isa;
  const MotionKernels* motion;
  Isa motion_isa;
  const BoxesKernels* boxes;
  Isa boxes_isa;
  const PreprocessKernels* preprocess;
  Isa preprocess_isa;
  const ConvertKernels* convert;
  Isa convert_isa;
  const ProgramKernels* program;
  Isa program_isa;
};

/// @param isa One that `is_offered`. The table lives as long as the process.
const Table& table_of(Isa isa);
/// The best instruction set of this processor.
Isa best_isa();

}  // namespace ocellus
