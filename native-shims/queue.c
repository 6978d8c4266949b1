/*
 * Batches of packets between one TUN queue and one arena.
 *
 *   slot, 64-byte aligned                      at                            next slot
 *   | headroom 80 .......... | virtio 10 ......| IP packet, length bytes ... | ...
 *
 * The virtio header lies right before the packet, so one plain read() or write() moves both.
 */
#include "shim.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define ALIGNMENT 64
#define HEADROOM 80
#define VNET_HEADER 10
#define MAX_PACKET 65535
#define MAX_PIECES 64
#define SLOT_MAX (HEADROOM + MAX_PACKET + ALIGNMENT)

enum { STAMP_NOW, STAMP_WRITE_FAILURES, STAMP_WRITE_ERRNO, STAMP_DRAINED, STAMPS };
enum { TUN_READABLE = 1, WAKE_SIGNALLED = 2, TUN_ERROR = 4 };
enum { ARENA, READS, WRITES, STAMP_WORDS, MEMORIES };

struct queue {
  uint32_t kind;
  int fd;
  bool vnet;
  uint8_t *arena;
  int32_t *reads, *writes, *stamps;
  int32_t arena_bytes, reads_max, writes_max;
  napi_ref memory[MEMORIES];
};

static int32_t align(int32_t offset) { return (offset + ALIGNMENT - 1) & -ALIGNMENT; }

static int32_t monotonic_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int32_t)(uint32_t)((uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000);
}

/* nowMs(): the clock of stamps[0]. */
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

static bool words(napi_env env, napi_value value, size_t least, int32_t **out, size_t *count) {
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
  size_t bytes, reads, writes, stamps;
  if (napi_get_arraybuffer_info(env, memory[ARENA], (void **)&queue->arena, &bytes) != napi_ok || bytes > INT32_MAX) {
    napi_throw_type_error(env, NULL, "expected an ArrayBuffer below 2 GiB");
    return false;
  }
  if (!words(env, memory[READS], 2, &queue->reads, &reads) ||
      !words(env, memory[WRITES], 2, &queue->writes, &writes) ||
      !words(env, memory[STAMP_WORDS], STAMPS, &queue->stamps, &stamps))
    return false;
  queue->arena_bytes = (int32_t)bytes;
  queue->reads_max = (int32_t)(reads / 2);
  queue->writes_max = (int32_t)(writes / 2);
  return true;
}

/* queueAttach(fd, vnet, arena, reads, writes, stamps): a queue; the fd stays the caller's. */
SHIM_FUNCTION(queue_attach) {
  napi_value memory[MEMORIES], handle;
  struct queue found = {.kind = SHIM_QUEUE};
  if (!shim_parse(env, info, "ibvvvv", &found.fd, &found.vnet, memory, memory + 1, memory + 2, memory + 3) ||
      !queue_memory(env, memory, &found))
    return NULL;
  struct queue *queue = malloc(sizeof *queue);
  if (queue == NULL) return shim_number(env, -ENOMEM);
  *queue = found;
  for (int i = 0; i < MEMORIES; i++) napi_create_reference(env, memory[i], 1, &queue->memory[i]);
  if (napi_create_external(env, queue, queue_free, NULL, &handle) == napi_ok) return handle;
  queue_free(env, queue, NULL);
  return shim_number(env, -ENOMEM);
}

/* Length of the packet now at `at`, or -1 with errno. */
static ssize_t read_packet(const struct queue *queue, int32_t at) {
  const ssize_t before = queue->vnet ? VNET_HEADER : 0;
  const ssize_t got = read(queue->fd, queue->arena + at - before, (size_t)(before + MAX_PACKET));
  if (got > before && !queue->vnet) memset(queue->arena + at - VNET_HEADER, 0, VNET_HEADER);
  if (got > before) return got - before;
  if (got >= 0) errno = EIO;
  return -1;
}

/* readBatch(queue, from, to, max): packets read into [from, to) of the arena, or -errno. */
SHIM_FUNCTION(read_batch) {
  struct queue *queue;
  int32_t from, to, max, count = 0;
  if (!shim_parse(env, info, "Qiii", (void **)&queue, &from, &to, &max)) return NULL;
  if (from < 0 || from > to || to > queue->arena_bytes) {
    napi_throw_range_error(env, NULL, "from and to must lie inside the arena");
    return NULL;
  }
  if (max > queue->reads_max) max = queue->reads_max;
  int32_t slot = align(from), failure = 0;
  while (count < max && to - slot >= SLOT_MAX) {
    const int32_t at = slot + HEADROOM;
    const ssize_t length = read_packet(queue, at);
    failure = length < 0 ? errno : 0;
    if (failure != 0) break;
    queue->reads[2 * count] = at;
    queue->reads[2 * count + 1] = (int32_t)length;
    slot = align(at + (int32_t)length);
    count++;
  }
  queue->stamps[STAMP_NOW] = monotonic_ms();
  queue->stamps[STAMP_DRAINED] = count > 0 && failure == EAGAIN;
  return shim_number(env, count > 0 || failure == EAGAIN ? count : -failure);
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
  return writev(queue->fd, pieces, used) < 0 ? errno : 0;
}

/* writeBatch(queue, count): packets that the kernel took; the others are counted in stamps. */
SHIM_FUNCTION(write_batch) {
  struct queue *queue;
  int32_t count, accepted = 0;
  if (!shim_parse(env, info, "Qi", (void **)&queue, &count)) return NULL;
  if (count > queue->writes_max) count = queue->writes_max;
  for (int32_t k = 0; k < count;) {
    const int failure = write_packet(queue, &k, count);
    if (failure == 0) accepted++;
    else queue->stamps[STAMP_WRITE_FAILURES]++, queue->stamps[STAMP_WRITE_ERRNO] = failure;
  }
  return shim_number(env, accepted);
}

/* wait(queue, wakeFd, timeoutMs): bits of what is there, 0 after the time, or -errno. */
SHIM_FUNCTION(queue_wait) {
  struct queue *queue;
  int32_t wake, timeout, bits = 0;
  if (!shim_parse(env, info, "Qii", (void **)&queue, &wake, &timeout)) return NULL;
  struct pollfd watched[2] = {{.fd = queue->fd, .events = POLLIN}, {.fd = wake, .events = POLLIN}};
  const int ready = poll(watched, 2, timeout);
  const int failure = errno;
  queue->stamps[STAMP_NOW] = monotonic_ms();
  if (ready < 0) return shim_number(env, failure == EINTR ? 0 : -failure);
  if (watched[0].revents & POLLIN) bits |= TUN_READABLE;
  if (watched[0].revents & (POLLERR | POLLHUP | POLLNVAL)) bits |= TUN_ERROR;
  if (watched[1].revents & POLLNVAL) return shim_number(env, -EBADF);
  uint64_t taken;
  const bool signalled = watched[1].revents & POLLIN;
  if (signalled && read(wake, &taken, sizeof taken) == sizeof taken) bits |= WAKE_SIGNALLED;
  return shim_number(env, bits);
}
