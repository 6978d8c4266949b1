/*
 * Batches of packets between one TUN queue and one arena.
 *
 *   slot, 64-byte aligned                      at                            next slot
 *   | headroom 80 .......... | virtio 10 ......| IP packet, length bytes ... | ...
 *
 * The virtio header lies right before the packet, so one plain read() or write() moves both.
 */
#include "shim.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define ALIGNMENT 64
#define HEADROOM 80
#define VNET_HEADER 10
#define MAX_PACKET 65535
#define MAX_PIECES 64
#define SLOT_MAX (HEADROOM + MAX_PACKET + ALIGNMENT)
#define WAKE_SIGNAL SIGURG /* nobody is killed by one that arrives elsewhere: it is ignored by default */

/* Words of `exchange`. */
enum { WRITE_COUNT, TIMEOUT_MS, READ_COUNT, NOW_MS, REFUSED, REFUSED_ERRNO, EXCHANGE_WORDS };
enum { WRITE_ONLY = -2 }; /* as TIMEOUT_MS */
enum { ALONE = 3 }; /* packets taken alone after one that was */
enum { ARENA, READS, WRITES, WORDS, MEMORIES };

struct queue {
  int fd, wake;
  bool vnet;
  bool drained; /* the last batch left nothing: asking again before waiting is a system call for nothing */
  bool nowait;  /* a single read may be told not to wait, so that the first of a batch may */
  int alone;    /* so many packets are still taken without asking for another: see read_packets */
  uint8_t *arena;
  int32_t *reads, *writes, *words;
  int32_t arena_bytes, read_bytes, reads_max, writes_max;
  napi_ref memory[MEMORIES];
};

static int32_t align(int32_t offset) { return (offset + ALIGNMENT - 1) & -ALIGNMENT; }

static int32_t monotonic_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int32_t)(uint32_t)((uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000);
}

/* nowMs(): the clock of NOW_MS. */
SHIM_FUNCTION(now_ms) {
  (void)info;
  return shim_number(env, monotonic_ms());
}

static void queue_free(napi_env env, void *memory, void *hint) {
  (void)hint;
  struct queue *queue = memory;
  for (int i = 0; i < MEMORIES; i++)
    if (queue->memory[i] != NULL) napi_delete_reference(env, queue->memory[i]);
  free(queue);
}

static bool take_words(napi_env env, napi_value value, size_t least, int32_t **out, size_t *count) {
  napi_typedarray_type type;
  bool typed = false;
  if (napi_is_typedarray(env, value, &typed) == napi_ok && typed &&
      napi_get_typedarray_info(env, value, &type, count, (void **)out, NULL, NULL) == napi_ok &&
      type == napi_int32_array && *count >= least)
    return true;
  napi_throw_type_error(env, NULL, "expected an Int32Array that is long enough");
  return false;
}

static bool queue_memory(napi_env env, const napi_value *memory, struct queue *queue) {
  size_t bytes, reads, writes, count;
  if (napi_get_arraybuffer_info(env, memory[ARENA], (void **)&queue->arena, &bytes) != napi_ok || bytes > INT32_MAX) {
    napi_throw_type_error(env, NULL, "expected an ArrayBuffer below 2 GiB");
    return false;
  }
  if (!take_words(env, memory[READS], 2, &queue->reads, &reads) ||
      !take_words(env, memory[WRITES], 2, &queue->writes, &writes) ||
      !take_words(env, memory[WORDS], EXCHANGE_WORDS, &queue->words, &count))
    return false;
  queue->arena_bytes = (int32_t)bytes;
  queue->reads_max = (int32_t)(reads / 2);
  queue->writes_max = (int32_t)(writes / 2);
  if (queue->read_bytes >= 0 && queue->read_bytes <= queue->arena_bytes) return true;
  napi_throw_range_error(env, NULL, "the bytes to read into must lie inside the arena");
  return false;
}

static napi_value exchange(napi_env env, napi_callback_info info);

