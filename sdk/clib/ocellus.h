/**
 * Ocellus' compiled programs from C, and from every language that can call C.
 *
 * A program is a network that `ocellus compile` made: one file, a picture of uint8 in, numbers of uint8 or float out. This
 * library loads and runs it, needs nothing but the C library, and starts nothing in the background.
 *
 *     ocellus_program *program = ocellus_load_file("yolox-nano-416-int8.ocp", NULL);
 *     if (!program) { fprintf(stderr, "%s\n", ocellus_error()); return 1; }
 *     const void *inputs[] = { pixels };                       // 416 x 416 x 3 bytes
 *     if (ocellus_run(program, inputs, 1)) fprintf(stderr, "%s\n", ocellus_error());
 *     ocellus_tensor scores;
 *     ocellus_output(program, 0, &scores);                     // scores.data: 1 x 3549 x 85 floats
 *     ocellus_close(program);
 *
 * Rules. A program is for one thread at a time; several programs run in several threads at once. Nothing throws. What can fail
 * says so by what it returns, and `ocellus_error` says why: what was expected, and what came.
 */
#ifndef OCELLUS_H
#define OCELLUS_H

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#define OCELLUS_API __declspec(dllexport)
#else
#define OCELLUS_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** A loaded program. */
typedef struct ocellus_program ocellus_program;

typedef struct ocellus_options {
  /** Threads of one run, 1 to 64; 0 means 1. */
  uint32_t threads;
  /**
   * `scalar`, `neon`, `neon_dotprod`, `avx2`, `avx_vnni`, `avx512_vnni` or `amx_int8`, to compare them; NULL: the best of this processor. All give the same bits.
   * Where the processor has AMX, the library asks Linux for it when it is loaded; stacks for signals (`sigaltstack`) of less than some
   * 11 KB are refused from then on, and where a thread has such a one already, AMX is not used.
   */
  const char *instruction_set;
} ocellus_options;

enum { OCELLUS_UINT8 = 0, OCELLUS_FLOAT32 = 1 };

/** What goes in or comes out. */
typedef struct ocellus_tensor {
  /** UTF-8; lives as long as the program. */
  const char *name;
  /** OCELLUS_UINT8 or OCELLUS_FLOAT32. */
  int32_t element;
  uint32_t rank;
  /** The first `rank` of them: a picture's are 1, height, width, 3, or 1, 3, height, width. */
  uint32_t dims[6];
  /** Of all values. */
  size_t bytes;
  /** Of an output: its values, of the last run; the address stays the same until `ocellus_close`. Of an input: NULL. */
  const void *data;
} ocellus_tensor;

/**
 * Loads a program from a file, checks all of it and prepares its weights for this processor: some milliseconds.
 *
 * @param options NULL: one thread, the best instruction set.
 * @return NULL when the file cannot be read, is no program, is damaged or of another version, or `options` ask for what is
 *   not there: see `ocellus_error`.
 */
OCELLUS_API ocellus_program *ocellus_load_file(const char *path, const ocellus_options *options);

/** The same from memory. The bytes are copied. */
OCELLUS_API ocellus_program *ocellus_load_bytes(const void *bytes, size_t size, const ocellus_options *options);

/** How many pictures go in, and how many outputs come out; 0 of NULL. */
OCELLUS_API size_t ocellus_input_count(const ocellus_program *program);
OCELLUS_API size_t ocellus_output_count(const ocellus_program *program);

/** Describes one of them. @return 0, or -1 when there is none of this index: see `ocellus_error`. */
OCELLUS_API int ocellus_input(const ocellus_program *program, size_t index, ocellus_tensor *tensor);
OCELLUS_API int ocellus_output(const ocellus_program *program, size_t index, ocellus_tensor *tensor);

/**
 * Runs the program on pictures in the caller's memory, and fills the outputs.
 *
 * @param inputs For each input the address of `bytes` bytes, in their order. They are read during the call only.
 * @param count As `ocellus_input_count` says.
 * @return 0, or -1: see `ocellus_error`.
 */
OCELLUS_API int ocellus_run(ocellus_program *program, const void *const *inputs, size_t count);

/** Frees a program and its outputs. Nothing happens with NULL. */
OCELLUS_API void ocellus_close(ocellus_program *program);

/** Why the last call of this thread that failed did so; empty before one has. Valid until the thread's next call. */
OCELLUS_API const char *ocellus_error(void);

/** The instruction set whose kernels run a program: `avx512_vnni`, for example. Empty for NULL. */
OCELLUS_API const char *ocellus_instruction_set(const ocellus_program *program);

#ifdef __cplusplus
}
#endif

#endif
