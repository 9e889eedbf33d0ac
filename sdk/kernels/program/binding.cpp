// programLoad(bytes: Uint8Array, threads): handle; programRun(handle, inputs: Uint8Array[], nanoseconds?: Float64Array): void;
// programInfo(handle): {...}; programOutput(handle, index): ArrayBuffer; programClose(handle): void
#include "program/program.h"

#include <atomic>
#include <new>

#include "native/arguments.h"
#include "native/binding.h"

namespace ocellus {
namespace {

/// A program with those who hold it: the handle of JavaScript, and each output's ArrayBuffer. The last one frees it.
struct Held {
  Program program;
  std::atomic<uint32_t> holders{1};
};

void let_go(Held* held) {
  if (held->holders.fetch_sub(1) != 1) return;
  held->~Held();
  std::free(held);
}

/// Of the handle, without which nothing runs: an output that is held on to may outlive the addon's code, no thread may.
void close(Held* held) {
  held->program.dismiss();
  let_go(held);
}

void finalise(napi_env, void* data, void*) { close(static_cast<Held*>(data)); }
void finalise_output(napi_env, void*, void* hint) { let_go(static_cast<Held*>(hint)); }

constexpr napi_type_tag tag = {0x4f63656c6c757350ull, 0x726f6772616d0001ull};

bool held_of(Arguments& arguments, Held*& held) {
  const napi_env env = arguments.env();
  bool is_ours = false;
  napi_valuetype type = napi_undefined;
  napi_typeof(env, arguments.at(0), &type);
  if (type == napi_object) napi_check_object_type_tag(env, arguments.at(0), &tag, &is_ours);
  if (!is_ours) return type_error(env, "program: expected what programLoad returned");
  void* data = nullptr;
  if (napi_unwrap(env, arguments.at(0), &data) != napi_ok) return type_error(env, "program: it was closed");
  held = static_cast<Held*>(data);
  return true;
}

napi_value number(napi_env env, double value) {
  napi_value result;
  napi_create_double(env, value, &result);
  return result;
}

napi_value text(napi_env env, const char* value) {
  napi_value result;
  napi_create_string_utf8(env, value, NAPI_AUTO_LENGTH, &result);
  return result;
}

void set(napi_env env, napi_value object, const char* name, napi_value value) {
  napi_set_named_property(env, object, name, value);
}

/// programLoad(bytes, threads): handle. Throws a RangeError that says what is wrong with the file, and in which step.
napi_value load(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  uint8_t* bytes = nullptr;
  size_t size = 0;
  int64_t threads = 0;
  if (!arguments.array(0, "bytes", bytes, size) || !arguments.integer(1, "threads", 1, Crew::most, threads)) return nullptr;
  void* room = room_for<Held>();
  if (room == nullptr) {
    napi_throw_error(env, nullptr, "no memory for a program");
    return nullptr;
  }
  auto* held = new (room) Held;
  const auto& table = *static_cast<const Table*>(arguments.data());
  ProgramError error;
  if (!held->program.load(bytes, size, *table.program, *table_of(Isa::scalar).program, static_cast<size_t>(threads), error)) {
    let_go(held);
    napi_throw_range_error(env, nullptr, error.text);
    return nullptr;
  }
  napi_value handle;
  napi_create_object(env, &handle);
  napi_type_tag_object(env, handle, &tag);
  if (napi_wrap(env, handle, held, finalise, nullptr, nullptr) != napi_ok) {
    let_go(held);
    napi_throw_error(env, nullptr, "the program could not be wrapped");
    return nullptr;
  }
  return handle;
}

napi_value tensor_info(napi_env env, const Program& program, size_t index) {
  const ProgramTensor& tensor = program.tensor(index);
  napi_value object, dims;
  napi_create_object(env, &object);
  set(env, object, "name", text(env, program.tensor_name(index)));
  set(env, object, "direction", text(env, tensor.direction == static_cast<uint16_t>(ProgramDirection::input) ? "input" : "output"));
  set(env, object, "element", text(env, tensor.element == static_cast<uint16_t>(ProgramElement::uint8) ? "uint8" : "float32"));
  napi_create_array_with_length(env, tensor.rank, &dims);
  for (uint32_t i = 0; i < tensor.rank; i++) napi_set_element(env, dims, i, number(env, tensor.dims[i]));
  set(env, object, "dims", dims);
  return object;
}

/// programInfo(handle): {tensors, steps: [{name, native, units}], arenaBytes, packedBytes}
napi_value info_of(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  Held* held = nullptr;
  if (!held_of(arguments, held)) return nullptr;
  const Program& program = held->program;
  napi_value object, tensors, steps;
  napi_create_object(env, &object);
  napi_create_array_with_length(env, program.tensor_count(), &tensors);
  for (size_t i = 0; i < program.tensor_count(); i++) {
    napi_set_element(env, tensors, static_cast<uint32_t>(i), tensor_info(env, program, i));
  }
  napi_create_array_with_length(env, program.step_count(), &steps);
  for (size_t i = 0; i < program.step_count(); i++) {
    napi_value step, native;
    napi_create_object(env, &step);
    set(env, step, "name", text(env, program.step(i).name));
    napi_get_boolean(env, program.is_native(i), &native);
    set(env, step, "native", native);
    napi_set_element(env, steps, static_cast<uint32_t>(i), step);
  }
  set(env, object, "tensors", tensors);
  set(env, object, "steps", steps);
  set(env, object, "arenaBytes", number(env, static_cast<double>(program.arena_bytes())));
  set(env, object, "packedBytes", number(env, static_cast<double>(program.packed_bytes())));
  return object;
}

/// programOutput(handle, index): ArrayBuffer over the arena; each run writes it anew. It outlives the handle.
napi_value output_of(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  Held* held = nullptr;
  int64_t index = 0;
  if (!held_of(arguments, held)) return nullptr;
  const Program& program = held->program;
  if (!arguments.integer(1, "index", 0, static_cast<int64_t>(program.tensor_count()) - 1, index)) return nullptr;
  const ProgramTensor& tensor = program.tensor(static_cast<size_t>(index));
  if (tensor.direction != static_cast<uint16_t>(ProgramDirection::output)) {
    type_error(env, "index: expected an output, got input %lld", static_cast<long long>(index));
    return nullptr;
  }
  held->holders++;
  napi_value buffer;
  if (napi_create_external_arraybuffer(env, program.output(static_cast<size_t>(index)), tensor_bytes(tensor), finalise_output, held,
                                       &buffer) != napi_ok) {
    let_go(held);
    napi_throw_error(env, nullptr, "this JavaScript engine allows no ArrayBuffer over memory of an addon");
    return nullptr;
  }
  return buffer;
}

/// programRun(handle, inputs, nanoseconds?): void. `inputs` has a Uint8Array for each input, in the order of the tensors;
/// `nanoseconds` has room for each step's time.
napi_value run(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  Held* held = nullptr;
  if (!held_of(arguments, held)) return nullptr;
  Program& program = held->program;
  bool is_array = false;
  napi_is_array(env, arguments.at(1), &is_array);
  if (!is_array) {
    type_error(env, "inputs: expected an array of Uint8Array");
    return nullptr;
  }
  const size_t count = program.tensor_count();
  Buffer<const uint8_t*> inputs;
  Buffer<napi_value> values;
  Buffer<uint64_t> times;
  if (!inputs.allocate(count) || !values.allocate(count)) {
    napi_throw_error(env, nullptr, "no memory for the inputs");
    return nullptr;
  }
  const auto is_input = [&](size_t i) { return program.tensor(i).direction == static_cast<uint16_t>(ProgramDirection::input); };
  uint32_t given = 0;
  uint32_t used = 0;
  napi_get_array_length(env, arguments.at(1), &given);
  // All values first: a getter may run JavaScript, which could close the program or take memory away.
  for (size_t i = 0; i < count; i++) {
    if (is_input(i) && used < given && napi_get_element(env, arguments.at(1), used++, &values[i]) != napi_ok) return nullptr;
  }
  if (!held_of(arguments, held)) return nullptr;
  for (size_t i = 0; i < count; i++) {
    if (!is_input(i)) continue;
    if (values[i] == nullptr) {
      type_error(env, "inputs: expected an array for each input (%s is missing), got %u", program.tensor_name(i), given);
      return nullptr;
    }
    uint8_t* data = nullptr;
    size_t size = 0;
    if (!arguments.view(values[i], program.tensor_name(i), data, size)) return nullptr;
    if (size != tensor_bytes(program.tensor(i))) {
      type_error(env, "%s: expected %zu values, got %zu", program.tensor_name(i), tensor_bytes(program.tensor(i)), size);
      return nullptr;
    }
    inputs[i] = data;
  }
  if (used != given) {
    type_error(env, "inputs: expected %u, got %u", used, given);
    return nullptr;
  }
  napi_valuetype type = napi_undefined;
  napi_typeof(env, arguments.at(2), &type);
  double* nanoseconds = nullptr;
  if (type != napi_undefined) {
    size_t room = 0;
    if (!arguments.array(2, "nanoseconds", nanoseconds, room)) return nullptr;
    if (room != program.step_count() || !times.allocate(room)) {
      type_error(env, "nanoseconds: expected %zu values, one a step, got %zu", program.step_count(), room);
      return nullptr;
    }
  }
  program.run(inputs.data(), nanoseconds != nullptr ? times.data() : nullptr);
  for (size_t i = 0; i < times.size(); i++) nanoseconds[i] = static_cast<double>(times[i]);
  return nullptr;
}

/// programClose(handle): void. The memory goes when no output of it is left either.
napi_value close(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  Held* held = nullptr;
  if (!held_of(arguments, held)) return nullptr;
  void* data = nullptr;
  if (napi_remove_wrap(env, arguments.at(0), &data) == napi_ok) close(held);
  return nullptr;
}

}  // namespace

void bind_program(napi_env env, napi_value object, const Table& table) {
  add_function(env, object, "programLoad", load, table);
  add_function(env, object, "programInfo", info_of, table);
  add_function(env, object, "programOutput", output_of, table);
  add_function(env, object, "programRun", run, table);
  add_function(env, object, "programClose", close, table);
}

}  // namespace ocellus
