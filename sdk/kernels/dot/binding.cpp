#include <cmath>

#include "native/arguments.h"
#include "native/binding.h"

namespace ocellus {
namespace {

const DotKernels& kernels_of(const Arguments& arguments) { return *static_cast<const Table*>(arguments.data())->dot; }

napi_value number(napi_env env, double value) {
  napi_value result;
  napi_create_double(env, value, &result);
  return result;
}

template <typename T>
bool two_vectors(Arguments& arguments, T*& a, T*& b, size_t& n) {
  size_t other = 0;
  if (!arguments.array(0, "a", a, n) || !arguments.array(1, "b", b, other)) return false;
  if (n == other) return true;
  return type_error(arguments.env(), "b: expected %zu values as a has, got %zu", n, other);
}

/// dotI8(a, b), dotF32(a, b), squaredDistanceF32(a, b): number
template <typename T, auto kernel>
napi_value of_two_vectors(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  T *a = nullptr, *b = nullptr;
  size_t n = 0;
  if (!two_vectors(arguments, a, b, n)) return nullptr;
  return number(env, (kernels_of(arguments).*kernel)(a, b, n));
}

/// normF32(a): number
napi_value norm_f32(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  float* a = nullptr;
  size_t n = 0;
  if (!arguments.array(0, "a", a, n)) return nullptr;
  return number(env, std::sqrt(kernels_of(arguments).f32(a, a, n)));
}

/// A matrix of rows, a vector, and room for one result a row.
template <typename T, typename R>
bool matrix_and_vector(Arguments& arguments, T*& matrix, T*& vector, R*& out, size_t& rows, size_t& columns) {
  size_t size = 0;
  if (!arguments.array(0, "matrix", matrix, size) || !arguments.array(1, "vector", vector, columns) ||
      !arguments.array(2, "out", out, rows)) {
    return false;
  }
  if (columns > 0 ? size % columns == 0 && size / columns == rows : size == 0) return true;
  return type_error(arguments.env(), "matrix: expected %zu rows (length of out) of %zu values, got %zu values", rows,
                    columns, size);
}

/// matVecI8(matrix, vector, out: Int32Array), matVecF32(matrix, vector, out: Float32Array): void
template <typename T, typename R, auto kernel>
napi_value mat_vec(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  T *matrix = nullptr, *vector = nullptr;
  R* out = nullptr;
  size_t rows = 0, columns = 0;
  if (!matrix_and_vector(arguments, matrix, vector, out, rows, columns)) return nullptr;
  const auto dot = kernels_of(arguments).*kernel;
  for (size_t row = 0; row < rows; row++) out[row] = dot(matrix + row * columns, vector, columns);
  return nullptr;
}

}  // namespace

void bind_dot(napi_env env, napi_value object, const Table& table) {
  add_function(env, object, "dotI8", of_two_vectors<int8_t, &DotKernels::i8>, table);
  add_function(env, object, "dotF32", of_two_vectors<float, &DotKernels::f32>, table);
  add_function(env, object, "squaredDistanceF32", of_two_vectors<float, &DotKernels::distance_f32>, table);
  add_function(env, object, "normF32", norm_f32, table);
  add_function(env, object, "matVecI8", mat_vec<int8_t, int32_t, &DotKernels::i8>, table);
  add_function(env, object, "matVecF32", mat_vec<float, float, &DotKernels::f32>, table);
}

}  // namespace ocellus
