// The addon: `variants` lists the instruction sets this processor offers, `kernels(isa)` gives the operations for one of them.
// It has no global state, so any number of threads may load it.
#include "native/binding.h"

#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include "native/arguments.h"

namespace ocellus {

void add_function(napi_env env, napi_value object, const char* name, napi_callback callback, const Table& table) {
  napi_value function;
  if (napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, const_cast<Table*>(&table), &function) != napi_ok) return;
  napi_set_named_property(env, object, name, function);
}

namespace {

/// Counts changes of what the functions take; sdk/kernels/native.ts has the same number.
constexpr int abi = 5;

napi_value text(napi_env env, const char* value) {
  napi_value result;
  napi_create_string_utf8(env, value, NAPI_AUTO_LENGTH, &result);
  return result;
}

/// Which variant an operation really uses: `{dot: 'avx2', …}`.
napi_value chosen(napi_env env, const Table& table) {
  napi_value object;
  napi_create_object(env, &object);
  napi_set_named_property(env, object, "dot", text(env, name_of(table.dot_isa)));
  napi_set_named_property(env, object, "motion", text(env, name_of(table.motion_isa)));
  napi_set_named_property(env, object, "boxes", text(env, name_of(table.boxes_isa)));
  napi_set_named_property(env, object, "preprocess", text(env, name_of(table.preprocess_isa)));
  napi_set_named_property(env, object, "convert", text(env, name_of(table.convert_isa)));
  napi_set_named_property(env, object, "program", text(env, name_of(table.program_isa)));
  return object;
}

napi_value kernels(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  const char* words[sizeof isas / sizeof isas[0]];
  size_t count = 0;
  Isa offered[sizeof isas / sizeof isas[0]];
  for (const Isa isa : isas) {
    if (!is_offered(isa)) continue;
    offered[count] = isa;
    words[count++] = name_of(isa);
  }
  size_t index = 0;
  if (!arguments.word(0, "instruction set", words, count, index)) return nullptr;
  const Table& table = table_of(offered[index]);
  napi_value object;
  napi_create_object(env, &object);
  napi_set_named_property(env, object, "chosen", chosen(env, table));
  bind_dot(env, object, table);
  bind_motion(env, object, table);
  bind_boxes(env, object, table);
  bind_preprocess(env, object, table);
  bind_convert(env, object, table);
  bind_jpeg(env, object, table);
  bind_program(env, object, table);
  return object;
}

/// releaseMemory(): void
napi_value release_memory(napi_env, napi_callback_info) {
#if defined(__GLIBC__)
  malloc_trim(0);
#endif
  return nullptr;
}

}  // namespace

napi_value init(napi_env env, napi_value exports) {
  napi_value variants;
  napi_create_array(env, &variants);
  uint32_t count = 0;
  for (const Isa isa : isas) {
    if (is_offered(isa)) napi_set_element(env, variants, count++, text(env, name_of(isa)));
  }
  napi_set_named_property(env, exports, "variants", variants);
  napi_value version;
  napi_create_int32(env, abi, &version);
  napi_set_named_property(env, exports, "abi", version);
  add_function(env, exports, "kernels", kernels, table_of(Isa::scalar));
  add_function(env, exports, "releaseMemory", release_memory, table_of(Isa::scalar));
  return exports;
}

}  // namespace ocellus

NAPI_MODULE_INIT() { return ocellus::init(env, exports); }
