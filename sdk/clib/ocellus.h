/**
 * Ocellus' compiled networks from C, and from every language that can call C. The library needs nothing but the C library, and
 * starts nothing in the background.
 *
 * A detector takes pictures as cameras and OpenCV have them, and gives boxes: the same as `ocellus detect`.
 *
 *     ocellus_detector *detector = ocellus_detector_load("yolox-nano-416-int8.card.json", NULL);
 *     if (!detector) { fprintf(stderr, "%s\n", ocellus_error()); return 1; }
 *     ocellus_picture picture = {OCELLUS_BGR24, width, height, {pixels}, {stride}, 0};  // a cv::Mat's cols, rows, data, step
 *     const ocellus_detection *found;
 *     size_t count;
 *     if (ocellus_detect(detector, &picture, -1, &found, &count)) fprintf(stderr, "%s\n", ocellus_error());
 *     for (size_t i = 0; i < count; i++) printf("%s %.2f\n", found[i].label, found[i].score);
 *     ocellus_detector_close(detector);
 *
 * A program is the network alone, as `ocellus compile` made it: one file, a picture of uint8 in, numbers of uint8 or float out.
 *
 *     ocellus_program *program = ocellus_load_file("yolox-nano-416-int8.ocp", NULL);
 *     if (!program) { fprintf(stderr, "%s\n", ocellus_error()); return 1; }
 *     const void *inputs[] = { pixels };                       // 416 x 416 x 3 bytes
 *     if (ocellus_run(program, inputs, 1)) fprintf(stderr, "%s\n", ocellus_error());
 *     ocellus_tensor scores;
 *     ocellus_output(program, 0, &scores);                     // scores.data: 1 x 3549 x 85 floats
 *     ocellus_close(program);
 *
 * Rules. A program or a detector is for one thread at a time, and is told apart by an error where another one runs it; several of
 * them run in several threads at once. After `fork` both processes may go on with what they have. Nothing throws. What can fail
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

/** A compiled network with its card: pictures in, boxes out. */
typedef struct ocellus_detector ocellus_detector;

/** Planes: Y, U, V; Y, UV; or one of pixels, of 3 bytes or of one. Bytes 0 to 255. Chroma planes have half the sides, rounded up. */
enum { OCELLUS_I420 = 0, OCELLUS_NV12 = 1, OCELLUS_BGR24 = 2, OCELLUS_RGB24 = 3, OCELLUS_GRAY8 = 4 };

/** Of I420 and NV12: ITU-R BT.709, else BT.601; 0 to 255 (as in JPEG), else 16 to 235. */
enum { OCELLUS_BT709 = 1, OCELLUS_FULL_RANGE = 2 };

/** A picture in the caller's memory, or a part of one: then the address is that of its first pixel. */
typedef struct ocellus_picture {
  int32_t format;
  /** Pixels, 1 to 16384. */
  uint32_t width, height;
  const void *planes[3];
  /** Bytes from one row to the next, of each plane; 0: rows have no gap. */
  size_t strides[3];
  /** OCELLUS_BT709 | OCELLUS_FULL_RANGE, either, or 0. */
  uint32_t colour;
} ocellus_picture;

typedef struct ocellus_detection {
  /** Left, top, right and bottom in pixels of the picture, inside it. */
  float x1, y1, x2, y2;
  /** 0 to 1. */
  float score;
  /** From 0. */
  int32_t class_id;
  /** UTF-8; lives as long as the detector. */
  const char *label;
} ocellus_detection;

/**
 * Loads a model by its card, `NAME.card.json`, or by the program `NAME.ocp` beside it: those that ship, and those that `ocellus
 * compile` makes. What the card says of size, colour order, letterbox, labels and thresholds is followed. The program's checksum is
 * its own; the card's sha256 is not looked at.
 *
 * @param options As of `ocellus_load_file`.
 * @return NULL when a file cannot be read, the card is none of a detector with a compiled program, does not fit the program, or has
 *   another decoder than yolox, yolov5, yolov8, nanodet, suppressed, ssd or efficientdet: see `ocellus_error`.
 */
OCELLUS_API ocellus_detector *ocellus_detector_load(const char *path, const ocellus_options *options);

/**
 * Finds what is in a picture: fits it into the input, runs the network, decodes, and of boxes of one class that overlap keeps the best.
 *
 * @param picture Is read during the call only. @param threshold The least score, 0 to 1; below 0: the card's.
 * @param found The detections, best first, 100 at most; they live until the detector's next call. @param count How many there are.
 * @return 0, or -1: see `ocellus_error`.
 */
OCELLUS_API int ocellus_detect(ocellus_detector *detector, const ocellus_picture *picture, float threshold,
                               const ocellus_detection **found, size_t *count);

/** The classes, from 0; 0 of NULL, and empty where there is none of this index. */
OCELLUS_API size_t ocellus_label_count(const ocellus_detector *detector);
OCELLUS_API const char *ocellus_label(const ocellus_detector *detector, size_t index);

/** Its program, whose outputs hold what the last picture gave. It is closed with the detector. NULL of NULL. */
OCELLUS_API ocellus_program *ocellus_detector_program(ocellus_detector *detector);

/** Frees a detector, its program and what it found. Nothing happens with NULL. */
OCELLUS_API void ocellus_detector_close(ocellus_detector *detector);

/** Of the library: `0.1.0`, for example. */
OCELLUS_API const char *ocellus_version(void);

/** Why the last call of this thread that failed did so; empty before one has. Valid until the thread's next call. */
OCELLUS_API const char *ocellus_error(void);

/** The instruction set whose kernels run a program: `avx512_vnni`, for example. Empty for NULL. */
OCELLUS_API const char *ocellus_instruction_set(const ocellus_program *program);

#ifdef __cplusplus
}
#endif

#endif
