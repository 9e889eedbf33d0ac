/* Prints what a detector finds in a picture, with all digits; `detector.test.ts` compiles and runs it. Arguments: a card or a program, a
   file of pixels, their format (its number), width, height, bytes from one row to the next, threshold. */
#include <ocellus.h>

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
  if (argc != 8) return 3;
  FILE *file = fopen(argv[2], "rb");
  if (!file) return 3;
  uint8_t *pixels = (uint8_t *)malloc(1 << 24);
  if (fread(pixels, 1, 1 << 24, file) == 0) return 3;
  fclose(file);
  ocellus_detector *detector = ocellus_detector_load(argv[1], NULL);
  if (!detector) return printf("%s\n", ocellus_error()), 1;
  ocellus_picture picture = {0, 0, 0, {NULL, NULL, NULL}, {0, 0, 0}, 0};
  picture.format = atoi(argv[3]);
  picture.width = (uint32_t)atoi(argv[4]);
  picture.height = (uint32_t)atoi(argv[5]);
  picture.planes[0] = pixels;
  picture.strides[0] = (size_t)atoi(argv[6]);
  const ocellus_detection *found;
  size_t count;
  for (int turn = 0; turn < 2; turn++) {
    if (ocellus_detect(detector, &picture, (float)atof(argv[7]), &found, &count)) return printf("%s\n", ocellus_error()), 1;
  }
  for (size_t i = 0; i < count; i++) {
    const ocellus_detection *one = &found[i];
    printf("%s %.9g %.9g %.9g %.9g %.9g\n", one->label, one->score, one->x1, one->y1, one->x2, one->y2);
  }
  ocellus_detector_close(detector);
  free(pixels);
  return 0;
}
