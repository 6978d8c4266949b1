/*
 * UDP at a rate that the path decides, for bench/compare: what counts is what the receiver got. Every datagram carries a run
 * number and a sequence number, and may not be fragmented.
 *
 *   udp-load send ADDRESS PORT BYTES PER_SECOND MS [BASE4 HOSTS SOCKETS]
 *       PER_SECOND 0: as fast as it goes. With BASE4, the source goes round BASE4 … BASE4+HOSTS-1, then round
 *       SOCKETS source ports: HOSTS × SOCKETS flows, no two datagrams in a row of one flow.
 *       Prints {"run", "sent", "seconds"}.
 *   udp-load send-trains ADDRESS PORT BYTES PER_SECOND MS
 *       The same, one flow; up to 64 datagrams go through the stack as one that the kernel cuts as late as it may (udp(7),
 *       UDP_SEGMENT), before they leave where the device has no tx-udp-segmentation: such a sender is faster than any translator.
 *   udp-load receive PORT
 *       Prints `ready`; at SIGTERM {"run", "received", "reordered"} of the run that came last.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

enum { BATCH = 64, MAX_BYTES = 9000, MAX_TRAIN = 65000, TICK_NS = 250000, MOST_TICKS = 2, MAX_SOCKETS = 4096, FIRST_PORT = 20000 };

struct stamp {
  uint32_t run, sequence;
};

/* Source address of one datagram, as ancillary data (ip(7), IP_PKTINFO). */
union source {
  struct cmsghdr header;
  char bytes[CMSG_SPACE(sizeof(struct in_pktinfo))];
};

struct sender {
  int sockets[MAX_SOCKETS];
  uint32_t socket_count, hosts, base, run, sequence;
  uint32_t host, socket; /* of the next datagram */
  uint32_t train; /* datagrams in one call, or 0 */
  struct mmsghdr messages[BATCH];
  struct iovec pieces[BATCH];
  union source sources[BATCH];
  char payload[BATCH][MAX_BYTES];
};

static volatile sig_atomic_t stopped;

static void stop(int signal) {
  (void)signal;
  stopped = 1;
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int open_socket(const char *address, int port, int source_port) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  struct sockaddr_in from = {.sin_family = AF_INET, .sin_port = htons((uint16_t)source_port)};
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), bytes = 8 << 20, whole = IP_PMTUDISC_DO;
  if (fd < 0 || inet_pton(AF_INET, address, &to.sin_addr) != 1) fail(address);
  setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes);
  setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &whole, sizeof whole); /* by default of trains only those below the MTU */
  if (source_port != 0 && bind(fd, (struct sockaddr *)&from, sizeof from) < 0) fail("bind");
  if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0) fail("connect");
  return fd;
}

static void prepare(struct sender *sender, size_t bytes) {
  for (int i = 0; i < BATCH; i++) {
    sender->pieces[i] = (struct iovec){sender->payload[i], bytes};
    sender->messages[i].msg_hdr = (struct msghdr){.msg_iov = &sender->pieces[i], .msg_iovlen = 1};
    if (sender->hosts == 0) continue;
    sender->sources[i].header =
        (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(struct in_pktinfo)), .cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO};
    sender->messages[i].msg_hdr.msg_control = &sender->sources[i];
    sender->messages[i].msg_hdr.msg_controllen = sizeof sender->sources[i];
  }
}

/* @return datagrams sent, or -1 */
static int send_train(struct sender *sender, uint32_t most) {
  const struct msghdr message = {.msg_iov = sender->pieces, .msg_iovlen = most};
  return sendmsg(sender->sockets[0], &message, 0) < 0 ? -1 : (int)most;
}

/* One sendmmsg of at most `most`: from one socket, and each from the next host. @return datagrams sent */
static uint32_t send_some(struct sender *sender, uint32_t most) {
  if (most > BATCH) most = BATCH;
  if (sender->train != 0 && most > sender->train) most = sender->train;
  const bool one_socket = sender->socket_count == 1; /* it can go round its hosts within a batch */
  if (!one_socket && most > sender->hosts - sender->host) most = sender->hosts - sender->host;
  for (uint32_t i = 0; i < most; i++) {
    const struct stamp stamp = {sender->run, sender->sequence + i};
    memcpy(sender->payload[i], &stamp, sizeof stamp);
    if (sender->hosts == 0) continue;
    struct in_pktinfo source = {.ipi_spec_dst.s_addr = htonl(sender->base + (sender->host + i) % sender->hosts)};
    memcpy(CMSG_DATA(&sender->sources[i].header), &source, sizeof source);
  }
  const int sent = sender->train != 0 ? send_train(sender, most)
                                      : sendmmsg(sender->sockets[sender->socket], sender->messages, most, 0);
  if (sent < 0 && errno != ENOBUFS && errno != EAGAIN && errno != ECONNREFUSED && errno != EINTR) fail("sendmmsg");
  if (sent <= 0) return 0;
  sender->sequence += (uint32_t)sent;
  sender->host += (uint32_t)sent;
  if (one_socket && sender->hosts != 0) sender->host %= sender->hosts;
  if (one_socket || sender->host < sender->hosts) return (uint32_t)sent;
  sender->host = 0;
  sender->socket = (sender->socket + 1) % sender->socket_count;
  return (uint32_t)sent;
}

