#include "json.h"

#include <cstring>

namespace ocellus {
namespace {

constexpr size_t most_depth = 32;
constexpr size_t most_bytes = size_t{1} << 22;

/// Not strtod, which takes a comma where the program's locale has one. Exact up to 15 digits with powers of ten up to 22.
double scaled(uint64_t digits, int64_t exponent) {
  long double value = static_cast<long double>(digits);
  for (; exponent > 0 && value != 0 && exponent < 5000; exponent--) value *= 10;
  if (exponent >= 0) return static_cast<double>(value);
  long double divisor = 1;
  for (int64_t i = exponent < -4900 ? -4900 : exponent; i < 0; i++) divisor *= 10;
  return static_cast<double>(value / divisor);
}

}  // namespace

bool Json::parse(Buffer<uint8_t>&& bytes, size_t size, ProgramError& error) {
  error_ = &error;
  if (size > most_bytes) return error.set("expected JSON of at most %zu bytes, got %zu", most_bytes, size);
  // A value needs a character at least, and what separates or closes it another; brackets that are not closed are found by their depth.
  if (!nodes_.allocate(size / 2 + most_depth + 2)) return error.set("no memory for JSON of %zu bytes", size);
  bytes_ = static_cast<Buffer<uint8_t>&&>(bytes);
  at_ = reinterpret_cast<const char*>(bytes_.data());
  end_ = at_ + size;
  // The mark of UTF-8 that some editors write.
  if (size >= 3 && std::memcmp(at_, "\xef\xbb\xbf", 3) == 0) at_ += 3;
  if (!value(0)) return false;
  space();
  return at_ == end_ || wrong("nothing more");
}

bool Json::wrong(const char* expected) {
  const size_t at = static_cast<size_t>(at_ - reinterpret_cast<const char*>(bytes_.data()));
  if (at_ == end_) return error_->set("not JSON: expected %s at byte %zu, got the end of the file", expected, at);
  const int c = static_cast<unsigned char>(*at_);
  return c > 32 && c < 127 ? error_->set("not JSON: expected %s at byte %zu, got %c", expected, at, c)
                           : error_->set("not JSON: expected %s at byte %zu, got the byte %d", expected, at, c);
}

void Json::space() {
  while (at_ < end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) at_++;
}

bool Json::word(const char* word) {
  const size_t length = std::strlen(word);
  if (static_cast<size_t>(end_ - at_) < length || std::memcmp(at_, word, length) != 0) return wrong(word);
  at_ += length;
  return true;
}

bool Json::value(size_t depth) {
  space();
  if (depth > most_depth) return wrong("fewer brackets");
  if (at_ == end_ || count_ == nodes_.size()) return wrong("a value");
  const uint32_t at = count_++;
  Node& node = nodes_[at];
  bool read = false;
  switch (*at_) {
    case '{':
    case '[':
      read = members(node, at, *at_ == '{', depth);
      break;
    case '"':
      node.kind = Kind::string;
      read = string(node.text);
      break;
    case 't':
    case 'f':
      node.kind = Kind::boolean;
      node.number = *at_ == 't' ? 1 : 0;
      read = word(*at_ == 't' ? "true" : "false");
      break;
    case 'n':
      node.kind = Kind::null;
      read = word("null");
      break;
    default:
      node.kind = Kind::number;
      read = number(node.number);
  }
  node.after = count_;
  return read;
}

bool Json::members(Node& into, uint32_t at, bool object, size_t depth) {
  into.kind = object ? Kind::object : Kind::array;
  const char close = object ? '}' : ']';
  at_++;
  space();
  if (at_ < end_ && *at_ == close) {
    at_++;
    return true;
  }
  for (;;) {
    const char* key = nullptr;
    if (object) {
      space();
      if (at_ == end_ || *at_ != '"') return wrong("a name in quotes");
      if (!string(key)) return false;
      space();
      if (at_ == end_ || *at_ != ':') return wrong("a colon");
      at_++;
    }
    const uint32_t member = count_;
    if (!value(depth + 1)) return false;
    nodes_[member].key = key;
    nodes_[at].items++;
    space();
    if (at_ < end_ && *at_ == ',') {
      nodes_[member].followed = true;
      at_++;
      continue;
    }
    if (at_ == end_ || *at_ != close) return wrong(object ? "a comma or }" : "a comma or ]");
    at_++;
    return true;
  }
}

bool Json::hex(uint32_t& code) {
  code = 0;
  for (int i = 0; i < 4; i++, at_++) {
    if (at_ == end_) return wrong("four hexadecimal digits");
    const char c = *at_;
    const char lower = static_cast<char>(c | 32);
    if (c >= '0' && c <= '9') {
      code = code * 16 + static_cast<uint32_t>(c - '0');
    } else if (lower >= 'a' && lower <= 'f') {
      code = code * 16 + static_cast<uint32_t>(lower - 'a' + 10);
    } else {
      return wrong("four hexadecimal digits");
    }
  }
  return true;
}

bool Json::escape(char*& to) {
  if (at_ == end_) return wrong("a character");
  const char c = *at_++;
  static const char from[] = "\"\\/bfnrt";
  static const char meant[] = "\"\\/\b\f\n\r\t";
  if (c != 'u') {
    const char* found = std::strchr(from, c);
    if (c == 0 || found == nullptr) return at_--, wrong("an escape of JSON");
    *to++ = meant[found - from];
    return true;
  }
  uint32_t code = 0;
  if (!hex(code)) return false;
  if (code >= 0xd800 && code < 0xdc00) {
    uint32_t low = 0;
    if (end_ - at_ < 2 || at_[0] != '\\' || at_[1] != 'u') return wrong("the second half of a character");
    at_ += 2;
    if (!hex(low)) return false;
    if (low < 0xdc00 || low > 0xdfff) return wrong("the second half of a character");
    code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
  }
  if (code == 0) return wrong("a character other than 0");
  // Never longer than what it was written as.
  if (code < 0x80) {
    *to++ = static_cast<char>(code);
    return true;
  }
  const int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  static const uint32_t marks[] = {0, 0xc0, 0xe0, 0xf0};
  *to++ = static_cast<char>(marks[more] | code >> (6 * more));
  for (int i = more - 1; i >= 0; i--) *to++ = static_cast<char>(0x80 | (code >> (6 * i) & 0x3f));
  return true;
}

bool Json::string(const char*& text) {
  // Written over itself: it gets shorter only, and the zero stands where the quote was.
  char* to = const_cast<char*>(++at_);
  text = to;
  while (at_ < end_ && *at_ != '"') {
    if (static_cast<unsigned char>(*at_) < 32) return wrong("no control character in a string");
    if (*at_ == '\\') {
      at_++;
      if (!escape(to)) return false;
    } else {
      *to++ = *at_++;
    }
  }
  if (at_ == end_) return wrong("a quote");
  at_++;
  *to = 0;
  return true;
}

bool Json::number(double& value) {
  const bool negative = *at_ == '-';
  if (negative) at_++;
  uint64_t digits = 0;
  int64_t exponent = 0;
  size_t seen = 0;
  const auto take = [&](bool fraction) {
    for (; at_ < end_ && *at_ >= '0' && *at_ <= '9'; at_++, seen++) {
      if (digits < UINT64_MAX / 10 - 1) {
        digits = digits * 10 + static_cast<uint64_t>(*at_ - '0');
        exponent -= fraction ? 1 : 0;
      } else {
        exponent += fraction ? 0 : 1;
      }
    }
  };
  take(false);
  if (seen > 0 && at_ < end_ && *at_ == '.') {
    at_++;
    take(true);
  }
  if (seen == 0) return wrong("a value");
  if (at_ < end_ && (*at_ == 'e' || *at_ == 'E')) {
    at_++;
    const bool down = at_ < end_ && *at_ == '-';
    if (at_ < end_ && (*at_ == '-' || *at_ == '+')) at_++;
    int64_t power = 0;
    const char* begun = at_;
    for (; at_ < end_ && *at_ >= '0' && *at_ <= '9'; at_++) power = power < 100000 ? power * 10 + (*at_ - '0') : power;
    if (at_ == begun) return wrong("an exponent");
    exponent += down ? -power : power;
  }
  value = scaled(digits, exponent);
  if (negative) value = -value;
  return true;
}

bool JsonValue::is_array() const { return exists() && document_->nodes_[index_].kind == Json::Kind::array; }

const char* JsonValue::text(const char* otherwise) const {
  if (!exists() || document_->nodes_[index_].kind != Json::Kind::string) return otherwise;
  return document_->nodes_[index_].text;
}

double JsonValue::number(double otherwise) const {
  if (!exists() || document_->nodes_[index_].kind != Json::Kind::number) return otherwise;
  return document_->nodes_[index_].number;
}

bool JsonValue::boolean(bool otherwise) const {
  if (!exists() || document_->nodes_[index_].kind != Json::Kind::boolean) return otherwise;
  return document_->nodes_[index_].number != 0;
}

bool JsonValue::is(const char* text) const {
  const char* own = this->text();
  return own != nullptr && std::strcmp(own, text) == 0;
}

size_t JsonValue::length() const { return is_array() ? document_->nodes_[index_].items : 0; }

JsonValue JsonValue::first() const {
  return exists() && document_->nodes_[index_].items > 0 ? JsonValue(document_, index_ + 1) : JsonValue();
}

JsonValue JsonValue::next() const {
  if (!exists() || !document_->nodes_[index_].followed) return {};
  return {document_, document_->nodes_[index_].after};
}

JsonValue JsonValue::operator[](const char* key) const {
  if (!exists() || document_->nodes_[index_].kind != Json::Kind::object) return {};
  // Of two of one name the last one counts, as in JavaScript.
  JsonValue found;
  for (JsonValue one = first(); one.exists(); one = one.next()) {
    if (std::strcmp(document_->nodes_[one.index_].key, key) == 0) found = one;
  }
  return found;
}

}  // namespace ocellus
