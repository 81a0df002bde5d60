/* Calls every function that parks, each from one place only, which is where
 * Binaryen would fold it into its caller. Linked and looked at, never run. */
#include <gossamer/gossamer.h>
#include <stdio.h>
#include <unistd.h>

static void channels(void *arg) {
  int value = 0;
  gs_chan_send(arg, &value);
  gs_chan_send_until(arg, &value, gs_deadline(GS_SECOND));
  gs_chan_recv(arg, &value);
  gs_chan_recv_until(arg, &value, gs_deadline(GS_SECOND));
  struct gs_case cases[] = {GS_RECV(arg, &value), GS_SEND(arg, &value)};
  gs_select(cases, 2);
  gs_select_until(cases, 2, gs_deadline(GS_SECOND));
}

static void time_and_frames(void *arg) {
  (void)arg;
  gs_yield();
  gs_checkpoint();
  gs_sleep(GS_SECOND);
  gs_sleep_until(gs_deadline(GS_SECOND));
  usleep(1);
  gs_frame(NULL);
  gs_frame_until(NULL, gs_deadline(GS_SECOND));
  gs_exit();
}

static void panics(void *arg) {
  gs_defer(channels, arg);
  struct gs_failure failure;
  if (gs_try(channels, arg, &failure) > 0) gs_panic(failure.message);
}

static void contexts(void *arg) {
  gs_ctx_wait(arg);
  gs_ctx_wait_until(arg, gs_deadline(GS_SECOND));
}

static void memory(void *arg) {
  gs_arena *arena = gs_arena_own();
  gs_arena_mark mark = gs_arena_mark_now(arena);
  char *text = gs_arena_format(arena, "%s", (const char *)arg);
  int *copy = gs_arena_memdup(arena, text, sizeof(int));
  int *numbers = GS_ARENA_ARRAY(arena, int, (size_t)*copy);
  gs_arena_rewind(arena, mark);
  if (numbers == NULL) gs_arena_reset(arena);
}

static int make_it(void **out, void *arg) {
  *out = arg;
  return gs_yield();
}

static int generate(gs_gen *gen, void *arg) { return gs_gen_yield(gen, arg); }

static void generators(void *arg) {
  gs_gen *gen = NULL;
  int value = 0;
  gs_gen_new(&gen, sizeof value, generate, arg);
  gs_gen_next(gen, &value);
  gs_gen_next_until(gen, &value, gs_deadline(GS_SECOND));
  gs_gen_release(gen);
}

static void pipelines(void *arg) {
  gs_chan *outs[2] = {NULL, NULL};
  gs_chan *merged = NULL;
  gs_chan *tick = NULL;
  gs_chan_tee(outs, 2, arg, 1);
  gs_chan_distribute(outs, 2, arg, 1);
  gs_chan_merge(&merged, outs, 2, 1);
  gs_after(&tick, GS_SECOND);
  gs_tick(&tick, GS_SECOND);
  int got = 0;
  gs_select_of(&got, GS_RECV(merged, NULL), GS_RECV(tick, NULL));
}

static int member(void *arg) {
  (void)arg;
  return gs_yield();
}

static void groups(void *arg) {
  struct gs_group_options options = {.limit = 1};
  gs_group *group = NULL;
  gs_group_new(&group, &options);
  gs_group_try_go(group, member, arg);
  gs_group_go(group, member, arg);
  gs_group_wait(group);
  gs_group_wait_until(group, gs_deadline(GS_SECOND));
  gs_group_release(group);
}

static void pools(void *arg) {
  struct gs_pool_options options = {.make = make_it, .arg = arg};
  gs_pool *pool = NULL;
  void *object = NULL;
  gs_pool_new(&pool, &options);
  if (gs_pool_get(&object, pool) == GS_OK) gs_pool_put(pool, object);
  gs_pool_trim(pool, 1, 0);
  gs_pool_release(pool);
}

static int64_t read_piece(void *arg, void *buf, size_t buf_bytes) {
  (void)arg, (void)buf, (void)buf_bytes;
  return gs_yield();
}

static void told(void *arg, const struct gs_http_progress *progress) {
  (void)arg, (void)progress;
}

static void bodies(gs_http *http) {
  void *all = NULL;
  char *line = NULL;
  size_t bytes = 0;
  gs_chan *chunks = NULL;
  int64_t soon_ns = gs_deadline(GS_SECOND);
  gs_http_read_line(http, &line, &bytes);
  gs_http_read_line_until(http, &line, &bytes, soon_ns);
  gs_http_read_all(http, &all, &bytes, 0);
  gs_http_save(http, 1);
  gs_http_chan(&chunks, http, 0, 1);
}