static void sleep_until(uint64_t ns) {
  const struct timespec at = {(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)};
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

static void send_for(struct sender *sender, double per_second, uint64_t ms) {
  const uint64_t begin = now_ns(), end = begin + ms * 1000000u;
  const double most = per_second * MOST_TICKS * TICK_NS / 1e9;
  double forgiven = 0; /* who was woken late does not make up for it: that would be another rate */
  uint64_t now = begin;
  while (now < end) {
    double due = per_second * (double)(now - begin + TICK_NS) / 1e9 - forgiven;
    if (due - sender->sequence > most) {
      forgiven += due - sender->sequence - most;
      due = sender->sequence + most;
    }
    while (per_second == 0 ? now < end : sender->sequence + 1.0 <= due) {
      send_some(sender, per_second == 0 ? BATCH : (uint32_t)(due - sender->sequence));
      now = now_ns();
      if (now >= end) break;
    }
    if (per_second > 0) sleep_until(begin + ((now - begin) / TICK_NS + 1) * TICK_NS);
    now = now_ns();
  }
  printf("{\"run\":%u,\"sent\":%u,\"seconds\":%.6f}\n", sender->run, sender->sequence, (double)(now - begin) / 1e9);
}

static int send_main(char **argument, int count, bool in_trains) {
  static struct sender sender;
  const struct rlimit files = {MAX_SOCKETS + 64, MAX_SOCKETS + 64};
  struct in_addr base;
  sender.run = (uint32_t)(now_ns() >> 10) ^ (uint32_t)getpid();
  sender.socket_count = count == 8 ? (uint32_t)atoi(argument[7]) : 1;
  if (sender.socket_count > MAX_SOCKETS) sender.socket_count = MAX_SOCKETS;
  if (count == 8 && inet_pton(AF_INET, argument[5], &base) == 1) {
    sender.base = ntohl(base.s_addr);
    sender.hosts = (uint32_t)atoi(argument[6]);
  }
  setrlimit(RLIMIT_NOFILE, &files);
  prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  for (uint32_t i = 0; i < sender.socket_count; i++)
    sender.sockets[i] = open_socket(argument[0], atoi(argument[1]), sender.hosts == 0 ? 0 : FIRST_PORT + (int)i);
  int bytes = atoi(argument[2]);
  if (bytes < (int)sizeof(struct stamp)) bytes = sizeof(struct stamp);
  if (bytes > MAX_BYTES) bytes = MAX_BYTES;
  prepare(&sender, (size_t)bytes);
  if (in_trains) sender.train = (uint32_t)(MAX_TRAIN / bytes);
  if (in_trains && setsockopt(sender.sockets[0], SOL_UDP, UDP_SEGMENT, &bytes, sizeof bytes) < 0) fail("UDP_SEGMENT");
  send_for(&sender, atof(argument[3]), (uint64_t)atoi(argument[4]));
  return 0;
}

static void count_batch(const struct stamp *stamps, int got, struct stamp *last, uint64_t *received, uint64_t *late) {
  for (int i = 0; i < got; i++) {
    if (stamps[i].run != last->run) *received = *late = 0, *last = (struct stamp){stamps[i].run, 0};
    ++*received;
    if (stamps[i].sequence < last->sequence) ++*late;
    else last->sequence = stamps[i].sequence;
  }
}

static int receive_main(int port) {
  const struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
  const int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0), bytes = 8 << 20;
  const struct timeval wait = {0, 20000};
  const struct sigaction action = {.sa_handler = stop};
  struct stamp stamps[BATCH], last = {0, 0};
  struct mmsghdr messages[BATCH];
  struct iovec pieces[BATCH];
  uint64_t received = 0, late = 0;
  sigaction(SIGTERM, &action, NULL);
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes);
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
  if (fd < 0 || bind(fd, (const struct sockaddr *)&any, sizeof any) < 0) fail("bind");
  for (int i = 0; i < BATCH; i++) { /* the rest of a datagram is cut off: nobody reads it */
    pieces[i] = (struct iovec){&stamps[i], sizeof stamps[i]};
    messages[i].msg_hdr = (struct msghdr){.msg_iov = &pieces[i], .msg_iovlen = 1};
  }
  puts("ready");
  fflush(stdout);
  while (!stopped) count_batch(stamps, recvmmsg(fd, messages, BATCH, MSG_WAITFORONE, NULL), &last, &received, &late);
  printf("{\"run\":%u,\"received\":%llu,\"reordered\":%llu}\n", last.run, (unsigned long long)received,
         (unsigned long long)late);
  return 0;
}

int main(int count, char **argument) {
  if ((count == 7 || count == 10) && strcmp(argument[1], "send") == 0) return send_main(argument + 2, count - 2, false);
  if (count == 7 && strcmp(argument[1], "send-trains") == 0) return send_main(argument + 2, count - 2, true);
  if (count == 3 && strcmp(argument[1], "receive") == 0) return receive_main(atoi(argument[2]));
  fprintf(stderr, "usage: udp-load send ADDRESS PORT BYTES PER_SECOND MS [BASE4 HOSTS SOCKETS]\n"
                  "       udp-load send-trains ADDRESS PORT BYTES PER_SECOND MS\n"
                  "       udp-load receive PORT\n");
  return 2;
}
