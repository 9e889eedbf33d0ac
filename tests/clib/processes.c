/* One program in two processes and in two threads; `clib.test.ts` compiles and runs it. Argument: a program file. */
#include <ocellus.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static ocellus_program *program;
static const void *inputs[1];
static int refused = 0;
static int unexpected = 0;

static void *runs(void *nothing) {
  for (int i = 0; i < 50; i++) {
    if (!ocellus_run(program, inputs, 1)) continue;
    if (strstr(ocellus_error(), "no other thread")) {
      __atomic_add_fetch(&refused, 1, __ATOMIC_SEQ_CST);
    } else {
      __atomic_add_fetch(&unexpected, 1, __ATOMIC_SEQ_CST);
    }
  }
  return nothing;
}

int main(int argc, char **argv) {
  if (argc != 2) return 3;
  ocellus_options options = {3, NULL};
  program = ocellus_load_file(argv[1], &options);
  ocellus_tensor in, out;
  if (!program || ocellus_input(program, 0, &in) || ocellus_output(program, 0, &out)) return 3;
  uint8_t *pixels = (uint8_t *)malloc(in.bytes);
  for (size_t i = 0; i < in.bytes; i++) pixels[i] = (uint8_t)(i * 7 + i / 1248);
  inputs[0] = pixels;
  if (ocellus_run(program, inputs, 1)) return 3;
  uint8_t *expected = (uint8_t *)malloc(out.bytes);
  memcpy(expected, out.data, out.bytes);

  pid_t child = fork();
  if (child == 0) {
    /* Ends it where it waits for threads that stayed behind. */
    alarm(20);
    for (int i = 0; i < 3; i++) {
      memset((void *)out.data, 0, out.bytes);
      if (ocellus_run(program, inputs, 1)) _exit(4);
    }
    if (memcmp(out.data, expected, out.bytes)) _exit(5);
    ocellus_close(program);
    _exit(0);
  }
  int status;
  waitpid(child, &status, 0);
  printf("forked: %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));

  alarm(60);
  pthread_t threads[2];
  for (int i = 0; i < 2; i++) pthread_create(&threads[i], NULL, runs, NULL);
  for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
  printf("two threads: %s\n", refused > 0 && unexpected == 0 ? "one was refused" : "none was refused, or for another reason");
  if (ocellus_run(program, inputs, 1) || memcmp(out.data, expected, out.bytes)) return 6;
  ocellus_close(program);
  free(expected);
  free(pixels);
  return 0;
}
