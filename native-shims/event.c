/*
 * Eventfds between threads. A worker with parked packets waits for one in its own poll() (queue.c). A thread with an event loop is
 * called back through a watch: one more thread, which blocks in poll() and hands each signal to the loop.
 */
#include "shim.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct watch {
  uint32_t kind;
  int fd;
  int stop; /* eventfd that ends the thread; -1 once it has ended */
  pthread_t thread;
  napi_threadsafe_function call;
  napi_ref self; /* keeps the handle alive while the thread runs */
};

/* eventFd(): fd or -errno. */
SHIM_FUNCTION(event_fd) {
  (void)info;
  const int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  return fd < 0 ? shim_fail(env) : shim_number(env, fd);
}

static int signal_event(int fd) {
  const uint64_t one = 1;
  /* EAGAIN: the counter is at its maximum, so the reader is awake anyway. */
  return write(fd, &one, sizeof one) < 0 && errno != EAGAIN ? -1 : 0;
}

/* signalFd(fd): 0 or -errno. */
SHIM_FUNCTION(signal_fd) {
  int32_t fd;
  if (!shim_parse(env, info, "i", &fd)) return NULL;
  return shim_result(env, signal_event(fd));
}

static void *watch_run(void *memory) {
  const struct watch *watch = memory;
  struct pollfd watched[2] = {{.fd = watch->fd, .events = POLLIN}, {.fd = watch->stop, .events = POLLIN}};
  uint64_t drained;
  for (;;) {
    if (poll(watched, 2, -1) < 0 && errno != EINTR) return NULL;
    if (watched[1].revents != 0 || (watched[0].revents & (POLLERR | POLLNVAL))) return NULL;
    if ((watched[0].revents & POLLIN) && read(watch->fd, &drained, sizeof drained) == sizeof drained)
      napi_call_threadsafe_function(watch->call, NULL, napi_tsfn_nonblocking); /* full: one is due */
    watched[0].revents = watched[1].revents = 0;
  }
}

/* Signals belong to the threads of Node. */
static int watch_start(struct watch *watch) {
  sigset_t all, before;
  pthread_attr_t attributes;
  sigfillset(&all);
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 256 * 1024);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const int failure = pthread_create(&watch->thread, &attributes, watch_run, watch);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attributes);
  return failure;
}

/* Ends the thread; no callback runs after this. Also the hook that runs when the environment goes away. */
static void watch_stop(void *memory) {
  struct watch *watch = memory;
  if (watch->stop < 0) return;
  signal_event(watch->stop);
  pthread_join(watch->thread, NULL);
  close(watch->stop);
  watch->stop = -1;
  napi_release_threadsafe_function(watch->call, napi_tsfn_abort);
}

static void watch_free(napi_env env, void *memory, void *hint) {
  (void)env;
  (void)hint;
  free(memory);
}

static bool watch_callback(napi_env env, napi_value callback, struct watch *watch) {
  napi_value name;
  napi_valuetype type;
  if (napi_typeof(env, callback, &type) != napi_ok || type != napi_function) {
    napi_throw_type_error(env, NULL, "expected a function");
    return false;
  }
  napi_create_string_utf8(env, "nat46 watch", NAPI_AUTO_LENGTH, &name);
  const napi_status status = napi_create_threadsafe_function(
      env, callback, NULL, name, 1, 1, NULL, NULL, NULL, NULL, &watch->call);
  errno = ENOMEM;
  if (status == napi_ok) napi_unref_threadsafe_function(env, watch->call);
  return status == napi_ok;
}

/* watchFd(fd, callback): a watch, or -errno. */
SHIM_FUNCTION(watch_fd) {
  napi_value callback, handle;
  struct watch found = {.kind = SHIM_WATCH};
  if (!shim_parse(env, info, "iv", &found.fd, &callback)) return NULL;
  struct watch *watch = malloc(sizeof *watch);
  found.stop = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (watch == NULL || found.stop < 0 || !watch_callback(env, callback, &found)) {
    const int reason = errno;
    if (found.stop >= 0) close(found.stop);
    free(watch);
    return shim_number(env, -reason);
  }
  *watch = found;
  const int failure = watch_start(watch);
  if (failure != 0) {
    napi_release_threadsafe_function(watch->call, napi_tsfn_abort);
    close(watch->stop);
    free(watch);
    return shim_number(env, -failure);
  }
  napi_create_external(env, watch, watch_free, NULL, &handle);
  napi_create_reference(env, handle, 1, &watch->self);
  napi_add_env_cleanup_hook(env, watch_stop, watch);
  return handle;
}

/* unwatchFd(watch): joins the thread. A second call does nothing. */
SHIM_FUNCTION(unwatch_fd) {
  struct watch *watch;
  if (!shim_parse(env, info, "W", (void **)&watch)) return NULL;
  if (watch->stop < 0) return NULL;
  napi_remove_env_cleanup_hook(env, watch_stop, watch);
  watch_stop(watch);
  napi_delete_reference(env, watch->self);
  return NULL;
}
