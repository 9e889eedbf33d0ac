/* Uses ocellus.h as a program in C does; `clib.test.ts` compiles and runs it. Arguments: a program file, another one that is
   damaged. Prints one line for each thing that is not as it should be, and then how many were looked at. */
#include <ocellus.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int looked = 0;
static int wrong = 0;

static void check(int is, const char *what) {
  looked++;
  if (is) return;
  wrong++;
  printf("wrong: %s (error: %s)\n", what, ocellus_error());
}

static void says(int failed, const char *what) {
  looked++;
  if (failed && strstr(ocellus_error(), what)) return;
  wrong++;
  printf("wrong: expected \"%s\", got \"%s\"\n", what, ocellus_error());
}

/* 4 x 4 pixels of three channels, pooled to 2 x 2: the greatest of each block. */
static void runs(ocellus_program *program) {
  uint8_t pixels[48] = {0};
  const void *inputs[] = {pixels};
  ocellus_tensor in, out;
  check(ocellus_input_count(program) == 1 && ocellus_output_count(program) == 1, "one input, one output");
  check(ocellus_input(program, 0, &in) == 0 && !strcmp(in.name, "in") && in.element == OCELLUS_UINT8 && in.rank == 4, "the input");
  check(in.dims[0] == 1 && in.dims[1] == 4 && in.dims[2] == 4 && in.dims[3] == 3 && in.bytes == 48 && !in.data, "its shape");
  check(ocellus_output(program, 0, &out) == 0 && !strcmp(out.name, "out") && out.bytes == 12 && out.data, "the output");
  for (int value = 7; value <= 200; value += 193) {
    pixels[(1 * 4 + 2) * 3 + 1] = (uint8_t)value;
    check(ocellus_run(program, inputs, 1) == 0, "a run");
    const uint8_t *data = (const uint8_t *)out.data;
    int sum = 0;
    for (int i = 0; i < 12; i++) sum += data[i];
    check(data[4] == value && sum == value, "what comes out");
  }
  says(ocellus_run(program, inputs, 2) == -1, "expected 1 inputs, got 2");
  says(ocellus_run(program, NULL, 1) == -1, "got NULL");
  inputs[0] = NULL;
  says(ocellus_run(program, inputs, 1) == -1, "input 0 (in): expected an address, got NULL");
  says(ocellus_input(program, 1, &in) == -1, "expected an index below 1, got 1");
  says(ocellus_output(program, (size_t)-1, &out) == -1, "expected an index below 1");
  says(ocellus_output(program, 0, NULL) == -1, "got NULL");
}

static uint8_t *bytes_of(const char *path, size_t *size) {
  FILE *file = fopen(path, "rb");
  if (!file) exit(3);
  uint8_t *bytes = (uint8_t *)malloc(1 << 20);
  *size = fread(bytes, 1, 1 << 20, file);
  fclose(file);
  return bytes;
}

int main(int argc, char **argv) {
  if (argc != 3) return 3;
  size_t size;
  uint8_t *bytes = bytes_of(argv[1], &size);
  ocellus_program *first = ocellus_load_file(argv[1], NULL);
  ocellus_options options = {2, "scalar"};
  ocellus_program *second = ocellus_load_bytes(bytes, size, &options);
  memset(bytes, 0, size);
  check(first && second, "loading");
  check(!strcmp(ocellus_instruction_set(second), "scalar") && strlen(ocellus_instruction_set(first)) > 0, "the instruction set");
  runs(first);
  runs(second);
  ocellus_close(first);
  runs(second);
  ocellus_close(second);

  says(!ocellus_load_file("/nowhere/x.ocp", NULL), "/nowhere/x.ocp cannot be read: No such file or directory");
  says(!ocellus_load_file("/", NULL), "/ cannot be read: ");
  says(!ocellus_load_file(argv[2], NULL), "checksum");
  says(!ocellus_load_file(NULL, NULL), "got NULL");
  says(!ocellus_load_bytes(NULL, 5, NULL), "got NULL");
  says(!ocellus_load_bytes("", 0, NULL), "expected");
  options.instruction_set = "mmx";
  says(!ocellus_load_file(argv[1], &options), "instruction_set: expected one that this processor has");
  options.instruction_set = NULL;
  options.threads = 65;
  says(!ocellus_load_file(argv[1], &options), "threads: expected at most 64, got 65");
  says(ocellus_run(NULL, NULL, 0) == -1, "got NULL");
  says(ocellus_input(NULL, 0, NULL) == -1, "got NULL");
  check(ocellus_input_count(NULL) == 0 && ocellus_output_count(NULL) == 0 && !strcmp(ocellus_instruction_set(NULL), ""), "NULL");
  ocellus_close(NULL);
  free(bytes);
  printf("%d looked at, %d wrong\n", looked, wrong);
  return wrong ? 1 : 0;
}