/* queueAttach(fd, vnet, wakeFd, arena, readBytes, reads, writes, words): its exchange, or -errno; the fds stay the caller's. */
SHIM_FUNCTION(queue_attach) {
  napi_value memory[MEMORIES], function;
  struct queue found = {.nowait = true};
  if (!shim_parse(env, info, "ibivivvv", &found.fd, &found.vnet, &found.wake, memory, &found.read_bytes, memory + 1, memory + 2,
                  memory + 3) ||
      !queue_memory(env, memory, &found))
    return NULL;
  struct queue *queue = malloc(sizeof *queue);
  if (queue == NULL) return shim_number(env, -ENOMEM);
  *queue = found;
  for (int i = 0; i < MEMORIES; i++) napi_create_reference(env, memory[i], 1, &queue->memory[i]);
  if (napi_create_function(env, "exchange", NAPI_AUTO_LENGTH, exchange, queue, &function) == napi_ok &&
      napi_add_finalizer(env, function, queue, queue_free, NULL, NULL) == napi_ok)
    return function;
  queue_free(env, queue, NULL);
  return shim_number(env, -ENOMEM);
}

/* Length of the packet now at `at`, or -1 with errno. syscall(): read() and write() of libc are points of cancellation, with two
 * atomic operations each where there are threads; a byte at 1 Gbit/s costs 0.8 % less without. */
static ssize_t read_packet(struct queue *queue, int32_t at, bool waits) {
  const ssize_t before = queue->vnet ? VNET_HEADER : 0;
  const struct iovec place = {queue->arena + at - before, (size_t)(before + MAX_PACKET)};
  ssize_t got = -1;
  if (!waits && queue->nowait) {
    got = syscall(SYS_preadv2, queue->fd, &place, 1L, -1L, -1L, RWF_NOWAIT);
    if (got < 0 && (errno == EOPNOTSUPP || errno == ENOSYS)) { /* a TUN device before Linux 6.4, a sandbox */
      queue->nowait = false;
      fcntl(queue->fd, F_SETFL, O_NONBLOCK);
    }
  }
  if (waits || !queue->nowait) got = syscall(SYS_read, queue->fd, place.iov_base, place.iov_len);
  if (got > before && !queue->vnet) memset(queue->arena + at - VNET_HEADER, 0, VNET_HEADER);
  if (got > before) return got - before;
  if (got >= 0) errno = EIO;
  return -1;
}

/*
 * Packets that are there; the first is waited for if `waits`. *failure: why it ended, or 0.
 *
 * A queue that is waited for holds one packet, as a rule: asking for a second is a system call in vain, or a second packet where
 * the first one was warm. So who asked in vain takes the next ones alone. A packet at 50 kpps costs 6 % less, a byte at full
 * speed with one flow 9 to 15 % (docs/performance.md).
 */
static int32_t read_packets(struct queue *queue, bool waits, int *failure) {
  int32_t slot = 0, count = 0;
  *failure = 0;
  while (count < queue->reads_max && queue->read_bytes - slot >= SLOT_MAX) {
    const int32_t at = slot + HEADROOM;
    const ssize_t length = read_packet(queue, at, waits && count == 0);
    *failure = length < 0 ? errno : 0;
    if (*failure != 0) break;
    queue->reads[2 * count] = at;
    queue->reads[2 * count + 1] = (int32_t)length;
    slot = align(at + (int32_t)length);
    count++;
    if (waits && queue->alone > 0) break;
  }
  queue->drained = *failure == EAGAIN;
  if (waits && queue->alone > 0) queue->alone--;
  else if (waits && queue->drained && count == 1) queue->alone = ALONE;
  return count;
}

/* Until there is something to read, somebody signals `wake`, or the time is over. Takes the signal. @return 0 or errno */
static int await_packet(const struct queue *queue, int timeout) {
  struct pollfd watched[2] = {{.fd = queue->fd, .events = POLLIN}, {.fd = queue->wake, .events = POLLIN}};
  uint64_t taken;
  if (poll(watched, 2, timeout) < 0) return errno == EINTR ? 0 : errno;
  if (watched[1].revents & POLLNVAL) return EBADF;
  if ((watched[1].revents & POLLIN) && read(queue->wake, &taken, sizeof taken) < 0) return errno == EAGAIN ? 0 : errno;
  return 0;
}

