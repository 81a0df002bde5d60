/* Signals: each subscription is a channel and the set of signals it wants; the
 * host is told the union of the sets. A closed channel cannot tell that it is,
 * so subscriptions are looked through after each pump. */
#include "signal.h"
#include "../base/stress.h"

#include <gossamer/export.h>
#include <stdlib.h>

#include "../sched/sched.h"
#include "../sync/chan.h"
#include "host.h"

#define PAGE_AND_PROCESS (GS_SIGNAL_TERM | (GS_SIGNAL_TERM - 1))
#define USERS (((UINT32_C(1) << GS_SIGNAL_USERS) - 1) * GS_SIGNAL_USER(0))
#define KNOWN (PAGE_AND_PROCESS | USERS)

struct subscription {
  struct gs__list node; /* in signals.subscriptions */
  gs_chan *chan;        /* one reference is the subscription's */
  uint32_t wanted;
};

static struct {
  struct gs__list subscriptions; /* all zero bytes at the start */
  uint32_t watched;              /* what the host was told */
} signals;

static struct gs__list *all(void) {
  if (signals.subscriptions.next == NULL) {
    gs__list_init(&signals.subscriptions);
  }
  return &signals.subscriptions;
}

static void tell_host(void) {
  uint32_t wanted = 0;
  struct gs__list *list = all();
  for (struct gs__list *node = list->next; node != list; node = node->next) {
    wanted |= gs__container(node, struct subscription, node)->wanted;
  }
  if (wanted == signals.watched) return;
  signals.watched = wanted;
  gs__host_signal_watch(wanted);
}

static void end(struct subscription *subscription) {
  gs__list_remove(&subscription->node);
  gs_chan_release(subscription->chan);
  free(subscription);
  gs__sched.outstanding--;
}

bool gs__signals_sweep(void) {
  bool any = false;
  struct gs__list *list = all();
  for (struct gs__list *node = list->next; node != list;) {
    struct subscription *subscription =
        gs__container(node, struct subscription, node);
    node = node->next;
    const gs_chan *chan = subscription->chan;
    if (chan->references > 1 && !chan->closed) continue;
    end(subscription);
    any = true;
  }
  if (any) tell_host();
  return any;
}

void gs__signals_term(void) {
  struct gs__list *list = all();
  while (!gs__list_empty(list)) {
    end(gs__container(list->next, struct subscription, node));
  }
  tell_host();
}

int gs_signal_chan(gs_chan **out, uint32_t wanted, size_t capacity) {
  if (out == NULL || capacity == 0) return GS_EINVAL;
  if (wanted == 0 || (wanted & ~KNOWN) != 0) return GS_EINVAL;
  struct subscription *subscription = gs__malloc(sizeof *subscription);
  if (subscription == NULL) return GS_ENOMEM;
  int error = gs_chan_new(&subscription->chan, sizeof(struct gs_signal_event),
                          capacity);
  if (error != GS_OK) {
    free(subscription);
    return error;
  }
  subscription->wanted = wanted;
  gs__list_append(all(), &subscription->node);
  gs__sched.outstanding++;
  tell_host();
  *out = gs_chan_retain(subscription->chan);
  return GS_OK;
}

static int deliver(uint32_t signal, int32_t value) {
  gs__signals_sweep();
  int taken = 0;
  struct gs_signal_event event = {signal, value};
  struct gs__list *list = all();
  for (struct gs__list *node = list->next; node != list; node = node->next) {
    const struct subscription *subscription =
        gs__container(node, struct subscription, node);
    if ((subscription->wanted & signal) == 0) continue;
    if (gs_chan_try_send(subscription->chan, &event) == GS_OK) taken++;
  }
  return taken;
}

int gs_signal_raise(uint32_t signal, int32_t value) {
  bool one = signal != 0 && (signal & (signal - 1)) == 0;
  if (!one || (signal & KNOWN) == 0) return GS_EINVAL;
  return deliver(signal, value);
}

uint32_t gs_signal_state(void) { return gs__host_signal_state(); }

GS__EXPORT_AS("gs_signal_event")
void gs_signal_event(uint32_t signal, int32_t value) { deliver(signal, value); }
