// JSON as model cards have it: a document in one array of values, each followed by what it holds.
#pragma once

#include <cstddef>
#include <cstdint>

#include "native/memory.h"
#include "program/check.h"

namespace ocellus {

class Json;

/// One value, or none where it is not there: then everything asked of it is none as well. Lives as long as its document.
class JsonValue {
 public:
  JsonValue() = default;
  JsonValue(const Json* document, uint32_t index) : document_(document), index_(index) {}

  bool exists() const { return document_ != nullptr; }
  bool is_array() const;
  /// UTF-8 that ends with a zero; `otherwise` where it is no string.
  const char* text(const char* otherwise = nullptr) const;
  double number(double otherwise) const;
  bool boolean(bool otherwise) const;
  /// Is it a string of these characters?
  bool is(const char* text) const;

  /// Of an object.
  JsonValue operator[](const char* key) const;
  /// Of an array or an object; none when it is empty.
  JsonValue first() const;
  /// What follows in the same array or object.
  JsonValue next() const;
  /// Of an array.
  size_t length() const;

 private:
  const Json* document_ = nullptr;
  uint32_t index_ = 0;
};

class Json {
 public:
  /// @param bytes Are changed. @returns False with the error set, which says where.
  bool parse(Buffer<uint8_t>&& bytes, size_t size, ProgramError& error);
  JsonValue root() const { return {this, 0}; }

 private:
  friend class JsonValue;
  enum class Kind : uint8_t { null, boolean, number, string, array, object };
  struct Node {
    Kind kind;
    /// Is it in an array or object, and not the last one there?
    bool followed;
    /// Behind all that it holds.
    uint32_t after;
    uint32_t items;
    const char* key;
    const char* text;
    double number;
  };

  bool value(size_t depth);
  bool members(Node& into, uint32_t at, bool object, size_t depth);
  bool string(const char*& text);
  bool number(double& value);
  bool word(const char* word);
  bool escape(char*& to);
  bool hex(uint32_t& code);
  void space();
  bool wrong(const char* expected);

  Buffer<uint8_t> bytes_;
  const char* at_ = nullptr;
  const char* end_ = nullptr;
  Buffer<Node> nodes_;
  uint32_t count_ = 0;
  ProgramError* error_ = nullptr;
};

}  // namespace ocellus
