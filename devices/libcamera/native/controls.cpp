#include "controls.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <optional>

namespace ocellus {
namespace {

using libcamera::ControlId;
using libcamera::ControlType;
using libcamera::ControlValue;
using libcamera::Span;

template <typename T>
T read(const ControlValue& value, size_t index) {
  T result;
  // Not `get`, which would want to know whether it is an array.
  memcpy(&result, value.data().data() + index * sizeof(T), sizeof(T));
  return result;
}

std::optional<double> number_of(const ControlValue& value, size_t index = 0) {
  if (index >= value.numElements()) return std::nullopt;
  switch (value.type()) {
    case libcamera::ControlTypeBool:
      return read<bool>(value, index);
    case libcamera::ControlTypeByte:
      return read<uint8_t>(value, index);
    case libcamera::ControlTypeInteger32:
      return read<int32_t>(value, index);
    case libcamera::ControlTypeInteger64:
      return static_cast<double>(read<int64_t>(value, index));
    case libcamera::ControlTypeFloat:
      return read<float>(value, index);
    default:
      return std::nullopt;
  }
}

const char* kind_of(ControlType type) {
  switch (type) {
    case libcamera::ControlTypeBool:
      return "boolean";
    case libcamera::ControlTypeByte:
    case libcamera::ControlTypeInteger32:
    case libcamera::ControlTypeInteger64:
      return "integer";
    case libcamera::ControlTypeFloat:
      return "number";
    default:
      return nullptr;
  }
}

template <typename T>
ControlValue value_of(const std::vector<double>& numbers, bool is_array) {
  if (!is_array) return ControlValue(static_cast<T>(numbers[0]));
  const std::vector<T> typed(numbers.begin(), numbers.end());
  return ControlValue(Span<const T>(typed.data(), typed.size()));
}

ControlValue value_of(const ControlId& id, const std::vector<double>& numbers) {
  switch (id.type()) {
    case libcamera::ControlTypeBool:
      return ControlValue(numbers[0] != 0);
    case libcamera::ControlTypeByte:
      return value_of<uint8_t>(numbers, id.isArray());
    case libcamera::ControlTypeInteger32:
      return value_of<int32_t>(numbers, id.isArray());
    case libcamera::ControlTypeInteger64:
      return value_of<int64_t>(numbers, id.isArray());
    case libcamera::ControlTypeFloat:
      return value_of<float>(numbers, id.isArray());
    default:
      return ControlValue();
  }
}

}  // namespace

std::vector<Control> controls_of(const libcamera::Camera& camera) {
  std::vector<Control> result;
  for (const auto& [id, info] : camera.controls()) {
    const char* kind = kind_of(id->type());
    const size_t size = id->isArray() ? id->size() : 1;
    // An array of any size, and a matrix, are none of the things that a person sets.
    if (kind == nullptr || size > 2) continue;
    const auto min = number_of(info.min());
    const auto max = number_of(info.max());
    if (!min || !max) continue;
    Control control{id->name(), kind, size, *min, *max, number_of(info.def()).value_or(*min), {}};
    const auto& words = id->enumerators();
    for (const auto& value : info.values()) {
      const auto number = number_of(value);
      const auto word = number ? words.find(static_cast<int>(*number)) : words.end();
      if (word != words.end()) control.choices.insert(*word);
    }
    if (control.choices.empty()) {
      for (const auto& word : words) {
        if (word.first >= *min && word.first <= *max) control.choices.insert(word);
      }
    }
    result.push_back(std::move(control));
  }
  return result;
}

void set(libcamera::ControlList& list, const libcamera::Camera& camera, const Values& values) {
  for (const auto& [id, info] : camera.controls()) {
    for (const auto& [name, numbers] : values) {
      const size_t size = id->isArray() ? id->size() : 1;
      if (name != id->name() || numbers.size() != size) continue;
      const ControlValue value = value_of(*id, numbers);
      if (!value.isNone()) list.set(id->id(), value);
    }
  }
}

Values numbers_of(const libcamera::ControlList& list) {
  Values result;
  const libcamera::ControlIdMap* ids = list.idMap();
  if (ids == nullptr) return result;
  for (const auto& [number, value] : list) {
    const auto id = ids->find(number);
    if (id == ids->end()) continue;
    std::vector<double> numbers;
    for (size_t i = 0; i < value.numElements() && i < 4; i++) {
      if (const auto element = number_of(value, i)) numbers.push_back(*element);
    }
    if (!numbers.empty()) result.emplace_back(id->second->name(), std::move(numbers));
  }
  return result;
}

}  // namespace ocellus
