// The C interface of compiled programs. What is checked here is what a caller hands over; what a file says, check.cpp looks at.
#include "ocellus.h"

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <new>

#include "internal.h"
#include "native/table.h"
#include "program/program.h"

using namespace ocellus;

struct ocellus_program {
  Program program;
  /// Which of the program's tensors are inputs, and which outputs.
  Buffer<size_t> inputs;
  Buffer<size_t> outputs;
  /// What `Program::run` takes: an address for each tensor.
  Buffer<const uint8_t*> addresses;
  Isa isa = Isa::scalar;
  /// A run is on its way.
  std::atomic<bool> busy{false};
};

namespace {

thread_local ProgramError error_of_thread;

/// More threads than this are a slip.
constexpr uint32_t most_threads = 64;
/// A file with more is none: the arena's limit, and weights and tables beside it.
constexpr long most_file_bytes = 1l << 30;

bool is_input(const Program& program, size_t tensor) {
  return program.tensor(tensor).direction == static_cast<uint16_t>(ProgramDirection::input);
}

/// Its own name, as in the environment variable OCELLUS_KERNELS.
bool choose_isa(const char* asked, Isa& isa) {
  isa = best_isa();
  if (asked == nullptr) return true;
  for (const Isa one : isas) {
    if (std::strcmp(name_of(one), asked) != 0) continue;
    isa = one;
    if (is_offered(one)) return true;
  }
  return last_error().set("instruction_set: expected one that this processor has, such as %s, got %.40s", name_of(best_isa()), asked);
}

bool list_tensors(ocellus_program& made) {
  const Program& program = made.program;
  const size_t count = program.tensor_count();
  size_t inputs = 0;
  for (size_t i = 0; i < count; i++) inputs += is_input(program, i) ? 1 : 0;
  if (!made.addresses.allocate(count) || !made.inputs.allocate(inputs) || !made.outputs.allocate(count - inputs)) {
    return last_error().set("no memory for the list of %zu tensors", count);
  }
  size_t input = 0;
  size_t output = 0;
  for (size_t i = 0; i < count; i++) {
    if (is_input(program, i)) {
      made.inputs[input++] = i;
    } else {
      made.outputs[output++] = i;
    }
  }
  return true;
}

bool load_into(ocellus_program& made, const void* bytes, size_t size, const ocellus_options& options) {
  if (!choose_isa(options.instruction_set, made.isa)) return false;
  if (options.threads > most_threads) {
    return last_error().set("threads: expected at most %u, got %u", most_threads, options.threads);
  }
  const ProgramKernels& kernels = *table_of(made.isa).program;
  const ProgramKernels& scalar = *table_of(Isa::scalar).program;
  const size_t threads = options.threads > 0 ? options.threads : 1;
  if (!made.program.load(static_cast<const uint8_t*>(bytes), size, kernels, scalar, threads, last_error())) return false;
  return list_tensors(made);
}

int describe(const ocellus_program* program, bool of_inputs, size_t index, ocellus_tensor* described) {
  const char* what = of_inputs ? "input" : "output";
  if (program == nullptr || described == nullptr) {
    last_error().set("ocellus_%s: expected a program and a tensor, got NULL", what);
    return -1;
  }
  const Buffer<size_t>& list = of_inputs ? program->inputs : program->outputs;
  if (index >= list.size()) {
    last_error().set("ocellus_%s: expected an index below %zu, got %zu", what, list.size(), index);
    return -1;
  }
  const size_t at = list[index];
  const ProgramTensor& tensor = program->program.tensor(at);
  *described = {};
  described->name = program->program.tensor_name(at);
  described->element = tensor.element;
  described->rank = tensor.rank;
  std::memcpy(described->dims, tensor.dims, sizeof described->dims);
  described->bytes = tensor_bytes(tensor);
  if (!of_inputs) described->data = program->program.output(at);
  return 0;
}

}  // namespace

ProgramError& ocellus::last_error() { return error_of_thread; }

Isa ocellus::isa_of(const ocellus_program& program) { return program.isa; }

