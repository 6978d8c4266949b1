/*
 * Batches of datagrams on one UDP socket: recvmmsg, sendmmsg, and a call back when there is something to read.
 *
 *   arena   | receive slot 0 | … | receive slot n-1 | send slot 0 | … | send slot n-1 |
 *   slot    | sockaddr of the peer 28 | its length 4 | own address 16 | interface 4 | 0 12 | message … |
 *
 * The first 64 bytes of a slot, the envelope, say where a datagram came from and at which address it arrived. Copied to
 * a send slot they send a reply the way back: to the peer, from that address. An envelope of zeros leaves both to the
 * kernel, as a connected socket has it. Sockets may share an arena as long as one call is over before the next.
 */
#include "shim.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* What Node exports of libuv, which node-api-headers does not declare. Its ABI is fixed within version 1. */
enum { UV_POLL = 8, UV_READABLE = 1 };
extern size_t uv_handle_size(int type);
extern void uv_handle_set_data(void *handle, void *data);
extern void *uv_handle_get_data(const void *handle);
extern int uv_poll_init(struct uv_loop_s *loop, void *handle, int fd);
extern int uv_poll_start(void *handle, int events, void (*call)(void *handle, int status, int events));
extern void uv_close(void *handle, void (*closed)(void *handle));

#define ENVELOPE 64
#define MAX_SLOTS 256

enum { REUSE_PORT = 1 };
enum { ARENA, LENGTHS, MEMORIES };

struct envelope {
  struct sockaddr_in6 peer; /* or a sockaddr_in in its place */
  uint32_t peer_length;
  struct in6_addr own; /* an IPv4 address in its first four bytes */
  uint32_t interface;
  uint8_t unused[12];
};
_Static_assert(sizeof(struct envelope) == ENVELOPE, "the envelope is 64 bytes");

union control {
  char bytes[CMSG_SPACE(sizeof(struct in6_pktinfo))];
  struct cmsghdr aligned;
};

/* What the kernel is told about a row of slots, filled in once but for what a call changes. */
struct row {
  struct mmsghdr headers[MAX_SLOTS];
  struct iovec pieces[MAX_SLOTS];
  union control control[MAX_SLOTS];
};

struct udp {
  uint32_t kind;
  int fd; /* -1 once closed */
  int family;
  bool everywhere; /* bound to a wildcard address: only then the own address has to be told and said */
  uint8_t *arena;
  int32_t *lengths;
  int32_t slot_bytes, slots;
  struct row *received, *sent;
  void *poll; /* uv_poll_t; NULL unless watched */
  napi_env env;
  napi_async_context context;
  napi_ref callback, self;
  napi_ref memory[MEMORIES];
};

static bool address_of(const char *text, int32_t port, struct sockaddr_in6 *out, socklen_t *length) {
  struct sockaddr_in *v4 = (struct sockaddr_in *)out;
  memset(out, 0, sizeof *out);
  if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons((uint16_t)port);
    *length = sizeof *v4;
    return true;
  }
  out->sin6_family = AF_INET6;
  out->sin6_port = htons((uint16_t)port);
  *length = sizeof *out;
  return inet_pton(AF_INET6, text, &out->sin6_addr) == 1;
}

static bool is_wildcard(const struct sockaddr_in6 *address) {
  if (address->sin6_family == AF_INET) return ((const struct sockaddr_in *)address)->sin_addr.s_addr == INADDR_ANY;
  return IN6_IS_ADDR_UNSPECIFIED(&address->sin6_addr);
}

static int set(int fd, int level, int option, int value) {
  return setsockopt(fd, level, option, &value, sizeof value);
}

static int prepare(int fd, const struct sockaddr_in6 *address, int32_t buffer, bool reuse) {
  const int family = address->sin6_family;
  if (reuse && set(fd, SOL_SOCKET, SO_REUSEPORT, 1) < 0) return -1;
  /* Beyond net.core.rmem_max for who may; as much as it allows for everybody else. */
  if (buffer > 0 && set(fd, SOL_SOCKET, SO_RCVBUFFORCE, buffer) < 0) set(fd, SOL_SOCKET, SO_RCVBUF, buffer);
  if (family == AF_INET6 && set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) < 0) return -1;
  if (!is_wildcard(address)) return 0;
  return family == AF_INET ? set(fd, IPPROTO_IP, IP_PKTINFO, 1) : set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
}

/* udpOpen(address, port, flags, receiveBufferBytes): a bound socket that does not block, or -errno. */
SHIM_FUNCTION(udp_open) {
  char text[64];
  int32_t port, flags, buffer;
  struct sockaddr_in6 address;
  socklen_t length;
  if (!shim_parse(env, info, "siii", text, sizeof text, &port, &flags, &buffer)) return NULL;
  if (!address_of(text, port, &address, &length)) return shim_number(env, -EINVAL);
  const int family = address.sin6_family;
  const int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return shim_fail(env);
  if (prepare(fd, &address, buffer, flags & REUSE_PORT) == 0 && bind(fd, (struct sockaddr *)&address, length) == 0)
    return shim_number(env, fd);
  const int reason = errno;
  close(fd);
  return shim_number(env, -reason);
}

