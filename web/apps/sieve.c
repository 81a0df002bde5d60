/* The prime sieve as a chain of goroutines. Numbers enter at one end; each
 * filter passes on what its own prime does not divide, so what comes out at
 * the other end is the next prime, and the chain grows by one filter for it.
 * Prints as many primes as its argument says (default: 100), one a line. */
#include <gossamer/gossamer.h>
#include <stdio.h>
#include <stdlib.h>

GS_CHAN_TYPE(numbers, int);

struct filter {
  int prime;
  numbers in;
  numbers out;
};

static const struct gs_go_options generator = {1024, "generator"};
static const struct gs_go_options filters = {1024, "filter"};

static void generate(void *arg) {
  numbers *out = arg;
  for (int number = 2;; number++) gs_send(*out, number);
}

static void sift(void *arg) {
  struct filter *self = arg;
  for (;;) {
    int number;
    gs_recv(self->in, &number);
    if (number % self->prime != 0) gs_send(self->out, number);
  }
}

/* Hangs one more filter on the chain; *end becomes its output. */
static int append(numbers *end, int prime) {
  struct filter *filter = malloc(sizeof *filter);
  if (filter == NULL) return GS_ENOMEM;
  *filter = (struct filter){.prime = prime, .in = *end};
  int error = gs_make(&filter->out, 0);
  if (error != GS_OK) return error;
  *end = filter->out;
  gs_id id = gs_go_with(&filters, sift, filter);
  return id < 0 ? (int)id : GS_OK;
}

static int fail(int error) {
  fprintf(stderr, "sieve: %s\n", gs_strerror(error));
  return 1;
}

int main(int argc, char **argv) {
  char *rest = "";
  long wanted = argc > 1 ? strtol(argv[1], &rest, 10) : 100;
  if (*rest != '\0' || wanted < 1 || wanted > 100000) {
    fprintf(stderr, "usage: sieve [count]: how many primes, 1 to 100000\n");
    return 1;
  }
  setvbuf(stdout, NULL, _IOLBF, BUFSIZ);

  numbers first = GS_CHAN_NULL;
  int error = gs_make(&first, 0);
  if (error != GS_OK) return fail(error);
  gs_id id = gs_go_with(&generator, generate, &first);
  if (id < 0) return fail((int)id);

  numbers end = first;
  for (long found = 0; found < wanted; found++) {
    int prime;
    gs_recv(end, &prime);
    printf("%d\n", prime);
    error = append(&end, prime);
    if (error != GS_OK) return fail(error);
  }
  return 0;
}
