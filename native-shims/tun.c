/* The TUN device: open a queue, ask for offloads, keep the device. */
#include "shim.h"

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Bits of `flags`. */
enum { FLAG_MULTI_QUEUE = 1, FLAG_VNET_HDR = 2, FLAG_EXCLUSIVE = 4 };

/* struct virtio_net_hdr without num_buffers; always little-endian, whatever the host is. */
static const int VNET_HEADER_BYTES = 10;
static const int LITTLE_ENDIAN_HEADER = 1;

static int configure(int fd, const char *name, int32_t flags) {
  struct ifreq request;
  memset(&request, 0, sizeof request);
  memcpy(request.ifr_name, name, strlen(name));
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  if (flags & FLAG_MULTI_QUEUE) request.ifr_flags |= IFF_MULTI_QUEUE;
  if (flags & FLAG_VNET_HDR) request.ifr_flags |= IFF_VNET_HDR;
  if (flags & FLAG_EXCLUSIVE) request.ifr_flags |= (short)IFF_TUN_EXCL;
  if (ioctl(fd, TUNSETIFF, &request) < 0) return -1;
  if (!(flags & FLAG_VNET_HDR)) return 0;
  if (ioctl(fd, TUNSETVNETHDRSZ, &VNET_HEADER_BYTES) < 0) return -1;
  return ioctl(fd, TUNSETVNETLE, &LITTLE_ENDIAN_HEADER);
}

/* tunOpen(name, flags): fd or -errno. */
SHIM_FUNCTION(tun_open) {
  char name[IFNAMSIZ];
  int32_t flags;
  if (!shim_parse(env, info, "si", name, sizeof name, &flags)) return NULL;
  const int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return shim_fail(env);
  if (configure(fd, name, flags) == 0) return shim_number(env, fd);
  const int reason = errno;
  close(fd);
  return shim_number(env, -reason);
}

/* tunOffload(fd, bits): 0 or -errno; the bits are TUN_F_* and hold for the whole device. */
SHIM_FUNCTION(tun_offload) {
  int32_t fd, bits;
  if (!shim_parse(env, info, "ii", &fd, &bits)) return NULL;
  return shim_result(env, ioctl(fd, TUNSETOFFLOAD, (unsigned long)(uint32_t)bits));
}

/* tunPersist(fd, on): 0 or -errno. */
SHIM_FUNCTION(tun_persist) {
  int32_t fd;
  bool on;
  if (!shim_parse(env, info, "ib", &fd, &on)) return NULL;
  return shim_result(env, ioctl(fd, TUNSETPERSIST, (unsigned long)on));
}
