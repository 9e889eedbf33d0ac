/* Objects in a picture, from C: as many as `ocellus detect` finds, by the same numbers.

     cc -O2 -I sdk/clib samples/c/detect.c build/libocellus.so -Wl,-rpath,build -o detect
     ./detect sdk/models/yolox-nano-416-int8.card.json cat.ppm

   Any detector that is compiled will do. A line for each object: score, x1 y1 x2 y2 in pixels, label.
   `ffmpeg -i cat.jpg cat.ppm` makes such a picture; an OpenCV program has its pixels in a Mat: see opencv.cpp. */
#include <ocellus.h>

#include <stdio.h>
#include <stdlib.h>

static void fail(const char *what) {
  fprintf(stderr, "detect: %s\n", what);
  exit(1);
}

static uint8_t *read_ppm(const char *path, uint32_t *width, uint32_t *height) {
  FILE *file = fopen(path, "rb");
  if (!file) fail("the picture cannot be read");
  if (fscanf(file, "P6 %u %u 255", width, height) != 2 || fgetc(file) == EOF) fail("expected a PPM picture (P6)");
  if (*width < 1 || *height < 1 || *width > 16384 || *height > 16384) fail("expected 1 to 16384 pixels a side");
  const size_t size = (size_t)*width * *height * 3;
  uint8_t *rgb = malloc(size);
  if (!rgb || fread(rgb, 1, size, file) != size) fail("the picture is cut");
  fclose(file);
  return rgb;
}

int main(int argc, char **argv) {
  if (argc != 3) fail("expected a model's card (.card.json) and a picture (.ppm)");
  ocellus_detector *detector = ocellus_detector_load(argv[1], NULL);
  if (!detector) fail(ocellus_error());
  ocellus_picture picture = {0};
  uint8_t *rgb = read_ppm(argv[2], &picture.width, &picture.height);
  picture.format = OCELLUS_RGB24;
  picture.planes[0] = rgb;

  const ocellus_detection *found;
  size_t count;
  if (ocellus_detect(detector, &picture, -1, &found, &count)) fail(ocellus_error());
  for (size_t i = 0; i < count; i++) {
    const ocellus_detection *one = &found[i];
    printf("%.2f %.0f %.0f %.0f %.0f %s\n", one->score, one->x1, one->y1, one->x2, one->y2, one->label);
  }
  ocellus_detector_close(detector);
  free(rgb);
  return 0;
}
