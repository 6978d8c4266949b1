/*
 * The limit of the device: a translator with the structure of ours and nothing else, for bench/compare.
 *
 * One thread, one TUN queue with a virtio header, offload CSUM | TSO4 | TSO6, poll, read until EAGAIN, translate in place,
 * write. Two pairs of addresses stand for each other (RFC 7757), so a checksum moves by a constant (RFC 1624). TCP,
 * UDP and ICMP echo; fragments, options with a meaning and ICMP errors are dropped. No coalescing.
 *
 *   usage: translator DEVICE CLIENT4 CLIENT6 SERVER4 SERVER6
 *
 * Creates DEVICE, prints `ready` and runs until a signal. Addresses and routes are the caller's.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { HEADROOM = 64, VNET = 10, MAX_PACKET = 65535 };
enum { ICMP = 1, TCP = 6, UDP = 17, ICMP6 = 58 };
enum { V4 = 20, V6 = 40 };
enum { ECHO4 = 8, ECHO_REPLY4 = 0, ECHO6 = 128, ECHO_REPLY6 = 129 };

static struct in_addr client4, server4;
static struct in6_addr client6, server6;
/* What the sum of the pseudo-header gains when a pair of IPv4 addresses becomes one of IPv6; 1..0xffff. */
static uint16_t delta;

static uint16_t fold(uint64_t sum) {
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return (uint16_t)sum;
}

/* Sum of 16-bit words in the order of the host: checksums are the same in either (RFC 1071 §2). */
static uint64_t sum_words(const void *bytes, size_t length) {
  const uint8_t *at = bytes;
  uint64_t sum = 0;
  for (; length >= 2; at += 2, length -= 2) {
    uint16_t word;
    memcpy(&word, at, 2);
    sum += word;
  }
  return sum;
}

/* Adds `change` to a checksum field, or to the partial sum that stands there when the device is to finish it. */
static void adjust(uint8_t *field, uint16_t change, bool partial) {
  uint16_t sum;
  memcpy(&sum, field, 2);
  sum = partial ? fold((uint32_t)sum + change) : (uint16_t)~fold((uint32_t)(uint16_t)~sum + change);
  memcpy(field, &sum, 2);
}

static uint16_t negative(uint16_t sum) { return (uint16_t)~sum; }

static uint16_t get16(const uint8_t *at) { return (uint16_t)(at[0] << 8 | at[1]); }

static void put16(uint8_t *at, uint32_t value) {
  at[0] = (uint8_t)(value >> 8);
  at[1] = (uint8_t)value;
}

/* TCP and UDP: the checksum moves by `change`. @return false when there is none to move */
static bool transport(uint8_t *l4, uint32_t length, int protocol, uint16_t change, bool partial) {
  if (protocol == TCP && length >= 20) {
    adjust(l4 + 16, change, partial);
    return true;
  }
  if (protocol != UDP || length < 8 || (get16(l4 + 6) == 0 && !partial)) return false;
  adjust(l4 + 6, change, partial);
  if (!partial && get16(l4 + 6) == 0) put16(l4 + 6, 0xffff);
  return true;
}

/* ICMP echo: its type changes, and ICMPv6 covers a pseudo-header (RFC 4443 §2.3), ICMPv4 does not. */
static bool echo(uint8_t *l4, uint32_t length, uint8_t from, uint8_t to, bool to6) {
  if (length < 8 || l4[0] != from || l4[1] != 0) return false;
  const uint64_t pseudo = sum_words(&client6, 16) + sum_words(&server6, 16) + htons((uint16_t)length) + htons(ICMP6);
  const uint16_t before = fold(htons((uint16_t)(from << 8)) + (to6 ? 0 : pseudo));
  const uint16_t after = fold(htons((uint16_t)(to << 8)) + (to6 ? pseudo : 0));
  l4[0] = to;
  adjust(l4 + 2, fold((uint32_t)negative(before) + after), false);
  return true;
}

static void shift(struct virtio_net_hdr *vnet, int by, uint8_t from, uint8_t to) {
  if (vnet->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) vnet->csum_start = (uint16_t)(vnet->csum_start + by);
  if (vnet->gso_type == VIRTIO_NET_HDR_GSO_NONE) return;
  vnet->hdr_len = (uint16_t)(vnet->hdr_len + by);
  if ((vnet->gso_type & ~VIRTIO_NET_HDR_GSO_ECN) == from) vnet->gso_type = (uint8_t)(to | (vnet->gso_type & VIRTIO_NET_HDR_GSO_ECN));
}

