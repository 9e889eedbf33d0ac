/* Objects in a picture, from C: YOLOX-nano as a compiled program.

     cc -O2 -I sdk/clib samples/c/detect.c build/libocellus.so -lm -Wl,-rpath,build -o detect
     ./detect sdk/models/yolox-nano-416-int8.ocp cat.ppm

   A line for each object: the number of its class (the labels of the model's card, from 0), score, and x1 y1 x2 y2 in pixels.
   `ffmpeg -i cat.jpg cat.ppm` makes such a picture. An OpenCV program has its pixels in a Mat: see `letterbox` below. */
#include <ocellus.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  int width, height;
  uint8_t *rgb;
} Picture;

typedef struct {
  float score, x1, y1, x2, y2;
  int class_id;
} Box;

enum { MOST = 1000, COLUMNS = 85 };
static const float THRESHOLD = 0.4f, OVERLAP = 0.6f;

static void fail(const char *what) {
  fprintf(stderr, "detect: %s\n", what);
  exit(1);
}

static Picture read_ppm(const char *path) {
  Picture picture = {0, 0, NULL};
  FILE *file = fopen(path, "rb");
  if (!file) fail("the picture cannot be read");
  if (fscanf(file, "P6 %d %d 255", &picture.width, &picture.height) != 2 || fgetc(file) == EOF) fail("expected a PPM picture (P6)");
  if (picture.width < 1 || picture.height < 1 || picture.width > 16384 || picture.height > 16384) fail("expected 1 to 16384 pixels a side");
  size_t size = (size_t)picture.width * (size_t)picture.height * 3;
  picture.rgb = malloc(size);
  if (!picture.rgb || fread(picture.rgb, 1, size, file) != size) fail("the picture is cut");
  fclose(file);
  return picture;
}

/* Shrinks it into the network's square, the rest grey; the mean of what falls into a pixel. BGR, as OpenCV has it. Gives the scale. */
static float letterbox(const Picture *from, uint8_t *to, int side) {
  const int longer = from->width > from->height ? from->width : from->height;
  const float scale = (float)longer / (float)side;
  memset(to, 114, (size_t)side * (size_t)side * 3);
  for (int y = 0; y < side && (float)y * scale < (float)from->height; y++) {
    for (int x = 0; x < side && (float)x * scale < (float)from->width; x++) {
      const int top = (int)((float)y * scale), left = (int)((float)x * scale);
      int bottom = (int)((float)(y + 1) * scale), right = (int)((float)(x + 1) * scale);
      bottom = bottom > from->height ? from->height : bottom > top ? bottom : top + 1;
      right = right > from->width ? from->width : right > left ? right : left + 1;
      const int count = (bottom - top) * (right - left);
      int sums[3] = {0, 0, 0};
      for (int v = top; v < bottom; v++) {
        for (int u = left; u < right; u++) {
          for (int c = 0; c < 3; c++) sums[c] += from->rgb[((size_t)v * (size_t)from->width + (size_t)u) * 3 + (size_t)c];
        }
      }
      for (int c = 0; c < 3; c++) to[(y * side + x) * 3 + c] = (uint8_t)((sums[2 - c] + count / 2) / count);
    }
  }
  return scale;
}

/* Rows of x, y (from the cell's corner, in strides), log w, log h, objectness, a score for each class. */
static int decode(const float *row, int side, float scale, Box *boxes) {
  int found = 0;
  for (int stride = 8; stride <= 32; stride *= 2) {
    for (int v = 0; v < side / stride; v++) {
      for (int u = 0; u < side / stride; u++, row += COLUMNS) {
        int best = 0;
        for (int c = 1; c < COLUMNS - 5; c++) best = row[5 + c] > row[5 + best] ? c : best;
        const float score = row[4] * row[5 + best];
        if (!(score >= THRESHOLD) || found == MOST) continue;
        const float pixels = (float)stride * scale;
        const float x = (row[0] + (float)u) * pixels, y = (row[1] + (float)v) * pixels;
        const float w = expf(row[2]) * pixels, h = expf(row[3]) * pixels;
        const Box box = {score, x - w / 2, y - h / 2, x + w / 2, y + h / 2, best};
        boxes[found++] = box;
      }
    }
  }
  return found;
}

static int by_score(const void *a, const void *b) {
  const float one = ((const Box *)a)->score, other = ((const Box *)b)->score;
  return (one < other) - (one > other);
}

static float overlap(const Box *a, const Box *b) {
  const float w = fminf(a->x2, b->x2) - fmaxf(a->x1, b->x1), h = fminf(a->y2, b->y2) - fmaxf(a->y1, b->y1);
  const float both = w > 0 && h > 0 ? w * h : 0;
  return both / ((a->x2 - a->x1) * (a->y2 - a->y1) + (b->x2 - b->x1) * (b->y2 - b->y1) - both);
}

/* Of boxes of one class that overlap, the best stays. The boxes come sorted. */
static int suppress(Box *boxes, int count) {
  int kept = 0;
  for (int i = 0; i < count; i++) {
    int is_new = 1;
    for (int k = 0; k < kept && is_new; k++) is_new = boxes[k].class_id != boxes[i].class_id || overlap(&boxes[k], &boxes[i]) <= OVERLAP;
    if (is_new) boxes[kept++] = boxes[i];
  }
  return kept;
}

int main(int argc, char **argv) {
  if (argc != 3) fail("expected a program (.ocp) and a picture (.ppm)");
  ocellus_program *program = ocellus_load_file(argv[1], NULL);
  ocellus_tensor in, out;
  if (!program || ocellus_input(program, 0, &in) || ocellus_output(program, 0, &out)) fail(ocellus_error());
  if (in.rank != 4 || in.dims[3] != 3 || in.dims[1] != in.dims[2] || out.element != OCELLUS_FLOAT32 || out.dims[2] != COLUMNS) {
    fail("expected a YOLOX of 80 classes");
  }
  const int side = (int)in.dims[1];
  const Picture picture = read_ppm(argv[2]);
  uint8_t *pixels = malloc(in.bytes);
  if (!pixels) fail("no memory");
  const float scale = letterbox(&picture, pixels, side);
  const void *inputs[] = {pixels};
  if (ocellus_run(program, inputs, 1)) fail(ocellus_error());

  static Box boxes[MOST];
  int count = decode(out.data, side, scale, boxes);
  qsort(boxes, (size_t)count, sizeof boxes[0], by_score);
  count = suppress(boxes, count);
  for (int i = 0; i < count; i++) {
    printf("%d %.2f %.0f %.0f %.0f %.0f\n", boxes[i].class_id, boxes[i].score, boxes[i].x1, boxes[i].y1, boxes[i].x2, boxes[i].y2);
  }
  ocellus_close(program);
  free(pixels);
  free(picture.rgb);
  return 0;
}
