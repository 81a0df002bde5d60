/* One request, made and read as the arguments say: COMMAND URL [MORE]. Prints
 * what a program can see of it. The byte at offset i of a body is i % 251. */
#include <fcntl.h>
#include <gossamer/gossamer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char words[300];

static struct gs_http_request request_of(const char *url) {
  return (struct gs_http_request){
      .url = url, .words = words, .words_bytes = sizeof words};
}

/* Opens and says how that went; NULL: it failed. */
static gs_http *open_request(const struct gs_http_request *request) {
  gs_http *http = NULL;
  int error = gs_http_open(&http, request);
  if (error == GS_OK) {
    printf("status %d\n", gs_http_status(http));
    return http;
  }
  printf("open %s: %s\n", gs_error_name(error), words);
  return NULL;
}

static size_t wrong_bytes(const unsigned char *bytes, size_t count,
                          size_t offset) {
  size_t wrong = 0;
  for (size_t i = 0; i < count; i++) wrong += bytes[i] != (offset + i) % 251;
  return wrong;
}

static void print_body(gs_http *http, size_t limit_bytes) {
  void *all = NULL;
  size_t size = 0;
  int error = gs_http_read_all(http, &all, &size, limit_bytes);
  if (error != GS_OK) {
    printf("body %s\n", gs_error_name(error));
  } else if (size < 200 && wrong_bytes(all, size, 0) > 0) {
    printf("body \"%s\"\n", (const char *)all);
  } else {
    printf("body %zu, wrong %zu\n", size, wrong_bytes(all, size, 0));
  }
  free(all);
}

static void whole(const char *url, const char *limit) {
  struct gs_http_request request = request_of(url);
  gs_http *http = open_request(&request);
  if (http == NULL) return;
  print_body(http, limit == NULL ? 0 : strtoul(limit, NULL, 10));
  gs_http_close(http);
}

static void head(const char *url, const char *method) {
  struct gs_http_request request = request_of(url);
  request.method = method;
  gs_http *http = open_request(&request);
  if (http == NULL) return;
  char line[200];
  int length = gs_http_url(http, line, sizeof line);
  printf("length %lld, flags %u, url %s (%d)\n",
         (long long)gs_http_length(http), (unsigned)gs_http_flags(http), line,
         length);
  for (uint32_t i = 0;; i++) {
    length = gs_http_header_at(http, i, line, sizeof line);
    if (length < 0) break;
    printf("%s (%d)\n", line, length);
  }
  print_body(http, 0);
  gs_http_close(http);
}

static void lines(const char *url) {
  struct gs_http_request request = request_of(url);
  gs_http *http = open_request(&request);
  if (http == NULL) return;
  char *line;
  size_t bytes;
  int count = 0;
  int result;
  while ((result = gs_http_read_line(http, &line, &bytes)) > 0) {
    if (count++ < 3) printf("%s (%zu)\n", line, bytes);
  }
  printf("%d lines, then %s\n", count, gs_error_name(result));
  gs_http_close(http);
}

static void save(const char *url, const char *path) {
  struct gs_http_request request = request_of(url);
  gs_http *http = open_request(&request);
  if (http == NULL) return;
  int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
  int64_t saved = gs_http_save(http, fd);
  if (saved < 0) printf("save %s\n", gs_error_name((int)saved));
  struct stat about;
  fstat(fd, &about);
  static unsigned char bytes[4096];
  size_t wrong = 0;
  size_t at = 0;
  lseek(fd, 0, SEEK_SET);
  for (ssize_t n; (n = read(fd, bytes, sizeof bytes)) > 0; at += (size_t)n) {
    wrong += wrong_bytes(bytes, (size_t)n, at);
  }
  printf("saved %lld, file %lld, wrong %zu\n", (long long)saved,
         (long long)about.st_size, wrong);
  close(fd);
  gs_http_close(http);
}

static void channel(const char *url) {
  struct gs_http_request request = request_of(url);
  gs_http *http = open_request(&request);
  if (http == NULL) return;
  gs_chan *chan = NULL;
  int error = gs_http_chan(&chan, http, 1000, 4);
  if (error != GS_OK) printf("chan %s\n", gs_error_name(error));
  struct gs_http_chunk chunk;
  size_t at = 0;
  size_t wrong = 0;
  size_t largest = 0;
  while (gs_chan_recv(chan, &chunk) > 0) {
    wrong += wrong_bytes(chunk.bytes, chunk.size_bytes, at);
    at += chunk.size_bytes;
    if (chunk.size_bytes > largest) largest = chunk.size_bytes;
    free(chunk.bytes);
  }
  printf("%zu bytes, at most %zu, wrong %zu, then %s\n", at, largest, wrong,
         gs_error_name(gs_http_body_error(http)));
  gs_chan_release(chan);
  gs_http_close(http);
}

