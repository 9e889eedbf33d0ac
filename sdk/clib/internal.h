// What the parts of the C interface share.
#pragma once

#include "native/isa.h"
#include "native/memory.h"
#include "ocellus.h"
#include "program/check.h"

namespace ocellus {

/// What `ocellus_error` gives, of this thread.
ProgramError& last_error();

/// A whole file. @returns False with the error set.
bool read_file(const char* path, Buffer<uint8_t>& bytes, size_t& size);

/// What it was loaded for.
Isa isa_of(const ocellus_program& program);

}  // namespace ocellus