/* Waiting for ever is done by the read itself where that is possible: one system call instead of two. @return READ_COUNT */
static int32_t read_batch(struct queue *queue, int timeout) {
  const bool waits = timeout < 0 && queue->nowait;
  int failure = 0;
  int32_t count = 0;
  if (timeout != 0 && queue->drained && !waits) failure = await_packet(queue, timeout);
  if (failure == 0) count = read_packets(queue, waits, &failure);
  if (waits && count == 0 && (failure == EAGAIN || failure == EINTR)) { /* woken: the next may wait again */
    failure = 0;
    fcntl(queue->fd, F_SETFL, 0);
  }
  return count > 0 || failure == EAGAIN ? count : -failure;
}

static void nothing(int signal) { (void)signal; }

/* interruptible(): the calling thread, as wakeReader knows it, or -errno. */
SHIM_FUNCTION(interruptible) {
  (void)info;
  const struct sigaction action = {.sa_handler = nothing}; /* without SA_RESTART: it ends a system call */
  sigset_t wakes;
  sigemptyset(&wakes);
  sigaddset(&wakes, WAKE_SIGNAL);
  if (sigaction(WAKE_SIGNAL, &action, NULL) < 0) return shim_fail(env);
  pthread_sigmask(SIG_UNBLOCK, &wakes, NULL);
  return shim_number(env, syscall(SYS_gettid));
}

/*
 * wakeReader(fd, thread): 0 or -errno. No wake is lost: a read that begins after the first step does not wait, one that
 * began before it is ended by the second.
 */
SHIM_FUNCTION(wake_reader) {
  int32_t fd, thread;
  if (!shim_parse(env, info, "ii", &fd, &thread)) return NULL;
  if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0) return shim_fail(env);
  return shim_result(env, (int)syscall(SYS_tgkill, getpid(), thread, WAKE_SIGNAL));
}

/* Writes the packet that begins at pair *k and moves *k behind it. A negative length: it goes on in the next pair. */
static int write_packet(const struct queue *queue, int32_t *k, int32_t count) {
  struct iovec pieces[MAX_PIECES];
  int32_t before = queue->vnet ? VNET_HEADER : 0;
  int used = 0, failure = 0;
  for (bool more = true; more && *k < count; before = 0, ++*k) {
    const int32_t at = queue->writes[2 * *k] - before, length = queue->writes[2 * *k + 1];
    const int64_t bytes = (length < 0 ? -(int64_t)length : length) + before;
    more = length < 0;
    if (used == MAX_PIECES || at < 0 || length == 0 || at + bytes > queue->arena_bytes) failure = EINVAL;
    else pieces[used++] = (struct iovec){queue->arena + at, (size_t)bytes};
  }
  if (failure != 0) return failure;
  const ssize_t written = used == 1 ? syscall(SYS_write, queue->fd, pieces->iov_base, pieces->iov_len)
                                    : syscall(SYS_writev, queue->fd, pieces, (long)used);
  return written < 0 ? errno : 0;
}

static void write_batch(struct queue *queue, int32_t count) {
  if (count > queue->writes_max) count = queue->writes_max;
  for (int32_t k = 0; k < count;) {
    const int failure = write_packet(queue, &k, count);
    if (failure != 0) queue->words[REFUSED]++, queue->words[REFUSED_ERRNO] = failure;
  }
}

/* What queueAttach returns. No argument, no result: each costs as much as the call when the caches are cold. */
static napi_value exchange(napi_env env, napi_callback_info info) {
  struct queue *queue;
  napi_get_cb_info(env, info, NULL, NULL, NULL, (void **)&queue);
  int32_t *words = queue->words;
  write_batch(queue, words[WRITE_COUNT]);
  const int32_t timeout = words[REFUSED] != 0 ? 0 : words[TIMEOUT_MS]; /* to be counted now, not after a sleep */
  words[READ_COUNT] = words[TIMEOUT_MS] == WRITE_ONLY ? 0 : read_batch(queue, timeout);
  words[NOW_MS] = monotonic_ms();
  return NULL;
}