static void network(void *arg) {
  gs_http *http = NULL;
  char bytes[64];
  gs_http_get(&http, arg);
  gs_http_get_until(&http, arg, gs_deadline(GS_SECOND));
  struct gs_http_request request = {.url = arg,
                                    .body = gs_http_reader(read_piece, arg, -1),
                                    .progress = told,
                                    .retry = {.times = 1}};
  gs_http_open(&http, &request);
  gs_http_read(http, bytes, sizeof bytes);
  gs_http_read_until(http, bytes, sizeof bytes, gs_deadline(GS_SECOND));
  bodies(http);
  struct gs_poll_event event;
  gs_poller *poller = NULL;
  gs_poller_new(&poller);
  gs_poller_add(poller, gs_source_http(http), GS_POLL_READABLE, 0);
  gs_poller_try_wait(poller, &event, 1);
  gs_poller_wait(poller, &event, 1);
  gs_poller_wait_until(poller, &event, 1, gs_deadline(GS_SECOND));
  gs_poller_release(poller);
  gs_http_close(http);
}

static void secrets(void *arg) {
  unsigned char bytes[64] = {0};
  gs_hasher *hasher = NULL;
  gs_hash(GS_SHA_256, arg, 4, bytes);
  if (gs_hasher_new(&hasher, GS_SHA_1) == GS_OK) gs_hasher_free(hasher);
  int size = gs_hmac(GS_SHA_256, "k", 1, bytes, 4, bytes + 4);
  gs_key_store("name", size < 0 ? 1 : 2);
}

static void sockets(void *arg) {
  gs_ws *ws = NULL;
  struct gs_ws_message message;
  if (gs_ws_open(&ws, arg, NULL) != GS_OK) return;
  gs_ws_send(ws, GS_WS_TEXT, "a", 1);
  gs_ws_flush(ws);
  gs_ws_receive(ws, &message);
  gs_ws_close(ws);
}

static void locks(void *arg) {
  static gs_mutex mutex;
  static gs_rwmutex rwmutex;
  static gs_cond cond;
  static gs_sem sem;
  static gs_once once;
  static gs_waitgroup group;
  static gs_barrier barrier = GS_BARRIER_INIT(2);
  int64_t soon_ns = gs_deadline(GS_SECOND);
  gs_mutex_lock(&mutex);
  gs_mutex_lock_until(&mutex, soon_ns);
  gs_cond_wait(&cond, &mutex);
  gs_cond_wait_until(&cond, &mutex, soon_ns);
  gs_rwmutex_read_lock(&rwmutex);
  gs_rwmutex_read_lock_until(&rwmutex, soon_ns);
  gs_rwmutex_write_lock(&rwmutex);
  gs_rwmutex_write_lock_until(&rwmutex, soon_ns);
  gs_sem_acquire(&sem, 1);
  gs_sem_acquire_until(&sem, 1, soon_ns);
  gs_once_do(&once, channels, arg);
  gs_waitgroup_wait(&group);
  gs_waitgroup_wait_until(&group, soon_ns);
  gs_barrier_wait(&barrier);
  gs_barrier_wait_until(&barrier, soon_ns);
}

static void never_parks(void *arg) {
  int value = 0;
  gs_chan_try_send(arg, &value);
  gs_chan_try_recv(arg, &value);
  struct gs_case cases[] = {GS_RECV(arg, &value)};
  gs_try_select(cases, 1);
  gs_chan_close(arg);
  gs_chan_release(arg);
  gs_timer *timer = NULL;
  if (gs_timer_new(&timer, GS_SECOND, 0) == GS_OK) gs_timer_release(timer);
  gs_frame_chan(arg);
  gs_signal_chan(arg, GS_SIGNAL_USER(0), 1);
  gs_signal_raise(GS_SIGNAL_USER(0), 0);
  gs_mutex mutex = GS_SYNC_INIT;
  if (gs_mutex_try_lock(&mutex) == GS_OK) gs_mutex_unlock(&mutex);
  gs_rwmutex rwmutex = GS_SYNC_INIT;
  if (gs_rwmutex_try_read_lock(&rwmutex) == GS_OK) {
    gs_rwmutex_read_unlock(&rwmutex);
  }
  if (gs_rwmutex_try_write_lock(&rwmutex) == GS_OK) {
    gs_rwmutex_write_unlock(&rwmutex);
  }
  gs_cond cond = GS_SYNC_INIT;
  gs_cond_broadcast(&cond);
  gs_sem sem = GS_SEM_INIT(1);
  gs_sem_release(&sem, 1);
  gs_waitgroup group = GS_SYNC_INIT;
  gs_waitgroup_done(&group);
  gs_barrier barrier = GS_BARRIER_INIT(2);
  gs_barrier_try_wait(&barrier);
  gs_dump();
}

GS_EXPORT(int, kernel, (int, n)) { return n * n; }

int main(void) {
  gs_chan *chan = NULL;
  gs_chan_new(&chan, sizeof(int), 1);
  gs_go(channels, chan);
  gs_go(time_and_frames, NULL);
  gs_go(contexts, NULL);
  gs_go(panics, NULL);
  gs_go(network, "https://example.com/");
  gs_go(sockets, "wss://example.com/");
  gs_go(secrets, "text");
  gs_go(memory, "text");
  gs_go(pools, chan);
  gs_go(pipelines, chan);
  gs_go(groups, chan);
  gs_go(generators, chan);
  gs_go(locks, chan);
  gs_go(never_parks, chan);
  return getchar() == 'q' ? gs_serve() : 0;
}
