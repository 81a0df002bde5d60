/* Thousands of goroutines, one a particle. Each waits for the page's next
 * animation frame, moves itself, and draws itself into one framebuffer; main
 * shows the framebuffer when all have drawn. */
#include <gossamer/gossamer.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define PARTICLES_MAX 50000
#define PARTICLES_DEFAULT 10000
#define KINDS 3       /* of particles: each has a colour and a well */
#define POINTER KINDS /* the well that the page moves */
#define WELLS (KINDS + 1)
#define SHADES 64
#define NIGHT UINT32_C(0xff181008) /* A, B, G, R; see fade() */

/* Positions run from -1 to 1 in both directions, whatever the canvas's size. */
struct particle {
  float x, y;   /* where */
  float vx, vy; /* how fast, in units a second */
  float swirl;  /* how much of a pull goes around the well */
  uint32_t index;
  uint32_t kind;
  bool alive; /* a goroutine runs it */
};

struct well {
  float x, y;
  float pull;
};

static struct particle *particles; /* PARTICLES_MAX of them */
static const struct gs_go_options small = {512, "particle"};

static struct {
  uint32_t *pixels;
  uint32_t width, height;
  uint32_t shades[KINDS][SHADES]; /* slow to fast */
  struct well wells[WELLS];
  float step_s;     /* since the frame before */
  double time_ms;   /* of the frame that is being drawn */
  int64_t began_ns; /* when its first goroutine ran */
  uint32_t wanted;  /* particles that should be alive */
  gs_chan *resumed; /* while paused: closes when it is over */
} world;

static struct {
  int64_t since_ns;
  int64_t work_ns;
  uint32_t frames;
  double frames_a_second;
  double work_ms;
} figures;

/* ---- the picture ---- */

/* Takes an eighth off the distance to NIGHT; exact since NIGHT's parts are
 * multiples of 8. Two colours at a time. */
static void fade(void) {
  uint32_t *pixels = world.pixels;
  uint32_t count = world.width * world.height;
  for (uint32_t i = 0; i < count; i++) {
    uint32_t pixel = pixels[i];
    if (pixel == NIGHT) continue;
    uint32_t red_blue = (((pixel & 0xff00ff) * 7) >> 3) & 0xff00ff;
    uint32_t green = (((pixel & 0xff00) * 7) >> 3) & 0xff00;
    pixels[i] = (red_blue | green | 0xff000000) + ((NIGHT & 0xffffff) >> 3);
  }
}

static uint32_t add(uint32_t pixel, uint32_t light) {
  uint32_t sum = 0xff000000;
  for (int shift = 0; shift < 24; shift += 8) {
    uint32_t part = ((pixel >> shift) & 0xff) + ((light >> shift) & 0xff);
    sum |= (part > 255 ? 255 : part) << shift;
  }
  return sum;
}

static void draw(const struct particle *self) {
  float speed = self->vx * self->vx + self->vy * self->vy;
  int shade = (int)(speed * 24);
  int x = (int)((self->x + 1) / 2 * (float)world.width);
  int y = (int)((self->y + 1) / 2 * (float)world.height);
  if (x < 0 || x > (int)world.width - 2) return;
  if (y < 0 || y > (int)world.height - 2) return;
  const uint32_t *shades = world.shades[self->kind];
  uint32_t light = shades[shade < SHADES ? shade : SHADES - 1];
  uint32_t *at = world.pixels + (uint32_t)y * world.width + (uint32_t)x;
  at[0] = add(at[0], light);
  at[1] = add(at[1], light);
  at[world.width] = add(at[world.width], light);
  at[world.width + 1] = add(at[world.width + 1], light);
}

/* Dim, so that it takes several particles in one place to make white. */
static void mix_shades(void) {
  static const uint32_t full[KINDS] = {0xff665c, 0xb8d42d, 0xf060f0};
  for (int i = 0; i < SHADES; i++) {
    uint32_t strength = 30 + 66 * (uint32_t)i / SHADES;
    for (int kind = 0; kind < KINDS; kind++) {
      uint32_t light = 0;
      for (int shift = 0; shift < 24; shift += 8) {
        uint32_t part = (full[kind] >> shift) & 0xff;
        light |= (part * strength >> 8) << shift;
      }
      world.shades[kind][i] = light;
    }
  }
}

/* ---- the motion ---- */

/* The first goroutine that is woken in a frame comes by here, whichever it
 * is. */
static void begin_frame(double now_ms) {
  double step_ms = now_ms - world.time_ms;
  world.step_s = step_ms < 50 ? (float)step_ms / 1000 : 0.05F;
  world.time_ms = now_ms;
  world.began_ns = gs_now();
  float turn = (float)fmod(now_ms / 1000, 3600);
  for (int i = 0; i < POINTER; i++) {
    float phase = 2.0944F * (float)i;
    world.wells[i].x = 0.62F * cosf(turn * 0.31F + phase);
    world.wells[i].y = 0.55F * sinf(turn * 0.43F + phase * 2);
  }
  fade();
}

static void move(struct particle *self) {
  float ax = 0;
  float ay = 0;
  for (uint32_t i = 0; i < WELLS; i++) {
    float dx = world.wells[i].x - self->x;
    float dy = world.wells[i].y - self->y;
    float pull = world.wells[i].pull / (dx * dx + dy * dy + 0.05F);
    if (i == self->kind) pull *= 4;
    /* Towards the well, and partly around it. */
    ax += pull * (dx - self->swirl * dy);
    ay += pull * (dy + self->swirl * dx);
  }
  float drag = 1 - 0.6F * world.step_s;
  self->vx = (self->vx + ax * world.step_s) * drag;
  self->vy = (self->vy + ay * world.step_s) * drag;
  self->x += self->vx * world.step_s;
  self->y += self->vy * world.step_s;
}

