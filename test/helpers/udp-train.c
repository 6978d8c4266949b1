/*
 * Trains of UDP datagrams: many in one call, which the kernel cuts at last (udp(7), UDP_SEGMENT).
 *
 *   udp-train send ADDRESS PORT SEGMENT df|nodf BYTES < PAYLOAD > WHAT-CAME-BACK
 *       Sends the payload in datagrams of SEGMENT bytes, and writes as much as it gets back. Unless it is told, Linux leaves DF
 *       out of trains that are longer than the MTU.
 *   udp-train echo PORT BYTES SEGMENT
 *       Prints `ready`, takes that much, prints how many datagrams it came in and how large the largest was, and sends it
 *       back in trains of its own.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

enum { MAX_BYTES = 16 << 20, MAX_TRAIN = 65000, MAX_SEGMENTS = 64, PAUSE_NS = 500000, WAIT_S = 10 };

static char payload[MAX_BYTES];

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static int open_socket(int family) {
  const int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0), bytes = 16 << 20;
  const struct timeval wait = {WAIT_S, 0};
  if (fd < 0) fail("socket");
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes);
  setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes);
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
  return fd;
}

static void send_all(int fd, size_t bytes, int segment) {
  const struct timespec pause = {0, PAUSE_NS};
  const size_t most = MAX_TRAIN / (size_t)segment < MAX_SEGMENTS ? MAX_TRAIN / (size_t)segment : MAX_SEGMENTS;
  if (setsockopt(fd, SOL_UDP, UDP_SEGMENT, &segment, sizeof segment) < 0) fail("UDP_SEGMENT");
  for (size_t at = 0; at < bytes;) {
    const size_t left = bytes - at, train = most * (size_t)segment;
    const ssize_t sent = send(fd, payload + at, left < train ? left : train, 0);
    if (sent <= 0) fail("send");
    at += (size_t)sent;
    nanosleep(&pause, NULL);
  }
}

/* @param peer who sends, or NULL. Prints to `report` if there is one. */
static void receive_all(int fd, size_t bytes, struct sockaddr_in6 *peer, FILE *report) {
  size_t at = 0, largest = 0, count = 0;
  while (at < bytes) {
    socklen_t length = sizeof *peer;
    const ssize_t got = recvfrom(fd, payload + at, MAX_BYTES - at, 0, (struct sockaddr *)peer, peer ? &length : NULL);
    if (got < 0) fprintf(stderr, "%zu of %zu bytes\n", at, bytes);
    if (got < 0) fail("recvfrom");
    at += (size_t)got;
    count++;
    if ((size_t)got > largest) largest = (size_t)got;
  }
  if (report == NULL) return;
  fprintf(report, "%zu %zu\n", count, largest);
  fflush(report);
}

static void send_main(char **argument) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argument[1]))};
  const int fd = open_socket(AF_INET);
  const int discover = strcmp(argument[3], "df") == 0 ? IP_PMTUDISC_DO : IP_PMTUDISC_DONT;
  const size_t bytes = (size_t)atol(argument[4]);
  if (bytes > MAX_BYTES || fread(payload, 1, bytes, stdin) != bytes) fail("payload");
  if (inet_pton(AF_INET, argument[0], &to.sin_addr) != 1) fail(argument[0]);
  if (setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &discover, sizeof discover) < 0) fail("IP_MTU_DISCOVER");
  if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0) fail("connect");
  send_all(fd, bytes, atoi(argument[2]));
  memset(payload, 0, bytes);
  receive_all(fd, bytes, NULL, NULL);
  fwrite(payload, 1, bytes, stdout);
}

static void echo_main(char **argument) {
  struct sockaddr_in6 peer = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)atoi(argument[0]))};
  const int fd = open_socket(AF_INET6);
  const size_t bytes = (size_t)atol(argument[1]);
  if (bytes > MAX_BYTES) fail("payload");
  if (bind(fd, (struct sockaddr *)&peer, sizeof peer) < 0) fail("bind");
  puts("ready");
  fflush(stdout);
  receive_all(fd, bytes, &peer, stdout);
  if (connect(fd, (struct sockaddr *)&peer, sizeof peer) < 0) fail("connect");
  send_all(fd, bytes, atoi(argument[2]));
}

int main(int count, char **argument) {
  if (count == 7 && strcmp(argument[1], "send") == 0) return send_main(argument + 2), 0;
  if (count == 5 && strcmp(argument[1], "echo") == 0) return echo_main(argument + 2), 0;
  fprintf(stderr, "usage: udp-train send ADDRESS PORT SEGMENT df|nodf BYTES | echo PORT BYTES SEGMENT\n");
  return 2;
}