/* udpConnect(fd, address, port): datagrams go there, and only what comes from there is received; 0 or -errno. */
SHIM_FUNCTION(udp_connect) {
  char text[64];
  int32_t fd, port;
  struct sockaddr_in6 address;
  socklen_t length;
  if (!shim_parse(env, info, "isi", &fd, text, sizeof text, &port)) return NULL;
  if (!address_of(text, port, &address, &length)) return shim_number(env, -EINVAL);
  return shim_result(env, connect(fd, (struct sockaddr *)&address, length));
}

/* udpPort(fd): the port a socket is bound to, or -errno. */
SHIM_FUNCTION(udp_port) {
  int32_t fd;
  struct sockaddr_in6 address;
  socklen_t length = sizeof address;
  if (!shim_parse(env, info, "i", &fd)) return NULL;
  if (getsockname(fd, (struct sockaddr *)&address, &length) < 0) return shim_fail(env);
  return shim_number(env, ntohs(address.sin6_port)); /* at the same place in both families */
}

static void rows_free(struct udp *udp) {
  free(udp->received);
  free(udp->sent);
  udp->received = udp->sent = NULL;
}

static void udp_free(napi_env env, void *memory, void *hint) {
  (void)hint;
  struct udp *udp = memory;
  for (int i = 0; i < MEMORIES; i++)
    if (udp->memory[i] != NULL) napi_delete_reference(env, udp->memory[i]);
  if (udp->fd >= 0) close(udp->fd); /* nobody has closed it */
  rows_free(udp);
  free(udp);
}

static bool udp_memory(napi_env env, const napi_value *memory, struct udp *udp) {
  size_t bytes = 0, words = 0;
  napi_typedarray_type type;
  const bool fits = udp->slots > 0 && udp->slots <= MAX_SLOTS && udp->slot_bytes > ENVELOPE &&
                    udp->slot_bytes % 8 == 0 && udp->slot_bytes <= 1 << 17;
  if (fits && napi_get_arraybuffer_info(env, memory[ARENA], (void **)&udp->arena, &bytes) == napi_ok &&
      bytes >= 2 * (size_t)udp->slots * (size_t)udp->slot_bytes &&
      napi_get_typedarray_info(env, memory[LENGTHS], &type, &words, (void **)&udp->lengths, NULL, NULL) == napi_ok &&
      type == napi_int32_array && words >= 2 * (size_t)udp->slots)
    return true;
  napi_throw_type_error(env, NULL, "expected an arena and lengths for two rows of slots");
  return false;
}

static struct envelope *slot(const struct udp *udp, int32_t index) {
  return (struct envelope *)(udp->arena + (size_t)index * (size_t)udp->slot_bytes);
}

/* @param first slot of the row. NULL when memory is short. */
static struct row *row_new(const struct udp *udp, int32_t first) {
  struct row *row = calloc(1, sizeof *row);
  if (row == NULL) return NULL;
  for (int32_t i = 0; i < udp->slots; i++) {
    struct envelope *envelope = slot(udp, first + i);
    row->pieces[i] = (struct iovec){envelope + 1, (size_t)udp->slot_bytes - ENVELOPE};
    row->headers[i].msg_hdr = (struct msghdr){.msg_name = &envelope->peer,
                                              .msg_namelen = sizeof envelope->peer,
                                              .msg_iov = &row->pieces[i],
                                              .msg_iovlen = 1,
                                              .msg_control = udp->everywhere ? &row->control[i] : NULL,
                                              .msg_controllen = udp->everywhere ? sizeof row->control[i] : 0};
  }
  return row;
}

/* udpAttach(fd, arena, lengths, slotBytes, slots): a socket, which owns the fd from here on; or -errno. */
SHIM_FUNCTION(udp_attach) {
  napi_value memory[MEMORIES], handle;
  struct udp found = {.kind = SHIM_UDP, .env = env};
  struct sockaddr_in6 address;
  socklen_t length = sizeof address;
  if (!shim_parse(env, info, "ivvii", &found.fd, memory, memory + 1, &found.slot_bytes, &found.slots) ||
      !udp_memory(env, memory, &found))
    return NULL;
  if (getsockname(found.fd, (struct sockaddr *)&address, &length) < 0) return shim_fail(env);
  found.family = address.sin6_family;
  found.everywhere = is_wildcard(&address);
  struct udp *udp = malloc(sizeof *udp);
  if (udp == NULL) return shim_number(env, -ENOMEM);
  *udp = found;
  udp->received = row_new(udp, 0);
  udp->sent = row_new(udp, udp->slots);
  for (int i = 0; i < MEMORIES; i++) napi_create_reference(env, memory[i], 1, &udp->memory[i]);
  if (udp->received != NULL && udp->sent != NULL &&
      napi_create_external(env, udp, udp_free, NULL, &handle) == napi_ok)
    return handle;
  udp->fd = -1; /* still the caller's */
  udp_free(env, udp, NULL);
  return shim_number(env, -ENOMEM);
}

