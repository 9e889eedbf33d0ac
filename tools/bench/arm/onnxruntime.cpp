// A network in onnxruntime, one thread, for counting under qemu:
//   onnxruntime FILE
// Writes where its libraries are, for whoever counts, to stdout first.
#include <cstdio>
#include <cstdlib>
#include <vector>

#include <onnxruntime_c_api.h>

#include "scene.h"

namespace {

// What the library offers, which may be older or newer than the header: the functions used here have been there since version 7.
constexpr uint32_t api_version = 12;
const OrtApi* api;

void expect(OrtStatus* status) {
  if (status == nullptr) return;
  std::fprintf(stderr, "onnxruntime: %s\n", api->GetErrorMessage(status));
  std::exit(1);
}

}  // namespace

int main(int count, char** words) {
  if (count != 2) return 2;
  scene::print_libraries();
  api = OrtGetApiBase()->GetApi(api_version);
  OrtEnv* env;
  OrtSessionOptions* options;
  OrtSession* session;
  OrtAllocator* allocator;
  OrtMemoryInfo* memory;
  expect(api->CreateEnv(ORT_LOGGING_LEVEL_ERROR, "bench", &env));
  expect(api->CreateSessionOptions(&options));
  expect(api->SetIntraOpNumThreads(options, 1));
  expect(api->SetSessionGraphOptimizationLevel(options, ORT_ENABLE_ALL));
  expect(api->CreateSession(env, words[1], options, &session));
  expect(api->GetAllocatorWithDefaultOptions(&allocator));
  expect(api->CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault, &memory));

  char *in_name, *out_name;
  OrtTypeInfo* type;
  const OrtTensorTypeAndShapeInfo* shape;
  size_t rank, values = 1;
  expect(api->SessionGetInputName(session, 0, allocator, &in_name));
  expect(api->SessionGetOutputName(session, 0, allocator, &out_name));
  expect(api->SessionGetInputTypeInfo(session, 0, &type));
  expect(api->CastTypeInfoToTensorInfo(type, &shape));
  expect(api->GetDimensionsCount(shape, &rank));
  std::vector<int64_t> dims(rank);
  expect(api->GetDimensions(shape, dims.data(), rank));
  for (int64_t& dim : dims) {
    if (dim < 1) dim = 1;
    values *= static_cast<size_t>(dim);
  }
  std::vector<float> picture(values);
  for (size_t i = 0; i < values; i++) picture[i] = static_cast<float>(static_cast<uint8_t>(i * 2654435761u >> 24));
  OrtValue* input;
  expect(api->CreateTensorWithDataAsOrtValue(memory, picture.data(), values * sizeof(float), dims.data(), rank,
                                             ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, &input));
  scene::twice([&] {
    OrtValue* output = nullptr;
    expect(api->Run(session, nullptr, &in_name, &input, 1, &out_name, 1, &output));
    api->ReleaseValue(output);
  });
  // Its threads and memory go with the process.
  std::fflush(stdout);
  std::_Exit(0);
}
