/* What must not compile, one mistake a number, in C11 and C++17. With WRONG 0
 * nothing is wrong. */
#include <gossamer/gossamer.h>

struct point {
  int x;
};
GS_CHAN_TYPE(int_chan, int);
GS_CHAN_TYPE(point_chan, struct point);
GS_CHAN_TYPE(text_chan, const char *);
GS_GEN_TYPE(int_gen, int);

void use(int_chan ints, point_chan points, text_chan texts, int_gen gen);
void use(int_chan ints, point_chan points, text_chan texts, int_gen gen) {
  int n = 0;
  double d = 0;
  long wide = 0;
  struct point p = {0};
  const char *text = "";
  struct gs_case c = gs_recv_case(ints, &n);
  (void)c, (void)d, (void)wide, (void)p, (void)text, (void)points, (void)gen;
#if WRONG == 0
  gs_send(ints, n);
  gs_recv(points, &p);
  gs_send(texts, text);
  gs_emit(gen, n);
  gs_next(gen, &n);
  gs_select_of(&n, gs_recv_case(ints, &n), gs_send_case(points, &p));
  gs_merge(&ints, &ints, 1, 0);
  gs_tee(&ints, 1, ints, 0);
  gs_distribute(&ints, 1, ints, 0);
#elif WRONG == 1
  gs_send(ints, 4.2);
#elif WRONG == 2
  gs_send(ints, d);
#elif WRONG == 3
  gs_send(ints, wide);
#elif WRONG == 4
  gs_send(ints, &n);
#elif WRONG == 5
  gs_send(points, n);
#elif WRONG == 6
  gs_send(ints, p);
#elif WRONG == 7
  gs_try_send(ints, d);
#elif WRONG == 8
  gs_send_until(ints, d, 5);
#elif WRONG == 9
  gs_recv(ints, &d);
#elif WRONG == 10
  gs_recv(ints, &wide);
#elif WRONG == 11
  gs_recv(points, &n);
#elif WRONG == 12
  gs_try_recv(ints, &d);
#elif WRONG == 13
  gs_recv_until(ints, &d, 5);
#elif WRONG == 14
  c = gs_recv_case(ints, &d);
#elif WRONG == 15
  c = gs_send_case(ints, &d);
#elif WRONG == 16
  gs_recv(ints, n);
#elif WRONG == 17
  gs_send(texts, &n);
#elif WRONG == 18
  unsigned u = 0;
  gs_recv(ints, &u);
#elif WRONG == 19
  gs_send(ints, 'a' + 0u);
#elif WRONG == 20
  gs_emit(gen, d);
#elif WRONG == 21
  gs_next(gen, &d);
#elif WRONG == 22
  gs_next_until(gen, &wide, 5);
#elif WRONG == 23
  gs_select_of(&n, gs_recv_case(ints, &n), gs_send_case(points, &n));
#elif WRONG == 24
  gs_try_select_of(&n, gs_recv_case(points, &d));
#elif WRONG == 25
  gs_select_of_until(&n, 5, gs_recv_case(ints, &wide));
#elif WRONG == 26
  gs_select_of(&n, gs_recv_case(ints, &n), p);
#elif WRONG == 27
  gs_merge(&ints, &points, 1, 0);
#elif WRONG == 28
  gs_tee(&points, 1, ints, 0);
#elif WRONG == 29
  gs_distribute(&ints, 1, texts, 0);
#endif
}