/* The address a datagram was sent to, from its control messages. */
static void note_own(struct msghdr *header, struct envelope *envelope) {
  for (struct cmsghdr *at = CMSG_FIRSTHDR(header); at != NULL; at = CMSG_NXTHDR(header, at)) {
    if (at->cmsg_level == IPPROTO_IP && at->cmsg_type == IP_PKTINFO) {
      const struct in_pktinfo *info = (const struct in_pktinfo *)CMSG_DATA(at);
      memcpy(&envelope->own, &info->ipi_spec_dst, sizeof info->ipi_spec_dst);
    } else if (at->cmsg_level == IPPROTO_IPV6 && at->cmsg_type == IPV6_PKTINFO) {
      const struct in6_pktinfo *info = (const struct in6_pktinfo *)CMSG_DATA(at);
      envelope->own = info->ipi6_addr;
      if (IN6_IS_ADDR_LINKLOCAL(&info->ipi6_addr)) envelope->interface = info->ipi6_ifindex;
    }
  }
}

/* udpReceive(socket): datagrams now in the receive slots, their lengths in lengths[0 …], -1 for one that was cut; or -errno. */
SHIM_FUNCTION(udp_receive) {
  struct udp *udp;
  if (!shim_parse(env, info, "U", (void **)&udp)) return NULL;
  if (udp->fd < 0) return shim_number(env, -EBADF);
  struct mmsghdr *headers = udp->received->headers;
  const int count = recvmmsg(udp->fd, headers, (unsigned)udp->slots, MSG_DONTWAIT, NULL);
  if (count < 0) return shim_number(env, errno == EAGAIN || errno == EINTR ? 0 : -errno);
  for (int i = 0; i < count; i++) {
    struct msghdr *header = &headers[i].msg_hdr;
    struct envelope *envelope = slot(udp, i);
    envelope->peer_length = header->msg_namelen;
    memset(&envelope->own, 0, ENVELOPE - offsetof(struct envelope, own));
    if (udp->everywhere) note_own(header, envelope);
    udp->lengths[i] = header->msg_flags & MSG_TRUNC ? -1 : (int32_t)headers[i].msg_len;
    header->msg_namelen = sizeof envelope->peer; /* the kernel has written what it used of both */
    header->msg_controllen = udp->everywhere ? sizeof udp->received->control[i] : 0;
  }
  return shim_number(env, count);
}

/* The control message that makes `own` the source. */
static void take_own(const struct udp *udp, const struct envelope *envelope, struct msghdr *header) {
  struct cmsghdr *at = header->msg_control;
  const bool v4 = udp->family == AF_INET;
  const size_t length = v4 ? sizeof(struct in_pktinfo) : sizeof(struct in6_pktinfo);
  header->msg_controllen = CMSG_SPACE(length);
  *at = (struct cmsghdr){.cmsg_len = CMSG_LEN(length),
                         .cmsg_level = v4 ? IPPROTO_IP : IPPROTO_IPV6,
                         .cmsg_type = v4 ? IP_PKTINFO : IPV6_PKTINFO};
  if (v4) {
    struct in_pktinfo *info = (struct in_pktinfo *)CMSG_DATA(at);
    memset(info, 0, sizeof *info);
    memcpy(&info->ipi_spec_dst, &envelope->own, sizeof info->ipi_spec_dst);
  } else {
    struct in6_pktinfo *info = (struct in6_pktinfo *)CMSG_DATA(at);
    info->ipi6_addr = envelope->own;
    info->ipi6_ifindex = envelope->interface;
  }
}

/* udpSend(socket, count): sends that many send slots, lengths[slots …] bytes each. How many the kernel took, or -errno for none. */
SHIM_FUNCTION(udp_send) {
  struct udp *udp;
  int32_t count, taken = 0;
  if (!shim_parse(env, info, "Ui", (void **)&udp, &count)) return NULL;
  if (udp->fd < 0) return shim_number(env, -EBADF);
  struct mmsghdr *headers = udp->sent->headers;
  if (count > udp->slots) count = udp->slots;
  for (int32_t i = 0; i < count; i++) {
    const struct envelope *envelope = slot(udp, udp->slots + i);
    const int32_t length = udp->lengths[udp->slots + i];
    const bool fits = length >= 0 && length <= udp->slot_bytes - ENVELOPE;
    udp->sent->pieces[i].iov_len = fits ? (size_t)length : 0;
    headers[i].msg_hdr.msg_namelen = envelope->peer_length > sizeof envelope->peer ? 0 : envelope->peer_length;
    if (udp->everywhere) take_own(udp, envelope, &headers[i].msg_hdr);
  }
  int32_t failure = 0;
  for (int32_t from = 0; from < count;) {
    const int sent = sendmmsg(udp->fd, headers + from, (unsigned)(count - from), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent > 0) taken += sent, from += sent;
    else if (errno != EINTR) failure = errno, from++; /* this one cannot be sent; the next may */
  }
  return shim_number(env, taken > 0 || failure == 0 ? taken : -failure);
}

