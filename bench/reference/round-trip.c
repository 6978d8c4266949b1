/*
 * Round-trip times of small datagrams, for bench/compare: one a millisecond, whether the last one came back or not.
 *
 *   round-trip echo PORT                          every datagram goes back; prints `ready`, runs until a signal
 *   round-trip probe ADDRESS PORT MS              prints {"sent", "lost", "p50", "p99", "max"}, microseconds
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { INTERVAL_NS = 1000000, LINGER_NS = 300000000, MAX_SAMPLES = 600000 };

static uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

_Noreturn static void echo_main(int port) {
  const struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
  const int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || bind(fd, (const struct sockaddr *)&any, sizeof any) < 0) fail("bind");
  puts("ready");
  fflush(stdout);
  for (;;) {
    char bytes[2048];
    struct sockaddr_in6 peer;
    socklen_t length = sizeof peer;
    const ssize_t got = recvfrom(fd, bytes, sizeof bytes, 0, (struct sockaddr *)&peer, &length);
    if (got > 0) sendto(fd, bytes, (size_t)got, 0, (struct sockaddr *)&peer, length);
  }
}

static int ascending(const void *a, const void *b) {
  const uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
  return (left > right) - (left < right);
}

/* Takes what came back until `deadline`. @return samples there are now */
static uint32_t collect(int fd, uint64_t deadline, uint32_t *samples, uint32_t count) {
  for (uint64_t now = now_ns(); now < deadline; now = now_ns()) {
    const uint64_t left = deadline - now;
    const struct timespec wait = {(time_t)(left / 1000000000u), (long)(left % 1000000000u)};
    struct pollfd watched = {.fd = fd, .events = POLLIN};
    uint64_t sent;
    if (ppoll(&watched, 1, &wait, NULL) <= 0) continue;
    if (recv(fd, &sent, sizeof sent, MSG_DONTWAIT) == sizeof sent && count < MAX_SAMPLES)
      samples[count++] = (uint32_t)(now_ns() - sent);
  }
  return count;
}

static int probe_main(const char *address, int port, uint64_t ms) {
  static uint32_t samples[MAX_SAMPLES];
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || inet_pton(AF_INET, address, &to.sin_addr) != 1) fail(address);
  if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0) fail("connect");
  prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  uint32_t count = 0, sent = 0;
  const uint64_t begin = now_ns();
  for (; sent < ms && sent < MAX_SAMPLES; sent++) {
    const uint64_t stamp = now_ns();
    if (send(fd, &stamp, sizeof stamp, 0) < 0) perror("send");
    count = collect(fd, begin + (sent + 1) * (uint64_t)INTERVAL_NS, samples, count);
  }
  count = collect(fd, now_ns() + LINGER_NS, samples, count);
  qsort(samples, count, sizeof samples[0], ascending);
  if (count == 0) fail("no answer");
  printf("{\"sent\":%u,\"lost\":%u,\"p50\":%.1f,\"p99\":%.1f,\"max\":%.1f}\n", sent, sent - count, samples[count / 2] / 1e3,
         samples[(uint64_t)count * 99 / 100] / 1e3, samples[count - 1] / 1e3);
  return 0;
}

int main(int count, char **argument) {
  if (count == 3 && strcmp(argument[1], "echo") == 0) echo_main(atoi(argument[2]));
  if (count == 5 && strcmp(argument[1], "probe") == 0)
    return probe_main(argument[2], atoi(argument[3]), (uint64_t)atoi(argument[4]));
  fprintf(stderr, "usage: round-trip echo PORT | probe ADDRESS PORT MS\n");
  return 2;
}
