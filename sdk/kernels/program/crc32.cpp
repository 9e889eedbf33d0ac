#include "program/crc32.h"

namespace ocellus {
namespace {

struct Tables {
  uint32_t of[8][256];
};

constexpr Tables make() {
  Tables tables{};
  for (uint32_t i = 0; i < 256; i++) {
    uint32_t value = i;
    for (int bit = 0; bit < 8; bit++) value = (value >> 1) ^ ((value & 1) != 0 ? 0xedb88320u : 0);
    tables.of[0][i] = value;
  }
  // Table k: a byte that k more bytes follow.
  for (size_t k = 1; k < 8; k++) {
    for (size_t i = 0; i < 256; i++) tables.of[k][i] = (tables.of[k - 1][i] >> 8) ^ tables.of[0][tables.of[k - 1][i] & 255];
  }
  return tables;
}

constexpr Tables tables = make();

}  // namespace

uint32_t crc32_of(const uint8_t* bytes, size_t size) {
  uint32_t sum = ~0u;
  size_t i = 0;
  for (; i + 8 <= size; i += 8) {
    const uint8_t* b = bytes + i;
    const uint32_t first = sum ^ (b[0] | b[1] << 8 | b[2] << 16 | static_cast<uint32_t>(b[3]) << 24);
    sum = tables.of[7][first & 255] ^ tables.of[6][(first >> 8) & 255] ^ tables.of[5][(first >> 16) & 255] ^ tables.of[4][first >> 24] ^
          tables.of[3][b[4]] ^ tables.of[2][b[5]] ^ tables.of[1][b[6]] ^ tables.of[0][b[7]];
  }
  for (; i < size; i++) sum = (sum >> 8) ^ tables.of[0][(sum ^ bytes[i]) & 255];
  return ~sum;
}

}  // namespace ocellus