static float chance(void) {
  static uint32_t state = 0x9e3779b9;
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return (float)(state >> 8) / (float)(1 << 24);
}

static void scatter(struct particle *self) {
  float angle = 6.2832F * chance();
  float radius = sqrtf(chance());
  self->x = radius * cosf(angle);
  self->y = radius * sinf(angle);
  self->vx = -self->y * 0.6F;
  self->vy = self->x * 0.6F;
  self->swirl = 0.04F + 0.5F * chance();
}

/* ---- the goroutines ---- */

static void wait_while_paused(void) {
  if (world.resumed != NULL) gs_chan_recv(world.resumed, NULL);
}

static void particle(void *arg) {
  struct particle *self = arg;
  double now_ms;
  while (self->index < world.wanted && gs_frame(&now_ms) == GS_OK) {
    if (now_ms != world.time_ms) begin_frame(now_ms);
    move(self);
    draw(self);
    wait_while_paused();
  }
  self->alive = false;
}

static int populate_to(uint32_t wanted) {
  world.wanted = wanted;
  for (uint32_t i = 0; i < wanted; i++) {
    struct particle *self = &particles[i];
    if (self->alive) continue;
    self->index = i;
    self->kind = i % KINDS;
    scatter(self);
    gs_id id = gs_go_with(&small, particle, self);
    if (id < 0) return (int)id;
    self->alive = true;
  }
  return GS_OK;
}

static int resize_to(uint32_t width, uint32_t height) {
  if (width < 16 || height < 16 || width > 4096 || height > 4096) {
    return GS_EINVAL;
  }
  uint32_t *pixels = realloc(world.pixels, sizeof *pixels * width * height);
  if (pixels == NULL) return GS_ENOMEM;
  world.pixels = pixels;
  world.width = width;
  world.height = height;
  for (uint32_t i = 0; i < width * height; i++) pixels[i] = NIGHT;
  return GS_OK;
}

/* Makes the program one that waits for the page's calls: all of its goroutines
 * may be parked, while it is paused, and it is no deadlock. */
static void serve(void *arg) {
  (void)arg;
  gs_serve();
}

static void note_frame(void) {
  int64_t now_ns = gs_now();
  figures.frames++;
  figures.work_ns += now_ns - world.began_ns;
  int64_t passed_ns = now_ns - figures.since_ns;
  if (passed_ns < 500 * GS_MILLISECOND) return;
  figures.frames_a_second = figures.frames * 1e9 / (double)passed_ns;
  figures.work_ms = (double)figures.work_ns / 1e6 / figures.frames;
  figures.since_ns = now_ns;
  figures.work_ns = 0;
  figures.frames = 0;
}

static int fail(const char *what, int error) {
  fprintf(stderr, "particles: %s: %s\n", what, gs_strerror(error));
  return 1;
}

int main(int argc, char **argv) {
  uint32_t width = 0;
  uint32_t height = 0;
  int error = gs_canvas_size(&width, &height);
  if (error != GS_OK) return fail("canvas", error);
  error = resize_to(width, height);
  if (error != GS_OK) return fail("framebuffer", error);
  particles = calloc(PARTICLES_MAX, sizeof *particles);
  if (particles == NULL) return fail("particles", GS_ENOMEM);
  mix_shades();
  for (int i = 0; i < POINTER; i++) world.wells[i].pull = 0.07F;
  long wanted = argc > 1 ? strtol(argv[1], NULL, 10) : PARTICLES_DEFAULT;
  if (wanted < 1 || wanted > PARTICLES_MAX) return fail("count", GS_EINVAL);
  error = populate_to((uint32_t)wanted);
  if (error != GS_OK) return fail("particles", error);
  gs_id id = gs_go(serve, NULL);
  if (id < 0) return fail("serve", (int)id);

  figures.since_ns = gs_now();
  for (;;) {
    gs_frame(NULL);
    gs_yield(); /* to the back, behind all that this frame has woken */
    note_frame();
    gs_canvas_present(world.pixels, world.width, world.height);
    wait_while_paused();
  }
}

/* ---- what the page calls ---- */

/* The pointer is at x, y, each from -1 to 1: particles come to it. */
GS_EXPORT_VOID(attract, (float, x), (float, y)) {
  world.wells[POINTER] = (struct well){x, y, 1.6F};
}

GS_EXPORT_VOID(release) { world.wells[POINTER].pull = 0; }

GS_EXPORT(int, populate, (unsigned, count)) {
  if (count < 1 || count > PARTICLES_MAX) return GS_EINVAL;
  return populate_to(count);
}

GS_EXPORT(int, resize, (unsigned, width), (unsigned, height)) {
  int error = resize_to(width, height);
  if (error != GS_OK || world.resumed == NULL) return error;
  /* Nobody draws while it is paused. */
  for (uint32_t i = 0; i < world.wanted; i++) draw(&particles[i]);
  return gs_canvas_present(world.pixels, world.width, world.height);
}

GS_EXPORT(int, pause) {
  return world.resumed == NULL ? gs_chan_new(&world.resumed, 1, 0) : GS_OK;
}

/* Wakes all of them at once, as closing a channel does in Go. */
GS_EXPORT_VOID(resume) {
  gs_chan *resumed = world.resumed;
  world.resumed = NULL;
  figures.since_ns = gs_now();
  figures.work_ns = 0;
  figures.frames = 0;
  gs_chan_release(resumed);
}

GS_EXPORT(const char *, measure) {
  static char text[128];
  snprintf(text, sizeof text,
           "{\"goroutines\":%zu,\"framesASecond\":%.1f,\"workMs\":%.3f}",
           gs_count(), figures.frames_a_second, figures.work_ms);
  return text;
}