static void send_bytes(const char *url, const char *method) {
  struct gs_http_request request = request_of(url);
  static const struct gs_http_field headers[] = {
      {"X-One", "1"}, {"Content-Type", "text/x-test"}, {"X-Two", "\303\251"}};
  request.method = method;
  request.headers = headers;
  request.header_count = 2;
  char bytes[5] = {'h', 'e', 'l', 'l', 'o'};
  request.body = gs_http_bytes(bytes, sizeof bytes);
  gs_http *http = open_request(&request);
  memset(bytes, 0, sizeof bytes); /* they were copied */
  if (http == NULL) return;
  print_body(http, 0);
  gs_http_close(http);
}

static void again(const char *url, const char *times) {
  struct gs_http_request request = request_of(url);
  request.retry.times = (uint32_t)strtoul(times, NULL, 10);
  request.retry.first_ns = 2 * GS_MILLISECOND;
  request.retry.most_ns = 1500 * GS_MILLISECOND;
  int64_t from_ns = gs_now();
  gs_http *http = open_request(&request);
  printf("waited a second: %s\n",
         gs_now() - from_ns >= GS_SECOND ? "yes" : "no");
  if (http == NULL) return;
  print_body(http, 0);
  gs_http_close(http);
}

static int told;
static struct gs_http_progress last;

static void tell(void *arg, const struct gs_http_progress *progress) {
  if (progress->down_bytes < last.down_bytes) puts("progress went back");
  last = *progress;
  told++;
  (void)arg;
}

static void progress(const char *url) {
  struct gs_http_request request = request_of(url);
  request.progress = tell;
  request.progress_ns = 1;
  gs_chan_new(&request.progress_chan, sizeof(struct gs_http_progress), 1);
  gs_http *http = open_request(&request);
  if (http == NULL) return;
  print_body(http, 0);
  gs_http_close(http);
  struct gs_http_progress newest = {0};
  gs_chan_recv(request.progress_chan, &newest);
  gs_chan_release(request.progress_chan);
  printf("told often: %s; down %lld of %lld; the channel's newest: %lld\n",
         told > 2 ? "yes" : "no", (long long)last.down_bytes,
         (long long)last.down_total_bytes, (long long)newest.down_bytes);
}

static int running;
static int most;
static int may_meet;

static void get_one(void *arg) {
  struct gs_http_request request = request_of(arg);
  gs_http *http = NULL;
  if (gs_http_open(&http, &request) != GS_OK) return;
  if (++running > most) most = running;
  /* Until as many have met as may, and one more would have come. */
  for (int i = 0; i < 5000 && most < may_meet; i++) gs_sleep(GS_MILLISECOND);
  gs_sleep(5 * GS_MILLISECOND);
  running--;
  gs_http_close(http);
}

static void limit(char *url, const char *count) {
  may_meet = atoi(count);
  printf("limit %d\n", gs_http_limit((uint32_t)may_meet));
  for (int i = 0; i < 12; i++) gs_go(get_one, url);
  while (gs_count() > 1) gs_sleep(GS_MILLISECOND);
  printf("most at a time: %d\n", most);
}

static void integrity(const char *url, const char *hash) {
  struct gs_http_request request = request_of(url);
  request.integrity = hash;
  gs_http *http = open_request(&request);
  if (http == NULL) return;
  print_body(http, 0);
  gs_http_close(http);
}

static void redirects(const char *url, const char *how) {
  struct gs_http_request request = request_of(url);
  if (strcmp(how, "error") == 0) request.redirect = GS_HTTP_REDIRECT_ERROR;
  if (strcmp(how, "manual") == 0) request.redirect = GS_HTTP_REDIRECT_MANUAL;
  if (how[0] >= '0' && how[0] <= '9') {
    request.max_redirects = (uint32_t)strtoul(how, NULL, 10);
  }
  gs_http *http = open_request(&request);
  if (http == NULL) return;
  char where[100] = "nowhere";
  gs_http_header(http, "location", where, sizeof where);
  printf("to %s\n", where);
  print_body(http, 0);
  gs_http_close(http);
}

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  const char *command = argv[1];
  char *url = argv[2];
  const char *more = argc > 3 ? argv[3] : NULL;
  if (strcmp(command, "whole") == 0) whole(url, more);
  if (strcmp(command, "head") == 0) head(url, more);
  if (strcmp(command, "lines") == 0) lines(url);
  if (strcmp(command, "save") == 0) save(url, more);
  if (strcmp(command, "channel") == 0) channel(url);
  if (strcmp(command, "bytes") == 0) send_bytes(url, more);
  if (strcmp(command, "again") == 0) again(url, more);
  if (strcmp(command, "progress") == 0) progress(url);
  if (strcmp(command, "limit") == 0) limit(url, more);
  if (strcmp(command, "integrity") == 0) integrity(url, more);
  if (strcmp(command, "redirects") == 0) redirects(url, more);
  if (strcmp(command, "policy") == 0) {
    int error = gs_fetch_policy(url, more);
    gs_http_error(words, sizeof words);
    printf("%s%s%s\n", error == GS_OK ? "allowed" : gs_error_name(error),
           error == GS_OK ? "" : ": ", error == GS_OK ? "" : words);
  }
  return 0;
}