/* RFC 7915 §4.1. @return where the IPv6 packet begins, or NULL */
static uint8_t *to6(uint8_t *ip, uint32_t length, struct virtio_net_hdr *vnet, uint32_t *out) {
  const uint32_t header = (ip[0] & 15u) * 4u, total = get16(ip + 2);
  if (length < V4 || header < V4 || total < header || total > length) return NULL;
  if (memcmp(ip + 12, &client4, 4) != 0 || memcmp(ip + 16, &server4, 4) != 0) return NULL;
  if ((get16(ip + 6) & 0x3fff) != 0 || ip[8] <= 1) return NULL;
  uint8_t *l4 = ip + header, *v6 = l4 - V6;
  const uint32_t payload = total - header;
  const uint8_t tos = ip[1], ttl = ip[8], protocol = ip[9];
  const bool partial = vnet->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM;
  if (protocol == ICMP ? !echo(l4, payload, ECHO4, ECHO6, true) : !transport(l4, payload, protocol, delta, partial))
    return NULL;
  shift(vnet, V6 - (int)header, VIRTIO_NET_HDR_GSO_TCPV4, VIRTIO_NET_HDR_GSO_TCPV6);
  const uint32_t first = htonl(6u << 28 | (uint32_t)tos << 20);
  memcpy(v6, &first, 4);
  put16(v6 + 4, payload);
  v6[6] = protocol == ICMP ? ICMP6 : protocol;
  v6[7] = (uint8_t)(ttl - 1);
  memcpy(v6 + 8, &client6, 16);
  memcpy(v6 + 24, &server6, 16);
  *out = V6 + payload;
  return v6;
}

/* RFC 7915 §5.1. @return where the IPv4 packet begins, or NULL */
static uint8_t *to4(uint8_t *ip, uint32_t length, struct virtio_net_hdr *vnet, uint32_t *out) {
  const uint32_t payload = get16(ip + 4);
  if (length < V6 || payload + V6 > length || payload + V4 > MAX_PACKET || ip[7] <= 1) return NULL;
  if (memcmp(ip + 8, &server6, 16) != 0 || memcmp(ip + 24, &client6, 16) != 0) return NULL;
  uint8_t *l4 = ip + V6, *v4 = l4 - V4;
  const uint8_t tos = (uint8_t)(ip[0] << 4 | ip[1] >> 4), hops = ip[7], next = ip[6];
  const bool partial = vnet->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM;
  if (next == ICMP6 ? !echo(l4, payload, ECHO_REPLY6, ECHO_REPLY4, false)
                    : !transport(l4, payload, next, negative(delta), partial))
    return NULL;
  shift(vnet, V4 - V6, VIRTIO_NET_HDR_GSO_TCPV6, VIRTIO_NET_HDR_GSO_TCPV4);
  memset(v4, 0, V4);
  v4[0] = 0x45;
  v4[1] = tos;
  put16(v4 + 2, V4 + payload);
  v4[6] = 0x40; /* DF: nothing here fragments */
  v4[8] = (uint8_t)(hops - 1);
  v4[9] = next == ICMP6 ? ICMP : next;
  memcpy(v4 + 12, &server4, 4);
  memcpy(v4 + 16, &client4, 4);
  const uint16_t checksum = (uint16_t)~fold(sum_words(v4, V4));
  memcpy(v4 + 10, &checksum, 2);
  *out = V4 + payload;
  return v4;
}

static void translate(int fd, uint8_t *ip, uint32_t length) {
  struct virtio_net_hdr vnet;
  uint32_t out = 0;
  memcpy(&vnet, ip - VNET, VNET);
  uint8_t *packet = NULL;
  if (length > 0 && ip[0] >> 4 == 4) packet = to6(ip, length, &vnet, &out);
  else if (length > 0 && ip[0] >> 4 == 6) packet = to4(ip, length, &vnet, &out);
  if (packet == NULL) return;
  memcpy(packet - VNET, &vnet, VNET);
  if (write(fd, packet - VNET, VNET + out) < 0 && errno == EBADFD) exit(1);
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static int open_device(const char *name) {
  struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR};
  const int size = VNET, fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) fail("/dev/net/tun");
  strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  if (ioctl(fd, TUNSETIFF, &request) < 0) fail(name);
  if (ioctl(fd, TUNSETVNETHDRSZ, &size) < 0) fail("TUNSETVNETHDRSZ");
  if (ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6) < 0) fail("TUNSETOFFLOAD");
  return fd;
}

int main(int count, char **argument) {
  static uint8_t arena[HEADROOM + MAX_PACKET] __attribute__((aligned(64)));
  if (count != 6 || inet_pton(AF_INET, argument[2], &client4) != 1 || inet_pton(AF_INET6, argument[3], &client6) != 1 ||
      inet_pton(AF_INET, argument[4], &server4) != 1 || inet_pton(AF_INET6, argument[5], &server6) != 1) {
    fprintf(stderr, "usage: translator DEVICE CLIENT4 CLIENT6 SERVER4 SERVER6\n");
    return 2;
  }
  const uint64_t v4 = sum_words(&client4, 4) + sum_words(&server4, 4);
  const uint64_t v6 = sum_words(&client6, 16) + sum_words(&server6, 16);
  delta = fold((uint32_t)negative(fold(v4)) + fold(v6));
  const int fd = open_device(argument[1]);
  puts("ready");
  fflush(stdout);
  struct pollfd watched = {.fd = fd, .events = POLLIN};
  while (poll(&watched, 1, -1) >= 0 && !(watched.revents & POLLERR)) {
    ssize_t got;
    while ((got = read(fd, arena + HEADROOM - VNET, VNET + MAX_PACKET)) > VNET)
      translate(fd, arena + HEADROOM, (uint32_t)got - VNET);
  }
  return 1;
}
