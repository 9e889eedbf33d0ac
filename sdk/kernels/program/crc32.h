// The checksum of zlib and PNG (polynomial 0xedb88320), eight bytes at a time.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ocellus {

uint32_t crc32_of(const uint8_t* bytes, size_t size);

}  // namespace ocellus