static void udp_ready(void *handle, int status, int events) {
  (void)events;
  struct udp *udp = uv_handle_get_data(handle);
  if (udp == NULL) return;
  napi_env env = udp->env;
  napi_handle_scope scope;
  napi_value callback, global, error;
  bool thrown = false;
  if (napi_open_handle_scope(env, &scope) != napi_ok) return;
  napi_get_reference_value(env, udp->callback, &callback);
  napi_get_global(env, &global);
  napi_make_callback(env, udp->context, global, callback, 0, NULL, NULL);
  if (napi_is_exception_pending(env, &thrown) == napi_ok && thrown &&
      napi_get_and_clear_last_exception(env, &error) == napi_ok)
    napi_fatal_exception(env, error);
  napi_close_handle_scope(env, scope);
  /* libuv ends the watch of a socket that has an error; receiving has taken the error, and more may come. */
  if (status < 0 && uv_handle_get_data(handle) != NULL) uv_poll_start(handle, UV_READABLE, udp_ready);
}

static void udp_unwatch(struct udp *udp) {
  if (udp->poll == NULL) return;
  uv_handle_set_data(udp->poll, NULL);
  uv_close(udp->poll, free);
  udp->poll = NULL;
}

/* Stops watching and closes the fd. Also the hook that runs when the environment goes away. */
static void udp_stop(void *memory) {
  struct udp *udp = memory;
  udp_unwatch(udp);
  if (udp->fd >= 0) close(udp->fd);
  udp->fd = -1;
  rows_free(udp); /* sooner than the collector, which does not see this memory */
}

static int udp_poll(napi_env env, struct udp *udp) {
  struct uv_loop_s *loop;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) return -EINVAL;
  void *poll = malloc(uv_handle_size(UV_POLL));
  if (poll == NULL) return -ENOMEM;
  int failure = uv_poll_init(loop, poll, udp->fd);
  if (failure != 0) {
    free(poll);
    return failure;
  }
  uv_handle_set_data(poll, udp);
  udp->poll = poll;
  failure = uv_poll_start(poll, UV_READABLE, udp_ready);
  if (failure != 0) udp_unwatch(udp); /* nothing else of a watch is there yet */
  return failure;
}

/* udpWatch(socket, callback): calls back on this thread's loop as long as there is something to read. 0 or -errno. */
SHIM_FUNCTION(udp_watch) {
  struct udp *udp;
  napi_value callback, name, handle;
  napi_valuetype type;
  void *found = NULL;
  if (!shim_parse(env, info, "Uv", (void **)&udp, &callback)) return NULL;
  if (napi_typeof(env, callback, &type) != napi_ok || type != napi_function) {
    napi_throw_type_error(env, NULL, "expected a function");
    return NULL;
  }
  if (udp->fd < 0 || udp->poll != NULL) return shim_number(env, udp->fd < 0 ? -EBADF : -EALREADY);
  const int failure = udp_poll(env, udp);
  if (failure != 0) return shim_number(env, failure);
  size_t count = 1;
  napi_get_cb_info(env, info, &count, &handle, NULL, &found);
  napi_create_string_utf8(env, "nat46 udp", NAPI_AUTO_LENGTH, &name);
  napi_async_init(env, NULL, name, &udp->context);
  napi_create_reference(env, callback, 1, &udp->callback);
  napi_create_reference(env, handle, 1, &udp->self); /* the socket lives while it is watched */
  napi_add_env_cleanup_hook(env, udp_stop, udp);
  return shim_number(env, 0);
}

/* udpClose(socket): ends the watch and closes the fd. A second call does nothing. */
SHIM_FUNCTION(udp_close) {
  struct udp *udp;
  if (!shim_parse(env, info, "U", (void **)&udp)) return NULL;
  const bool watched = udp->poll != NULL;
  udp_stop(udp);
  if (!watched) return NULL;
  napi_remove_env_cleanup_hook(env, udp_stop, udp);
  napi_async_destroy(env, udp->context);
  napi_delete_reference(env, udp->callback);
  napi_delete_reference(env, udp->self);
  return NULL;
}