bool ocellus::read_file(const char* path, Buffer<uint8_t>& bytes, size_t& size) {
  std::FILE* file = std::fopen(path, "rb");
  if (file == nullptr) return last_error().set("%.200s cannot be read: %s", path, std::strerror(errno));
  // Not by fstat, which older systems' C library lacks under this name. A folder opens, and cannot be read.
  errno = 0;
  if (std::fgetc(file) == EOF && errno != 0) {
    last_error().set("%.200s cannot be read: %s", path, std::strerror(errno));
    std::fclose(file);
    return false;
  }
  const bool sized = std::fseek(file, 0, SEEK_END) == 0;
  const long length = sized ? std::ftell(file) : -1;
  bool whole = false;
  if (length < 0 || length > most_file_bytes) {
    last_error().set("%.200s cannot be read: expected a file of at most %ld bytes", path, most_file_bytes);
  } else if (!bytes.allocate(static_cast<size_t>(length))) {
    last_error().set("no memory for the %ld bytes of %.200s", length, path);
  } else {
    std::rewind(file);
    size = static_cast<size_t>(length);
    whole = std::fread(bytes.data(), 1, size, file) == size;
    if (!whole) last_error().set("%.200s cannot be read: expected %ld bytes, got fewer", path, length);
  }
  std::fclose(file);
  return whole;
}

ocellus_program* ocellus_load_bytes(const void* bytes, size_t size, const ocellus_options* options) {
  if (bytes == nullptr) {
    last_error().set("ocellus_load_bytes: expected the bytes of a program, got NULL");
    return nullptr;
  }
  void* room = ocellus::room_for<ocellus_program>();
  if (room == nullptr) {
    last_error().set("no memory for a program");
    return nullptr;
  }
  auto* made = new (room) ocellus_program;
  if (load_into(*made, bytes, size, options != nullptr ? *options : ocellus_options{})) return made;
  ocellus_close(made);
  return nullptr;
}

ocellus_program* ocellus_load_file(const char* path, const ocellus_options* options) {
  if (path == nullptr) {
    last_error().set("ocellus_load_file: expected a path, got NULL");
    return nullptr;
  }
  Buffer<uint8_t> bytes;
  size_t size = 0;
  if (!read_file(path, bytes, size)) return nullptr;
  return ocellus_load_bytes(bytes.data(), size, options);
}

size_t ocellus_input_count(const ocellus_program* program) { return program == nullptr ? 0 : program->inputs.size(); }

size_t ocellus_output_count(const ocellus_program* program) { return program == nullptr ? 0 : program->outputs.size(); }

int ocellus_input(const ocellus_program* program, size_t index, ocellus_tensor* tensor) {
  return describe(program, true, index, tensor);
}

int ocellus_output(const ocellus_program* program, size_t index, ocellus_tensor* tensor) {
  return describe(program, false, index, tensor);
}

int ocellus_run(ocellus_program* program, const void* const* inputs, size_t count) {
  if (program == nullptr || (inputs == nullptr && count > 0)) {
    last_error().set("ocellus_run: expected a program and its inputs, got NULL");
    return -1;
  }
  if (count != program->inputs.size()) {
    last_error().set("ocellus_run: expected %zu inputs, got %zu", program->inputs.size(), count);
    return -1;
  }
  for (size_t i = 0; i < count; i++) {
    if (inputs[i] != nullptr) continue;
    last_error().set("ocellus_run: input %zu (%s): expected an address, got NULL", i, program->program.tensor_name(program->inputs[i]));
    return -1;
  }
  // Two at once would wait for each other, or mix their pictures.
  if (program->busy.exchange(true)) {
    last_error().set("ocellus_run: expected a program that no other thread runs, got one that is running: load one for each thread");
    return -1;
  }
  for (size_t i = 0; i < count; i++) program->addresses[program->inputs[i]] = static_cast<const uint8_t*>(inputs[i]);
  program->program.run(program->addresses.data(), nullptr);
  program->busy.store(false);
  return 0;
}

void ocellus_close(ocellus_program* program) {
  if (program == nullptr) return;
  program->~ocellus_program();
  std::free(program);
}

const char* ocellus_version(void) { return OCELLUS_VERSION_TEXT; }

const char* ocellus_error(void) { return last_error().text; }

const char* ocellus_instruction_set(const ocellus_program* program) {
  return program == nullptr ? "" : name_of(table_of(program->isa).program_isa);
}
