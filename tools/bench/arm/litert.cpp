// A network in LiteRT, for counting under qemu; it takes one thread unless told otherwise:
//   litert FILE
// Writes where its libraries are, for whoever counts, to stdout first.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "scene.h"

// What is used here of LiteRT's C interface (2.1, 2.3): its packages bring the library without headers. Objects are opaque, indices
// size_t, and every function returns 0 when it succeeds.
extern "C" {
using Object = void*;
int LiteRtCreateEnvironment(int count, const void* options, Object* environment);
#ifdef LITERT_2_1
int LiteRtCreateModelFromFile(const char* file, Object* model);
#else
int LiteRtCreateModelFromFile(Object environment, const char* file, Object* model);
#endif
int LiteRtCreateOptions(Object* options);
int LiteRtSetOptionsHardwareAccelerators(Object options, int accelerators);
int LiteRtCreateCompiledModel(Object environment, Object model, Object options, Object* compiled);
int LiteRtGetModelSignature(Object model, size_t index, Object* signature);
int LiteRtGetNumSignatureInputs(Object signature, size_t* count);
int LiteRtGetNumSignatureOutputs(Object signature, size_t* count);
int LiteRtGetSignatureInputTensorByIndex(Object signature, size_t index, Object* tensor);
int LiteRtGetSignatureOutputTensorByIndex(Object signature, size_t index, Object* tensor);
int LiteRtGetRankedTensorType(Object tensor, void* type);
int LiteRtGetCompiledModelInputBufferRequirements(Object compiled, size_t signature, size_t index, Object* requirements);
int LiteRtGetCompiledModelOutputBufferRequirements(Object compiled, size_t signature, size_t index, Object* requirements);
int LiteRtCreateManagedTensorBufferFromRequirements(Object environment, const void* type, Object requirements, Object* buffer);
int LiteRtGetTensorBufferPackedSize(Object buffer, size_t* bytes);
int LiteRtLockTensorBuffer(Object buffer, void** address, int mode);
int LiteRtUnlockTensorBuffer(Object buffer);
int LiteRtRunCompiledModel(Object compiled, size_t signature, size_t inputs, Object* in, size_t outputs, Object* out);
}

namespace {

constexpr int cpu = 1, for_writing = 1;

void expect(int status, const char* what) {
  if (status == 0) return;
  std::fprintf(stderr, "LiteRT: %s: status %d\n", what, status);
  std::exit(1);
}

/// A buffer as the compiled network wants it. The type is only passed on, so its size is all that matters, with room to spare.
template <typename GetTensor, typename GetRequirements>
Object buffer_of(Object environment, Object signature, Object compiled, size_t index, GetTensor tensor_of,
                 GetRequirements requirements_of) {
  alignas(16) unsigned char type[512] = {};
  Object tensor, requirements, buffer;
  expect(tensor_of(signature, index, &tensor), "a tensor of the signature");
  expect(LiteRtGetRankedTensorType(tensor, type), "its type");
  expect(requirements_of(compiled, 0, index, &requirements), "what its buffer wants");
  expect(LiteRtCreateManagedTensorBufferFromRequirements(environment, type, requirements, &buffer), "its buffer");
  return buffer;
}

}  // namespace

int main(int count, char** words) {
  if (count != 2) return 2;
  scene::print_libraries();
  Object environment, model, options, compiled, signature;
  expect(LiteRtCreateEnvironment(0, nullptr, &environment), "an environment");
#ifdef LITERT_2_1
  expect(LiteRtCreateModelFromFile(words[1], &model), words[1]);
#else
  expect(LiteRtCreateModelFromFile(environment, words[1], &model), words[1]);
#endif
  expect(LiteRtCreateOptions(&options), "options");
  expect(LiteRtSetOptionsHardwareAccelerators(options, cpu), "options for the processor");
  expect(LiteRtCreateCompiledModel(environment, model, options, &compiled), "to compile the network");
  expect(LiteRtGetModelSignature(model, 0, &signature), "a signature");
  size_t inputs, outputs, bytes;
  expect(LiteRtGetNumSignatureInputs(signature, &inputs), "its inputs");
  expect(LiteRtGetNumSignatureOutputs(signature, &outputs), "its outputs");
  std::vector<Object> in(inputs), out(outputs);
  for (size_t i = 0; i < inputs; i++) {
    in[i] = buffer_of(environment, signature, compiled, i, LiteRtGetSignatureInputTensorByIndex,
                      LiteRtGetCompiledModelInputBufferRequirements);
    void* values;
    expect(LiteRtGetTensorBufferPackedSize(in[i], &bytes), "the size of an input");
    expect(LiteRtLockTensorBuffer(in[i], &values, for_writing), "the memory of an input");
    // Floats of 0 to 255, or, of an int8 network, any bytes: none of the work depends on them.
    for (size_t k = 0; k < bytes / sizeof(float); k++) {
      const auto value = static_cast<float>(static_cast<uint8_t>(k * 2654435761u >> 24));
      std::memcpy(static_cast<unsigned char*>(values) + k * sizeof value, &value, sizeof value);
    }
    expect(LiteRtUnlockTensorBuffer(in[i]), "the memory of an input");
  }
  for (size_t i = 0; i < outputs; i++) {
    out[i] = buffer_of(environment, signature, compiled, i, LiteRtGetSignatureOutputTensorByIndex,
                       LiteRtGetCompiledModelOutputBufferRequirements);
  }
  scene::twice(
      [&] { expect(LiteRtRunCompiledModel(compiled, 0, inputs, in.data(), outputs, out.data()), "to run it"); });
  std::fflush(stdout);
  std::_Exit(0);
}
